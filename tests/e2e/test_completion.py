"""What shells complete, as the shells themselves do; and that no command and no option is missing anywhere."""
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from conftest import FAULTLINE, TOP, run

SHELLS = ["bash", "zsh", "fish"]


def script(shell):
    return run("completion", shell, check=0).stdout


pytestmark = pytest.mark.plain

# The table itself; the live view has no name.
COMMANDS = re.findall(r'^    {"([a-z]*)",', (TOP / "src/commands/commands.c").read_text(), re.M)


def options_of(command):
    """As --help has them: the long ones, and the letters."""
    text = run(*([command] if command else []), "--help", check=0).stdout
    return re.findall(r"^ +(?:-(\w), )? *--([a-z][a-z-]*)", text, re.M)


# -- nothing is missing --

def test_every_command_is_told_of():
    names = COMMANDS[1:]
    assert COMMANDS[0] == "" and len(names) >= 12 and names == sorted(names)
    assert bash("faultline", "") == names
    overview = run("--help", check=0).stdout
    manual = (TOP / "docs/faultline.1").read_text()
    readme = (TOP / "README.md").read_text()
    for name in names:
        assert re.search(rf"[ |]{name}\b", overview.split("\n  -")[0]), name
        assert re.search(rf"^\.Cm (.*\| )?{name}\b", manual, re.M), name
        assert re.search(rf"\./run {name}\b", readme), name
        assert run(name, "--help", check=0).stdout.lstrip().startswith("Usage:")
    for shell in SHELLS:
        text = script(shell)
        for name in names:
            assert re.search(rf"\b{name}\b", text), (shell, name)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_completed(command):
    options = options_of(command)
    assert ("h", "help") in options and ("V", "version") in options
    bash = re.search(rf"^    {re.escape(command or '*')}\) options='([^']*)'", script("bash"), re.M)[1].split()
    function = re.search(rf"^_faultline_{command or 'live'}\(\) {{\n(.*?)\n}}", script("zsh"), re.M | re.S)[1]
    condition = f"__fish_seen_subcommand_from {command}" if command else "__faultline_lives"
    fish = [line for line in script("fish").splitlines() if f"-n '{condition}'" in line]
    words = []
    for letter, name in options:
        words += [f"-{letter}"] * bool(letter) + [f"--{name}"]
        assert any(re.search(rf"-l {name}(?: -s {letter}|)\b", line) for line in fish), name
        assert f"--{name}}}'[" in function or f"'--{name}[" in function, name
    assert bash == words
    assert len([line for line in fish if " -l " in line]) == len(options)


WITH_A_PAGE = [command for command in COMMANDS if command and (TOP / f"docs/faultline-{command}.1").exists()]


def options_told_of(page):
    told = (TOP / "docs" / page).read_text().replace("\\-", "-")
    items = " ".join(line for line in told.splitlines() if line.startswith(".It Fl"))
    return set(re.findall(r"\s-([a-z][a-z-]+)", items))


@pytest.mark.parametrize("command", WITH_A_PAGE)
def test_the_manual_has_the_options_and_no_others(command):
    assert options_told_of(f"faultline-{command}.1") == {name for _, name in options_of(command)}


def test_the_manual_of_the_program_has_those_of_the_others():
    wanted = {name for command in COMMANDS if command not in WITH_A_PAGE for _, name in options_of(command)}
    assert options_told_of("faultline.1") == wanted


# -- the shells themselves --

BASH = r"""
source <("$0" completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
compopt() { :; }
_faultline
printf '%s\n' "${COMPREPLY[@]}"
"""


def bash(*words):
    if not shutil.which("bash"):
        pytest.skip("no bash")
    done = subprocess.run(["bash", "-c", BASH, FAULTLINE, *words], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.split()


def fish(*words):
    if not shutil.which("fish"):
        pytest.skip("no fish")
    done = subprocess.run(["fish", "-c", f"{FAULTLINE} completion fish | source; complete -C '{' '.join(words)}'"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def zsh(*words):
    """On a terminal, as it completes nowhere else: what stands there after a tab or two."""
    if not shutil.which("zsh"):
        pytest.skip("no zsh")
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], dict(os.environ, TERM="dumb", PS1="ready> ", PATH=f"{FAULTLINE.parent}:{os.environ['PATH']}"))
    said = b""

    def until(pattern):
        nonlocal said
        deadline = time.monotonic() + 30
        while not re.search(pattern, said) and time.monotonic() < deadline:
            if select.select([fd], [], [], 0.1)[0]:
                said += os.read(fd, 65536)
        assert re.search(pattern, said), said

    try:
        until(rb"ready> ")
        os.write(fd, b"autoload -U compinit; compinit -u -D; setopt list_rows_first; source <(faultline completion zsh); echo be''gun\n")
        until(rb"begun\r?\n")
        said = b""
        os.write(fd, " ".join(words).encode() + b"\t\t")
        end = time.monotonic() + 3
        while time.monotonic() < end:
            if select.select([fd], [], [], 0.2)[0]:
                said += os.read(fd, 65536)
                end = min(end, time.monotonic() + 0.4)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(fd)
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]|[\x07\x08]", b"", said).decode(errors="replace").split()


@pytest.mark.parametrize("shell", [bash, fish, zsh])
@pytest.mark.parametrize("words, offered, not_offered", [
    (["faultline", "re"], {"record", "replay", "report"}, {"run", "top"}),
    (["faultline", "--c"], {"--columns", "--csv", "--color", "--cgroup"}, {"--user"}),
    (["faultline", "record", "--us"], {"--user"}, {"--columns"}),
    (["faultline", "--color", "a"], {"auto", "always"}, {"never"}),
    (["faultline", "top", "--sort", ""], {"maj", "min", "rss", "swap", "stall"}, {"process"}),
    (["faultline", "completion", ""], {"bash", "zsh", "fish"}, {"record"}),
    (["faultline", "trace", "--by", ""], {"process", "file", "cgroup"}, {"user"}),
    (["faultline", "serve", "--tls-"], {"--tls-cert", "--tls-key"}, set()),
])
def test_what_is_offered(shell, words, offered, not_offered):
    found = set(shell(*words))
    if len(offered) == 1 or shell is not zsh:
        assert offered <= found, found
    else:
        assert offered <= {word.rstrip(",") for word in found}, found
    assert not not_offered & found


@pytest.mark.parametrize("shell", [bash, fish])
def test_files_folders_users_and_columns(shell, tmp_path):
    (tmp_path / "box.flr").touch()
    (tmp_path / "folder").mkdir()
    assert any(word.endswith("box.flr") for word in shell("faultline", "replay", f"{tmp_path}/b"))
    assert any(word.endswith("box.flr") for word in shell("faultline", "record", "--file", f"{tmp_path}/"))
    folders = shell("faultline", "record", "--proc", f"{tmp_path}/")
    assert any(word.rstrip("/").endswith("folder") for word in folders) and not any(word.endswith("box.flr") for word in folders)
    assert "nobody" in shell("faultline", "record", "--user", "nobo")
    assert {"min,maj", "min,memF"} <= set(shell("faultline", "-o", "min,m"))
    assert "uname" in shell("faultline", "run", "--", "unam")


def test_a_value_behind_an_equals_sign():
    assert bash("faultline", "--color", "=", "al") == ["always"]
    assert bash("faultline", "--color", "=") == ["auto", "always", "never"]


def test_what_follows_the_job_is_its_own():
    assert bash("faultline", "run", "--", "ls", "--") == []


@pytest.mark.parametrize("words", [[], ["tcsh"], ["bash", "zsh"], ["--nope"]])
def test_wrong_words(words):
    done = run("completion", *words, check=2)
    assert done.stdout == "" and len(done.stderr.splitlines()) == 1
