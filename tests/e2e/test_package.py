"""What is installed, from the tree, from a release and as Debian's package, and what of it stays behind."""
import contextlib
import gzip
import http.client
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import pytest

from conftest import BUILD, TOP, run
from served import Lines

pytestmark = pytest.mark.plain

FRESH_MACHINE = TOP / "tests/fresh-machine"
MAN_PAGES = sorted(path.name for path in (TOP / "docs").glob("*.1"))
BELOW_PREFIX = {
    "bin/faultline",
    "lib/systemd/system/faultline.service",
    "lib/systemd/system/faultline.socket",
    "share/bash-completion/completions/faultline",
    "share/fish/vendor_completions.d/faultline.fish",
    "share/zsh/site-functions/_faultline",
}
COMPLETIONS = {
    "bash": "share/bash-completion/completions/faultline",
    "zsh": "share/zsh/site-functions/_faultline",
    "fish": "share/fish/vendor_completions.d/faultline.fish",
}


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()}


def version():
    return re.search(r"^  version: '(.*)',$", (TOP / "meson.build").read_text(), re.MULTILINE).group(1)


# From the tree.


@pytest.fixture
def installed(tmp_path):
    """What `meson install` puts into a folder in place of /; gone again with `ninja uninstall`."""
    ninja = shutil.which("ninja") or shutil.which("ninja-build") or shutil.which("samu")
    if not shutil.which("meson") or not ninja or not (BUILD / "build.ninja").exists():
        pytest.skip("no folder that meson set up")
    environment = {**os.environ, "DESTDIR": str(tmp_path)}
    subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild"], env=environment, check=True, capture_output=True)
    yield tmp_path
    subprocess.run([ninja, "-C", BUILD, "uninstall"], env=environment, check=True, capture_output=True)
    assert files_below(tmp_path) == set()


def test_what_is_installed(installed):
    below = BELOW_PREFIX | {f"share/man/man1/{page}" for page in MAN_PAGES} | {"etc/default/faultline"}
    assert files_below(installed) == {f"usr/local/{path}" for path in below}
    prefix = installed / "usr/local"
    for shell, path in COMPLETIONS.items():
        assert (prefix / path).read_text() == run("completion", shell, check=0).stdout
    # The places are those of this prefix.
    unit = (prefix / "lib/systemd/system/faultline.service").read_text()
    assert "\nExecStart=/usr/local/bin/faultline serve --protect --record " in unit
    assert "\nEnvironmentFile=-/usr/local/etc/default/faultline\n" in unit
    # Nothing is set: what the unit sets, and a drop-in, counts.
    default = (prefix / "etc/default/faultline").read_text()
    options = re.search(r'^#FAULTLINE_OPTIONS="(.*)"$', default, re.MULTILINE).group(1)
    assert f'\nEnvironment="FAULTLINE_OPTIONS={options}"\n' in unit
    assert all(line.startswith("#") for line in default.splitlines())


def test_the_version_is_the_same_everywhere():
    assert (TOP / "debian/changelog").read_text().startswith(f"faultline ({version()}) ")
    assert version() in run("--version", check=0).stdout


# From a release, on a machine that has little.


class Machine:
    """A bare Debian 12 (tests/fresh-machine), with nothing of this one but its kernel and its network."""

    def __init__(self, folder, name):
        self.root = folder / name
        made = subprocess.run([FRESH_MACHINE, "--make", self.root], capture_output=True, text=True)
        if made.returncode == 77:
            pytest.skip(made.stderr.strip())
        assert made.returncode == 0, made.stderr

    def run(self, script):
        """Its standard output."""
        done = subprocess.run([FRESH_MACHINE, "--in", self.root, "sh", "-e", "-c", script], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=1800)
        assert done.returncode == 0, done.stdout[-10000:] + done.stderr
        return done.stdout

    def apt_get(self, words):
        self.run("export DEBIAN_FRONTEND=noninteractive; apt-get -q update; "
                 f"apt-get -q -y -o Acquire::Retries=3 --no-install-recommends {words}")

    @contextlib.contextmanager
    def serving(self, script):
        """A script that ends in `faultline serve`; gives what a path answers."""
        # The shell stays, as the first process: what changes its user would not be ended with unshare.
        process = subprocess.Popen([FRESH_MACHINE, "--in", self.root, "sh", "-e", "-c", f"{script}\nexit"],
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            said = Lines(process.stderr)
            port = int(said.find(r"serving https?://[^ ]*:(\d+)/").group(1))

            def get(path):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
                answer = connection.getresponse()
                assert answer.status == 200
                body = answer.read()
                return gzip.decompress(body).decode() if answer.headers["Content-Encoding"] == "gzip" else body.decode()

            yield get
        finally:
            process.kill()  # ends all that is in its name space
            process.wait()


@pytest.fixture(scope="module")
def folder():
    """Not in /tmp, which may be memory."""
    with tempfile.TemporaryDirectory(prefix="faultline-package.", dir="/var/tmp") as path:
        yield pathlib.Path(path)


@pytest.fixture(scope="module")
def release(folder):
    if not (TOP / ".git").exists():
        pytest.skip("a release is made of what git knows")
    path, = subprocess.run([TOP / "tools/release", folder], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    assert path == f"{folder}/faultline-{version()}.tar.xz"
    return pathlib.Path(path)


@pytest.fixture(scope="module")
def builder(folder, release):
    """A machine with the release, unpacked, and what it takes to build it."""
    machine = Machine(folder, "builder")
    shutil.copy(release, machine.root / "srv")
    machine.apt_get("install gcc libc6-dev meson ninja-build pkg-config xz-utils libbpf-dev libncurses-dev libevent-dev "
                    "libmbedtls-dev libcrypt-dev zlib1g-dev")
    machine.run(f"cd /srv; tar xf {release.name}; mv faultline-{version()} tree")
    for tool in ["git", "clang", "bpftool", "node", "npm"]:
        machine.run(f"! command -v {tool} /usr/sbin/{tool}")
    return machine


def assert_is_whole(machine, program):
    """All that depends on what a release brings along, or on a library."""
    rows = machine.run(f"{program} 0.1 2").splitlines()
    assert rows[0].split()[:2] == ["r", "b"] and len(rows) == 3
    assert "Usage: faultline trace" in machine.run(f"{program} trace --help")
    assert "built without" not in machine.run(f"{program} check || :; {program} top -v 0.1 1; {program} trace 0.1 2>&1 || :")
    with machine.serving(f"{program} serve 127.0.0.1:0") as get:
        assert "<title>" in get("/") and "uPlot" in get("/")
        assert "faultline_build_info" in get("/metrics")


@pytest.mark.long
def test_a_release_builds_without_git_clang_and_node(builder):
    said = builder.run("cd /srv/tree; meson setup build; ninja -C build")
    assert "yes, as the release has it" in said
    assert_is_whole(builder, "/srv/tree/build/src/faultline")


@pytest.mark.long
def test_a_release_has_no_paths_of_the_machine_that_made_it(builder):
    tree = builder.root / "srv/tree"
    made = [*tree.glob("bpf/made/*.skel.h"), *tree.glob("web/made/*.c")]
    assert len(made) == 6
    for path in made:
        text = path.read_text()
        code = bytes(int(digits, 16) for digits in re.findall(r"\\x([0-9a-f]{2})", text))
        assert str(TOP) not in text and str(TOP).encode() not in code


# Debian's package.


@pytest.fixture(scope="module")
def package(builder):
    """The path of the package, built there as Debian does."""
    builder.apt_get("install lintian")
    builder.apt_get("build-dep /srv/tree")
    builder.run("cd /srv/tree; rm -rf build; dpkg-buildpackage -us -uc")
    path, = (builder.root / "srv").glob("faultline_*.deb")
    return path


@pytest.mark.long
def test_lintian_has_nothing_to_say(builder, package):
    assert builder.run("cd /srv; lintian --allow-root --fail-on none faultline_*.changes") == ""


@pytest.mark.long
def test_what_the_package_has(builder, package):
    below = {path.replace("lib/systemd", "../lib/systemd") for path in BELOW_PREFIX}
    wanted = {os.path.normpath(f"usr/{path}") for path in below}
    wanted |= {f"usr/share/man/man1/{page}.gz" for page in MAN_PAGES} | {"etc/default/faultline"}
    listed = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, capture_output=True).stdout
    names = subprocess.run(["tar", "-t"], input=listed, check=True, capture_output=True).stdout.decode().splitlines()
    files = {name.removeprefix("./") for name in names if not name.endswith("/")}
    assert {path for path in files if not path.startswith("usr/share/doc/faultline/")} == wanted
    control = builder.run(f"cd /srv; dpkg-deb -I {package.name} conffiles; dpkg-deb -I {package.name} postinst")
    assert "/etc/default/faultline\n" in control and "faultline.service" in control and "faultline.socket" in control


def all_files(root):
    """What is on a machine, but for what its package manager keeps for itself."""
    aside = {root / path for path in ["var/lib/dpkg", "var/log", "var/cache", "var/lib/apt", "tmp", "dev", "proc", "sys"]}
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if pathlib.Path(folder, name) not in aside]
        for name in folders + files:
            path = pathlib.Path(folder, name)
            found[str(path.relative_to(root))] = (path.lstat().st_mode, 0 if path.is_dir() else path.lstat().st_size)
    return found


@pytest.mark.long
def test_it_runs_where_it_is_installed_and_nothing_stays_when_it_is_purged(folder, package):
    machine = Machine(folder, "installed")
    shutil.copy(package, machine.root / "srv/faultline.deb")
    machine.apt_get('satisfy "$(dpkg-deb -f /srv/faultline.deb Depends)"')
    before = all_files(machine.root)

    machine.run("dpkg -i /srv/faultline.deb")
    assert_is_whole(machine, "faultline")
    unit = (machine.root / "lib/systemd/system/faultline.service").read_text()
    assert "\nEnvironmentFile=-/etc/default/faultline\n" in unit
    command = re.search(r"^ExecStart=(/usr/bin/faultline .*) \$FAULTLINE_OPTIONS$", unit, re.MULTILINE).group(1)
    capabilities = ",".join("+" + name[4:].lower() for name in
                            re.search(r"^AmbientCapabilities=(.*)$", unit, re.MULTILINE).group(1).split())
    # Nearly as systemd does it: a user of its own with these capabilities, in a folder of its own.
    with machine.serving(f"""
            install -d -o nobody -m 700 /var/lib/faultline
            ulimit -l unlimited || : # not each root may
            setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs \
                --inh-caps=-all,{capabilities} --ambient-caps=-all,{capabilities} --bounding-set=-all,{capabilities} \
                {command} --processes 10 127.0.0.1:0""") as get:
        assert "<title>" in get("/")
        assert "faultline_comm_resident_bytes{" in get("/metrics")
    assert re.search("^ +0 .*, Linux", machine.run("faultline replay --list /var/lib/faultline/blackbox.flr"), re.MULTILINE)

    # Where systemd keeps it, and what enabling a unit makes.
    machine.run("install -d /var/lib/private/faultline; cp /var/lib/faultline/blackbox.flr /var/lib/private/faultline/")
    machine.run("dpkg --purge faultline")
    after = all_files(machine.root)
    after.pop("var/lib/private", None)  # systemd's, and other services'
    assert after == before
