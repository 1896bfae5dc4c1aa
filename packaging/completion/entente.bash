# bash completion of entente: the program knows what may come next.
_entente() {
	local IFS=$'\n'
	# shellcheck disable=SC2207 # a candidate a line
	COMPREPLY=($(entente complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F _entente entente
