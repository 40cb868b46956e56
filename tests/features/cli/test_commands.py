"""The shape of the command line: help, usage, exit codes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from patient_app import cli, diagnosis
from tests.conftest import ROOT
from tests.features.cli.program import Program

COMMANDS = {
    "audit anchor",
    "audit verify",
    "backup",
    "demo code",
    "demo fill",
    "demo password",
    "diagnose",
    "init",
    "invite",
    "lessons check",
    "migrate",
    "restore",
    "rotate-push-key",
    "routes",
    "run",
    "translations report",
    "translations update",
    "worker",
}


def all_commands(group: click.Group = cli.commands, before: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def test_these_are_the_commands() -> None:
    assert {name for name, _ in all_commands()} == COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main([*name.split(), "--help"])
    assert left.value.code == 0
    told = capsys.readouterr().out
    assert f"Usage: python app.py {name}" in told
    command = dict(all_commands())[name]
    assert (command.help or "").strip().splitlines()[0] in told
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or getattr(parameter, "help", None), parameter.name


def test_the_list_of_commands_tells_each_whole(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["demo"], ["audit"]):
        with pytest.raises(SystemExit):
            cli.main([*words, "--help"])
        assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["nothing"], "No such command 'nothing'", id="unknown command"),
        pytest.param(["demo", "code"], "Missing argument 'NAME'", id="missing argument"),
        pytest.param(["invite", "--administrator", "A"], "Missing option '--email'", id="missing option"),
        pytest.param(["init", "--practice", "A"], "Please give --zone, --administrator, --email", id="half of init"),
        pytest.param(["init", "--zone", "Moon"], "no time zone", id="zone"),
        pytest.param(["init", "--email", "helen"], "not an e-mail address", id="e-mail"),
        pytest.param(["run", "--port", "80"], "No such option", id="unknown option"),
    ],
)
def test_what_is_not_understood_leaves_with_two(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("tandem: ")
    assert said in complaint
    assert complaint.count("\n") == 1


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        pytest.param("PORT", "eighty", "PORT must be a whole number", id="port"),
        pytest.param("PORT", "70000", "PORT must be a whole number from 1 to 65535", id="port too high"),
        pytest.param("WEB_WORKERS", "0", "WEB_WORKERS must be a whole number from 1", id="workers"),
        pytest.param("HOST", "no such host.", "HOST=no such host. is not an address", id="host"),
        pytest.param("BASE_URL", "http://care.example.org", "must start with https://", id="plain http"),
        pytest.param("DATABASE_URL", "mysql://x", "must start with sqlite:/// or postgresql://", id="database"),
        pytest.param("MASTER_KEY", "short", "not 32 bytes in base64", id="key"),
        pytest.param("MASTER_KEY", "/nowhere/key", "cannot be read", id="key file"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_one_sentence(
    program: Program,
    setting: str,
    value: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("DATABASE_URL", "KEYS_DATABASE_URL", "BASE_URL", "MASTER_KEY", "HOST"):
        monkeypatch.delenv(name, raising=False)
    for name, kept in (program.environment() | {setting: value}).items():
        monkeypatch.setenv(name, kept)
    with pytest.raises(SystemExit) as left:
        cli.main(["run"])
    assert left.value.code == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("tandem: ")
    assert said in complaint
    assert complaint.count("\n") == 1
    assert not program.instance.exists()


def test_routes_lists_every_route_with_its_permission() -> None:
    rows = diagnosis.routes()
    assert ("GET", "/sign-in", "public:open", "accounts.sign_in") in rows
    assert ("POST", "/check-in", "check-ins:write", "checkins.save_check_in") in rows
    assert any(permission.endswith("(password again)") for _, _, permission, _ in rows)
    assert not [row for row in rows if row[2] == "none"]


def bare_python(*words: str) -> subprocess.CompletedProcess[str]:
    """Call a program with the Python of the machine, which has none of our packages."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    return subprocess.run([python, "-S", *words], capture_output=True, text=True, check=False, timeout=60)


def test_called_outside_the_environment_it_goes_on_inside() -> None:
    answer = bare_python(str(ROOT / "app.py"), "--help")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("Usage: python app.py")


def test_without_an_environment_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    shutil.copy(ROOT / "app.py", tmp_path)
    shutil.copytree(ROOT / "patient_app", tmp_path / "patient_app")
    answer = bare_python(str(tmp_path / "app.py"), "--help")
    assert answer.returncode == 1
    assert answer.stderr.startswith("tandem: the Python package")
    assert answer.stderr.endswith("Run `make run` once: it installs all.\n")
    assert answer.stderr.count("\n") == 1
