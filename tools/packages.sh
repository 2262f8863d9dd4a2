# Installs programs with the package manager of this system. Sourced by ./run and ./test.
# shellcheck shell=sh

say() { echo "$*" >&2; }

package_manager() {
    for manager in apt-get dnf apk pacman zypper; do
        if command -v "$manager" >/dev/null 2>&1; then
            echo "$manager"
            return
        fi
    done
}

# as_root COMMAND...: directly, or through sudo.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        say "faultline: needs root to install packages, and there is no sudo: run as root: $*"
        return 1
    fi
}

# install_packages MANAGER PACKAGE...: quiet; the log is shown where it fails.
install_packages() {
    manager=$1
    shift
    say "Installing $*"
    log=$(mktemp)
    if case $manager in
        apt-get)
            as_root apt-get update && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
            ;;
        dnf) as_root dnf install -y "$@" ;;
        apk) as_root apk add "$@" ;;
        pacman) as_root pacman -Sy --noconfirm --needed "$@" ;;
        zypper) as_root zypper --non-interactive install "$@" ;;
        esac >"$log" 2>&1 </dev/null; then
        rm "$log"
    else
        cat "$log" >&2
        rm "$log"
        return 1
    fi
}

can_compile() {
    probe=$(mktemp -d)
    echo '#include <stdlib.h>
int main(void) { return EXIT_SUCCESS; }' >"$probe/probe.c"
    "${CC:-cc}" -o "$probe/probe" "$probe/probe.c" >/dev/null 2>&1
    compiled=$?
    rm -r "$probe"
    return $compiled
}

# What building needs: a C compiler with its headers, meson, ninja.
install_build_tools() {
    if can_compile && command -v meson >/dev/null 2>&1 && { command -v ninja || command -v ninja-build; } >/dev/null 2>&1; then
        return
    fi
    manager=$(package_manager)
    case $manager in
    apt-get) install_packages apt-get gcc libc6-dev meson ninja-build ;;
    dnf) install_packages dnf gcc glibc-devel meson ninja-build ;;
    apk) install_packages apk gcc musl-dev linux-headers meson samurai ;;
    pacman) install_packages pacman gcc meson ninja ;;
    zypper) install_packages zypper gcc glibc-devel meson ninja ;;
    *)
        say "faultline: no package manager that is known here (apt-get, dnf, apk, pacman, zypper): install a C compiler, meson and ninja"
        return 1
        ;;
    esac
}

# build FOLDER [MESON OPTIONS...]: sets the folder up once, again where it belongs to another place; its output on failure only.
build() {
    folder=$1
    shift
    log=$(mktemp)
    if { { [ -f "$folder/build.ninja" ] && meson compile -C "$folder" >"$log" 2>&1; } ||
        { rm -rf "$folder" && meson setup "$folder" "$@" >"$log" 2>&1 && meson compile -C "$folder" >>"$log" 2>&1; }; } </dev/null; then
        rm "$log"
    else
        cat "$log" >&2
        rm "$log"
        say "faultline: the build in $folder failed"
        return 1
    fi
}
