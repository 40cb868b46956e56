"""`backup` and `restore` as an operator meets them: what they print, how they leave, what they refuse."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from patient_app.backup import taking
from patient_app.backup.taking import KEYS_KEPT_DAYS
from patient_app.cli import backup
from patient_app.core import age
from tests.conftest import ROOT
from tests.features.cli.program import Program


@pytest.fixture
def key(filled: Program, tmp_path: Path) -> Path:
    """Make a pair of keys as the operator does, and set the public one."""
    file = tmp_path / "backup.key"
    made = filled("backup", "--new-key", str(file))
    assert made.code == 0, made
    name, _, public = made.out.strip().partition("=")
    assert name == "BACKUP_PUBLIC_KEY"
    filled.settings[name] = public
    return file


@pytest.fixture
def elsewhere(filled: Program, tmp_path: Path) -> Program:
    """Return the command line on another machine, where only the master key is."""
    program = Program(tmp_path / "elsewhere", {"MASTER_KEY": (filled.instance / "master.key").read_text().strip()})
    program.instance.mkdir(mode=0o700)
    return program


def test_a_new_pair_shows_the_public_half_and_keeps_the_private_one_for_this_user(filled: Program, key: Path) -> None:
    secret = age.PrivateKey.parse(key.read_text())
    assert secret.public.text == filled.settings["BACKUP_PUBLIC_KEY"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    assert "is there already" in filled.refuses("backup", "--new-key", str(key))
    assert key.read_bytes() == before


def test_there_and_back(filled: Program, elsewhere: Program, key: Path, tmp_path: Path) -> None:
    made = filled("backup", str(tmp_path / "backups"))
    assert made.code == 0, made
    files = [Path(line) for line in made.out.splitlines()]
    assert [file.parent.name for file in files] == ["database", "keys"]
    assert all(file.is_file() for file in files)
    assert "The master key is not in it" in made.err

    back = elsewhere("restore", str(tmp_path / "backups"), "--private-key", str(key))
    assert back.code == 0, back
    assert "signed-in devices: signed out." in back.out
    assert back.out.endswith("4 patients, 4 records, 0 lost with what came after the backup, 0 faults.\n")
    assert elsewhere("audit", "verify").code == 0
    assert elsewhere("diagnose").code == 0
    before = elsewhere.hashes()
    assert "is there already" in elsewhere.refuses("restore", str(tmp_path / "backups"), "--private-key", str(key))
    assert elsewhere.hashes() == before


def test_the_private_key_need_not_touch_the_disk(
    filled: Program, elsewhere: Program, key: Path, tmp_path: Path
) -> None:
    assert filled("backup", str(tmp_path / "backups")).code == 0
    secret = key.read_text()
    key.unlink()
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "restore", str(tmp_path / "backups"), "--private-key", "-"],
        env=elsewhere.environment(),
        input=secret,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr.count("tandem:")) == (0, 0), done
    assert age.PrivateKey.parse(secret).text not in done.stdout + done.stderr


def test_refusals_are_one_sentence(filled: Program, elsewhere: Program, key: Path, tmp_path: Path) -> None:
    folder = str(tmp_path / "backups")
    assert "is not set" in filled.refuses("backup", folder, BACKUP_PUBLIC_KEY="")
    postgresql = "postgresql://nobody@localhost/nothing"
    assert "use pg_dump" in filled.refuses("backup", folder, DATABASE_URL=postgresql)
    assert "There is no backup" in elsewhere.refuses("restore", folder, "--private-key", str(key))
    assert filled("backup", folder).code == 0
    assert "is not the private key" in elsewhere.refuses("restore", folder, "--private-key", __file__)
    other = tmp_path / "other.key"
    taking.write_new_pair(other)
    assert "does not open" in elsewhere.refuses("restore", folder, "--private-key", str(other))
    elsewhere.settings["MASTER_KEY"] = "A" * 43 + "="
    assert "does not open the key store" in elsewhere.refuses("restore", folder, "--private-key", str(key))
    assert list(elsewhere.instance.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backup"], "Please give the FOLDER"),
        (["backup", "x", "--keep-keys", "0"], "Invalid value for '--keep-keys'"),
        (["restore", "x"], "Missing option '--private-key'"),
        (["restore", "x", "--private-key", "/nowhere"], "No such file"),
    ],
)
def test_what_is_not_understood_leaves_with_two(program: Program, words: list[str], said: str) -> None:
    answer = program(*words)
    assert answer.code == 2
    assert said in answer.err


def test_the_help_says_how_long_keys_are_kept() -> None:
    (option,) = (each for each in backup.params if each.name == "keep_keys")
    assert option.default == KEYS_KEPT_DAYS


def test_diagnose_says_whether_backups_can_be_made(filled: Program, key: Path) -> None:
    assert f"encrypted to {filled.settings['BACKUP_PUBLIC_KEY']}" in filled("diagnose").out
    assert "no BACKUP_PUBLIC_KEY" in filled("diagnose", BACKUP_PUBLIC_KEY="").out
    wrong = filled("diagnose", BACKUP_PUBLIC_KEY=age.PrivateKey.parse(key.read_text()).text)
    assert wrong.code == 1
    assert "holds the private key" in wrong.out
