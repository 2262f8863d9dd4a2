# What ./run and ./test share: finding and installing the programs they need, and building into a folder. Sourced, from
# the top of the tree. A need is one word of the table below.
# shellcheck shell=sh

say() { echo "faultline: $*" >&2; }

# What each package manager calls a need; "-": it has none, or under no name that is known here.
package_table() {
    cat <<'END'
# need              apt-get                                         dnf                                               apk                                 pacman                                       zypper
cc                  gcc,libc6-dev                                   gcc,glibc-devel                                   gcc,musl-dev,linux-headers          gcc                                          gcc,glibc-devel
meson               meson                                           meson                                             meson                               meson                                        meson
ninja               ninja-build                                     ninja-build                                       samurai                             ninja                                        ninja
cmocka              libcmocka-dev                                   libcmocka-devel                                   cmocka-dev                          cmocka                                       libcmocka-devel
pkg-config          pkg-config                                      pkgconf-pkg-config                                pkgconf                             pkgconf                                      pkg-config
numpy               python3-numpy                                   python3-numpy                                     py3-numpy                            python-numpy                                     python3-numpy
pytest              python3-pytest,python3-jsonschema,python3-yaml  python3-pytest,python3-jsonschema,python3-pyyaml  py3-pytest,py3-jsonschema,py3-yaml  python-pytest,python-jsonschema,python-yaml  python3-pytest,python3-jsonschema,python3-PyYAML
sanitizers          gcc                                             libasan,libubsan                                  -                                   gcc-libs                                     -
clang               clang                                           clang                                             clang                               clang                                        clang
libfuzzer           -                                               compiler-rt                                       compiler-rt                         compiler-rt                                  -
clang-tidy          clang-tidy                                      clang-tools-extra                                 clang-extra-tools                   clang                                        clang-tools
clang-format        clang-format                                    clang-tools-extra                                 clang-extra-tools                   clang                                        clang-tools
cppcheck            cppcheck                                        cppcheck                                          cppcheck                            cppcheck                                     cppcheck
shellcheck          shellcheck                                      ShellCheck                                        shellcheck                          shellcheck                                   ShellCheck
mandoc              mandoc                                          mandoc                                            mandoc                              -                                            -
musl-gcc            musl-tools                                      musl-gcc                                          -                                   musl                                         -
valgrind            valgrind                                        valgrind                                          valgrind                            valgrind                                     valgrind
strace              strace                                          strace                                            strace                              strace                                       strace
ps                  procps                                          procps-ng                                         procps-ng                           procps-ng                                    procps
sadc                sysstat                                         sysstat                                           sysstat                             sysstat                                      sysstat
atop                atop                                            atop                                              atop                                atop                                         atop
locales             locales                                         glibc-locale-source                               -                                   -                                            glibc-i18ndata
debootstrap         debootstrap                                     debootstrap                                       debootstrap                         debootstrap                                  -
qemu-system-x86_64  qemu-system-x86                                 qemu-system-x86-core                              qemu-system-x86_64                  qemu-system-x86                              qemu-x86
qemu-arm64          qemu-system-arm                                 qemu-system-aarch64-core                          qemu-system-aarch64                 qemu-system-aarch64                          qemu-arm
arm64-gcc           gcc-aarch64-linux-gnu                           gcc-aarch64-linux-gnu                             -                                   aarch64-linux-gnu-gcc                        -
busybox             busybox-static                                  busybox                                           busybox-static                      busybox                                      busybox-static
cpio                cpio                                            cpio                                              cpio                                cpio                                         cpio
bpf                 clang,bpftool,libbpf-dev                        clang,bpftool,libbpf-devel                        clang,bpftool,libbpf-dev            clang,bpf,libbpf                             clang,bpftool,libbpf-devel
ncurses             libncurses-dev                                  ncurses-devel                                     ncurses-dev                         ncurses                                      ncurses-devel
libevent            libevent-dev                                    libevent-devel                                    libevent-dev,libevent-static        libevent                                     libevent-devel
mbedtls             libmbedtls-dev                                  mbedtls-devel                                     mbedtls-dev,mbedtls-static          mbedtls                                      mbedtls-devel
libcrypt            libcrypt-dev                                    libxcrypt-devel                                   -                                   libxcrypt                                    libxcrypt-devel
zlib                zlib1g-dev                                      zlib-devel                                        zlib-dev,zlib-static                zlib                                         zlib-devel
node                nodejs                                          nodejs                                            nodejs                              nodejs                                       nodejs
npm                 npm                                             nodejs-npm                                        npm                                 npm                                          npm
chromium            chromium                                        chromium                                          chromium                            chromium                                     chromium
ip                  iproute2                                        iproute                                           iproute2                            iproute2                                     iproute2
tmux                tmux                                            tmux                                              tmux                                tmux                                         tmux
fish                fish                                            fish                                              fish                                fish                                         fish
zsh                 zsh                                             zsh                                               zsh                                 zsh                                          zsh
prometheus          -                                               golang-github-prometheus                          prometheus                          prometheus                                   golang-github-prometheus-prometheus
promtool            -                                               golang-github-prometheus                          prometheus                          prometheus                                   golang-github-prometheus-prometheus
openssl             openssl                                         openssl                                           openssl                             openssl                                      openssl
git                 git                                             git                                               git                                 git                                          git
xz                  xz-utils                                        xz                                                xz                                  xz                                           xz
node-exporter       -                                               golang-github-prometheus-node-exporter            prometheus-node-exporter            prometheus-node-exporter                     golang-github-prometheus-node_exporter
END
}

package_manager() {
    for manager in apt-get dnf apk pacman zypper; do
        command -v "$manager" >/dev/null 2>&1 && echo "$manager" && return
    done
    return 1
}

# compiles COMPILER [FLAG...]: whether it makes a program of the standard input.
compiles() {
    probe=$(mktemp -d) || return
    compiled=0
    "$@" -x c -o "$probe/program" - >/dev/null 2>&1 || compiled=1
    rm -rf "$probe"
    return $compiled
}

compiles_main() { echo 'int main(void) { return 0; }' | compiles "$@"; }

# has_library HEADER LIBRARY
has_library() {
    printf '#include <stddef.h>\n#include <%s>\nint main(void) { return 0; }\n' "$1" | compiles "$(find_cc)" -Wl,--no-as-needed "-l$2"
}

# The compiler of $CC, or the first that is here; meson looks for them in the same order.
find_cc() {
    for compiler in ${CC:-cc gcc clang}; do
        command -v "$compiler" 2>/dev/null && return
    done
    return 1
}

find_ninja() { command -v ninja 2>/dev/null || command -v ninja-build || command -v samu; }

# find_python MODULE...: a python3 that has them all. There may be several on PATH, and not each sees the system's modules.
find_python() {
    modules=$(echo "$*" | tr ' ' ',')
    path=$PATH:/usr/bin
    while [ -n "$path" ]; do
        python=${path%%:*}/python3
        case $path in *:*) path=${path#*:} ;; *) path='' ;; esac
        [ -x "$python" ] && "$python" -c "import $modules" >/dev/null 2>&1 && echo "$python" && return
    done
    return 1
}

# It is on nobody's PATH: where Debian, Fedora and others, and Arch have it.
find_sadc() {
    for sadc in /usr/lib/sysstat/sadc /usr/lib64/sa/sadc /usr/lib/sa/sadc; do
        [ -x "$sadc" ] && echo "$sadc" && return
    done
    return 1
}

# Debian has it in a folder for root. Ubuntu's is a script that looks for the kernel's own and may not find it.
find_bpftool() {
    for bpftool in "$(command -v bpftool 2>/dev/null)" /usr/sbin/bpftool; do
        [ -x "$bpftool" ] && "$bpftool" version >/dev/null 2>&1 && echo "$bpftool" && return
    done
    return 1
}

# Whether a need is met.
have() {
    case $1 in
    cc) compiler=$(find_cc) && printf '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n' | compiles "$compiler" ;;
    ninja) find_ninja >/dev/null 2>&1 ;;
    cmocka) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists cmocka ;;
    numpy) find_python numpy >/dev/null ;;
    pytest) find_python pytest jsonschema yaml >/dev/null ;; # all in the same one
    sanitizers) compiler=$(find_cc) && compiles_main "$compiler" -fsanitize=address,undefined ;;
    libfuzzer)
        echo 'int LLVMFuzzerTestOneInput(const void *bytes, __SIZE_TYPE__ size) { return !bytes && size; }' |
            compiles clang -fsanitize=fuzzer,address,undefined
        ;;
    node-exporter) command -v prometheus-node-exporter >/dev/null 2>&1 || command -v node_exporter >/dev/null 2>&1 ;; # what Debian calls it, and what others do
    sadc) find_sadc >/dev/null ;;
    bpf) find_bpftool >/dev/null && clang -target bpf -idirafter "/usr/include/$(clang -print-multiarch 2>/dev/null)" -c bpf/probe.c -o /dev/null 2>/dev/null ;;
    ncurses) printf '#include <ncurses.h>\nint main(void) { return endwin(); }\n' | compiles "$(find_cc)" -Wl,--no-as-needed -lncursesw ;;
    libevent) has_library event2/event.h event_core ;;
    mbedtls) has_library mbedtls/ssl.h mbedcrypto ;;
    libcrypt) has_library crypt.h crypt ;;
    zlib) has_library zlib.h z ;;
    web) have node && [ -d web/node_modules/uplot ] ;;
    qemu-arm64) command -v qemu-system-aarch64 >/dev/null 2>&1 ;;
    arm64-gcc) command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 ;;
    locales) command -v localedef >/dev/null 2>&1 && ls /usr/share/i18n/locales/tr_TR >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}

# The needs that are not met.
missing() {
    for need; do have "$need" || echo "$need"; done
}

# Debian's runtime of the sanitizers carries clang's version in its name; older releases keep it in libclang-common.
debian_libfuzzer() {
    version=$(clang -dumpversion 2>/dev/null || apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')
    version=${version%%.*}
    for package in "libclang-rt-$version-dev" "libclang-common-$version-dev"; do
        apt-cache show "$package" >/dev/null 2>&1 && echo "$package" && return
    done
    echo -
}

# packages_of MANAGER NEED...: their names, each once.
packages_of() {
    wanted=$1
    shift
    for need; do
        case $wanted:$need in
        apt-get:libfuzzer) debian_libfuzzer ;;
        *)
            package_table | awk -v manager="$wanted" -v need="$need" '
                NR == 1 { for (i = 2; i <= NF; i++) if ($i == manager) column = i - 1 }
                $1 == need { gsub(/,/, "\n", $column); print $column }'
            ;;
        esac
    done | grep -vx -e - -e '' | awk '!seen[$0]++'
}

# How to become root: nothing, sudo or doas. Fails where there is no way.
find_root() {
    [ "$(id -u)" -ne 0 ] || return 0
    for way in sudo doas; do
        command -v "$way" 2>/dev/null && return
    done
    return 1
}

# install_with MANAGER PACKAGE...
install_with() {
    manager=$1
    shift
    root=$(find_root) || return
    case $manager in
    apt-get) $root env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 install "$@" ;;
    dnf) $root dnf -y install "$@" ;;
    apk) $root apk add "$@" ;;
    # Not -y at once: new lists without an upgrade of the rest are what this distribution warns of.
    pacman) $root pacman -S --noconfirm --needed "$@" || $root pacman -Sy --noconfirm --needed "$@" ;;
    zypper) $root zypper --non-interactive install --no-recommends "$@" ;;
    esac
}

# What is known of the packages may be old, or nothing at all.
# update_lists MANAGER ROOT
update_lists() {
    case $1 in
    apt-get) $2 apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 update ;;
    apk) $2 apk update ;;
    esac
}

# What systemd starts by itself; nothing where it does not run.
started_units() {
    [ ! -d /run/systemd/system ] || systemctl list-unit-files --no-legend --plain --state=enabled | cut -d' ' -f1
}

# stop_new_units UNIT...: all that is started by itself and is none of these. Packages bring services and timers along,
# atop and sysstat recorders; a test needs their programs, and changes nothing else on somebody's machine.
stop_new_units() {
    root=$(find_root) || return
    for unit in $(started_units); do
        case " $* " in
        *" $unit "*) ;;
        *) $root systemctl disable --now "$unit" ;;
        esac
    done
}

# in_words NEED...: for people who have to install them by hand.
in_words() {
    sentence=
    for need; do
        [ "$need" != cc ] || need="a C compiler with libc's headers"
        sentence=$sentence${sentence:+, }$need
    done
    echo "$sentence"
}

# provide NEED...: installs what is missing of them, all at once or, where that fails, one by one. Quiet, but for a line
# that says what it installs, and the log if it did not help. Fails if a need is still not met.
# shellcheck disable=SC2046,SC2086 # words on purpose, all through
provide() (
    exec </dev/null # which may be closed, or somebody else's
    lacking=$(missing "$@" | xargs)
    [ -n "$lacking" ] || exit 0
    if ! manager=$(package_manager); then
        say "missing: $(in_words $lacking). No package manager known here was found (apt-get, dnf, apk, pacman, zypper): install them by hand"
        exit 1
    fi
    if ! find_root >/dev/null; then
        say "missing: $(in_words $lacking). There is no sudo to install them with; as root: $manager install $(packages_of "$manager" $lacking | xargs)"
        exit 1
    fi
    [ -n "$(packages_of "$manager" $lacking)" ] || { say "missing: $(in_words $lacking). $manager has no package known here"; exit 1; }
    echo "Installing $(in_words $lacking) with $manager" >&2
    log=$(mktemp) || exit 1
    trap 'rm -f "$log"' EXIT
    # A source that cannot be reached may not be one that is needed.
    update_lists "$manager" "$(find_root)" >"$log" 2>&1 || :
    units=$(started_units | xargs)
    install_with "$manager" $(packages_of "$manager" $lacking) >>"$log" 2>&1 ||
        for need in $lacking; do
            packages=$(packages_of "$manager" "$need")
            [ -z "$packages" ] || install_with "$manager" $packages >>"$log" 2>&1 || :
        done
    [ -z "$units" ] || stop_new_units $units >>"$log" 2>&1 || : # none at all: it could not be told
    touch meson.build # a folder that was set up without them looks again
    lacking=$(missing $lacking | xargs)
    [ -n "$lacking" ] || exit 0
    cat "$log" >&2
    say "still missing: $(in_words $lacking). Above is what $manager said"
    exit 1
)

# provide_prometheus FOLDER: Debian's packages start servers as soon as they are installed, so that their programs alone are
# taken out of them, to FOLDER, which is to be on PATH.
# shellcheck disable=SC2086 # words on purpose, all through
provide_prometheus() (
    exec </dev/null
    lacking=$(missing prometheus promtool node-exporter | xargs)
    [ -n "$lacking" ] || exit 0
    [ "$(package_manager)" = apt-get ] || { provide $lacking; exit; }
    echo "Fetching $(in_words $lacking) with apt-get" >&2
    scratch=$(mktemp -d) || exit 1
    trap 'rm -rf "$scratch"' EXIT
    mkdir -p "$1" && folder=$(cd "$1" && pwd) && cd "$scratch" || exit 1
    for program in $lacking; do
        package=prometheus
        [ "$program" != node-exporter ] || package=prometheus-node-exporter program=prometheus-node-exporter
        [ -e "usr/bin/$program" ] || { apt-get -o Acquire::Retries=3 download "$package" && dpkg -x "$package"_*.deb .; }
        mv "usr/bin/$program" "$folder" || exit
    done >/dev/null 2>&1
)

# provide_web: what the page is made with, from npm's registry, as web/package-lock.json names it to the byte.
provide_web() (
    exec </dev/null
    ! have web || exit 0
    provide node npm || exit
    echo "Fetching what the page is made with, with npm" >&2
    log=$(mktemp) || exit 1
    trap 'rm -f "$log"' EXIT
    # A folder that was set up without it looks again.
    npm ci --prefix web >"$log" 2>&1 && touch web/meson.build && exit
    cat "$log" >&2
    say "the page goes missing: npm could not fetch what it is made with"
    exit 1
)

# provide_arm64_sysroot FOLDER: the headers and static libraries of arm64 that the program is made with, unpacked from Debian's
# packages: nothing is installed, and dpkg does not hear of another architecture. FOLDER.ini tells meson where it is.
provide_arm64_sysroot() (
    exec </dev/null
    ! grep -qF "'$PWD/$1'" "$1.ini" 2>/dev/null || exit 0 # and has not been moved
    rm -rf "$1"
    echo "Unpacking Debian's libraries for arm64 to $1, with apt-get; nothing is installed" >&2
    mkdir -p "${1%/*}" && scratch=$(mktemp -d "$1.XXXXXX") || exit 1
    trap 'rm -rf "$scratch"' EXIT
    tree=$PWD
    (
        mkdir "$scratch/packages" && cd "$scratch/packages" &&
            "$tree/tools/debian-packages" - arm64 fetch libc6-dev linux-libc-dev libbpf-dev libncurses-dev libevent-dev \
                libmbedtls-dev libcrypt-dev zlib1g-dev || exit
        for package in *.deb; do dpkg-deb -x "$package" ../root || exit; done
    ) >"$scratch/log" 2>&1 && echo "[constants]
sysroot = '$tree/$1'" >"$1.ini" && mv -T "$scratch/root" "$1" && exit
    cat "$scratch/log" >&2
    say "there are no libraries for arm64: above is why"
    exit 1
)

# Whether the distribution's meson is as new as meson.build asks for.
check_meson() {
    wanted=$(sed -n "s/.*meson_version: *'>= *\([0-9.]*\)'.*/\1/p" meson.build)
    found=$(meson --version </dev/null) || return
    printf '%s\n%s\n' "$wanted" "$found" | awk -F . '
        NR == 1 { major = $1; minor = $2 }
        NR == 2 { exit !($1 > major || ($1 == major && $2 >= minor)) }' && return
    say "meson $found is too old: $wanted or newer is needed, from a newer release of the distribution or another source"
    return 1
}

# Whether FOLDER was set up for the tree as it stands here. In one that was copied or moved along with its tree, ninja
# would go on in the old place.
is_set_up() {
    [ -f "$1/build.ninja" ] && grep -qF "\"source\": \"$PWD\"" "$1/meson-info/meson-info.json" 2>/dev/null
}

# Options that meson takes where a folder is set up, and never again.
setup_options=''

# set_up FOLDER [MESON OPTION...]: sets a folder to build in up where that has to be done. Options may be other ones than
# last time. A folder that cannot be brought up to date, with what meson.build has become, is begun anew.
# shellcheck disable=SC2086 # words
set_up() {
    folder=$1
    shift
    if is_set_up "$folder" && { [ $# -eq 0 ] || meson configure "$folder" "$@"; } && "$(find_ninja)" -C "$folder" build.ninja; then
        return
    fi
    check_meson && rm -rf "$folder" && meson setup $setup_options "$folder" "$@"
}

# build FOLDER [MESON OPTION...]: sets it up and builds. What is printed is shown, on standard error, if that fails.
build() (
    exec </dev/null
    log=$(mktemp) || exit 1
    trap 'rm -f "$log"' EXIT
    # Of two that build in the same folder the second one waits.
    mkdir -p build 2>/dev/null
    if ! [ -w build ]; then
        say "$PWD/build: may not be written: copy the tree to a folder of your own"
        exit 1
    fi
    exec 9>"$1.lock"
    ! command -v flock >/dev/null 2>&1 || flock 9 || exit 1
    { set_up "$@" && "$(find_ninja)" -C "$1"; } >"$log" 2>&1 && exit
    cat "$log" >&2
    say "the build in $1 failed"
    exit 1
)
