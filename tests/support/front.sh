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

# panel_purpose: "panel" when node and npm have to come from Debian, else nothing.
panel_purpose() {
	if ! { command -v node && command -v npm; } >/dev/null; then
		echo panel
	fi
}

# as_invoker COMMAND...: as the user behind sudo, if there is one: what comes from the network does
# not run as root, and the files are his.
as_invoker() {
	if [ "$(id -u)" = 0 ] && [ "${SUDO_USER:-root}" != root ]; then
		runuser -u "$SUDO_USER" -- env HOME="$(getent passwd "$SUDO_USER" | cut -d: -f6)" "$@"
	else
		"$@"
	fi
}

# panel_packages: the panel's node_modules as package-lock.json says, unless they are. No package's
# scripts are run.
panel_packages() {
	node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 18 || (a == 18 && b >= 13) ? 0 : 1)' || {
		echo "the panel needs Node.js 18.13 or later, and this is $(node --version)"
		return 1
	}
	stamp=$top/panel/node_modules/.package-lock.sha256
	sum=$(sha256sum <"$top/panel/package-lock.json")
	[ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
	# shellcheck disable=SC2016 # the words are for the inner shell
	as_invoker sh -c 'cd "$1" && npm ci --ignore-scripts --no-audit --no-fund && echo "$2" >"$3"' \
		sh "$top/panel" "$sum" "$stamp"
}
