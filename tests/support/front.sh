# shellcheck shell=sh
# What ./quickstart and ./check have in common. Sourced, with $top set to the checkout.

support=${top:?}/tests/support

die() {
	printf '%s: %s\n' "${0##*/}" "$1" >&2
	exit "${2:-1}"
}

# What no package can mend is said in one sentence.
need_system() {
	[ -r /proc/self/stat ] || die "/proc is not mounted: mount -t proc proc /proc" 3
	[ -w /dev/shm/. ] ||
		die "/dev/shm is not there for this user: mount -t tmpfs tmpfs /dev/shm" 3
	for tool in apt-get dpkg-query; do
		command -v $tool >/dev/null || die "this needs Debian 12: $tool is not here" 3
	done
	[ "$(LC_ALL=C.UTF-8 locale charmap 2>/dev/null)" = UTF-8 ] ||
		die "the locale C.UTF-8 is missing: it comes with the package libc-bin" 3
	LC_ALL=C.UTF-8
	export LC_ALL
}

# packages_for PURPOSE...: names, one a line.
packages_for() {
	for purpose; do
		awk -v purpose="$purpose" '$1 == purpose { for (i = 2; i <= NF; i++) print $i }' \
			"$support/packages"
	done
}

# missing_of PACKAGE...: those that are not installed.
missing_of() {
	for package; do
		case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
		*' installed') ;;
		*) printf '%s ' "$package" ;;
		esac
	done
}

# How to become root without a question nobody can answer: "", "sudo", or failure.
root_by() {
	if [ "$(id -u)" = 0 ]; then
		echo ''
	elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		echo sudo
	else
		return 1
	fi
}

# ask QUESTION: yes on return, y or Y. Without a terminal the answer is no.
ask() {
	[ -t 0 ] || return 1
	printf '%s [Y/n] ' "$1"
	read -r answer || return 1
	case $answer in '' | [yY]*) ;; *) return 1 ;; esac
}

# ensure_packages YES LOG PURPOSE...: installs what is missing, and adds its names to the file LOG.new.
# YES: do not ask.
ensure_packages() {
	yes=$1 log=$2
	shift 2
	# shellcheck disable=SC2046 # words are wanted
	missing=$(missing_of $(packages_for "$@"))
	[ -n "$missing" ] || return 0
	by_hand="apt-get install --no-install-recommends ${missing% }"
	printf 'Packages that are missing: %s\n' "$missing"
	if ! by=$(root_by); then
		echo 'Installing them needs root. This line does it (services that come with them start then):'
		printf '  %s\n' "$by_hand"
		exit 3
	fi
	if [ -z "$yes" ] && ! ask 'Install them now? Their services are not started.'; then
		echo 'Nothing was installed. This line does it (services that come with them start then):'
		printf '  %s\n' "$by_hand"
		exit 3
	fi
	printf 'Installing them (%s) ...\n' "$log"
	# shellcheck disable=SC2086 # words are wanted
	$by sh "$support/install" $missing >"$log" 2>&1 || {
		tail -n 15 "$log"
		die "the packages could not be installed" 3
	}
	# shellcheck disable=SC2086 # words are wanted
	printf '%s\n' $missing >>"$log.new"
}
