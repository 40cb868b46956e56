"""Making, keeping and refusing installations: what is there is never overwritten, and each refusal is one sentence."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from patient_app import cli, set_up  # noqa: F401 - imported before rights are given up.
from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts.models import Person
from patient_app.core.config import Config
from patient_app.core.installation import open_store
from patient_app.core.keys import make_master_key
from patient_app.core.roles import Role
from patient_app.core.work import db
from tests.features.cli.conftest import PASSWORD
from tests.features.cli.program import Program

INIT = ("--practice", "Harbor Street", "--zone", "America/Los_Angeles", "--administrator", "Helen Brandt")
EMAIL = ("--email", "helen@care.example.org")


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


# ------------------------------------------------------------------------------------------------- the demonstration
def test_fill_makes_everything_for_this_user_only_and_only_once(filled: Program) -> None:
    assert mode(filled.instance) == 0o700
    assert {file.name: mode(file) for file in filled.instance.iterdir() if mode(file) != 0o600} == {}
    before = filled.hashes()
    assert set(before) == {"tandem.sqlite", "keys.sqlite", "master.key", "push.key", "demo-password"}
    assert "is not empty" in filled.refuses("demo", "fill")
    assert filled.hashes() == before
    assert filled("demo", "password").out.strip() == PASSWORD


def test_a_code_is_printed_alone_so_that_a_script_can_use_it(program: Program) -> None:
    answer = program("demo", "code", "Prescriber@demo.example")
    assert answer.code == 0
    assert answer.out.strip().isdecimal()
    assert len(answer.out.strip()) == 6
    assert "more seconds" in answer.err
    assert "choose one of admin, prescriber" in program.refuses("demo", "code", "patient")


def test_a_changed_password_reaches_every_account(filled: Program) -> None:
    assert filled("demo", "password", DEMO_PASSWORD="other words for tests").out.strip() == "other words for tests"
    assert filled("demo", "password").out.strip() == "other words for tests"
    assert mode(filled.instance / "demo-password") == 0o600


# --------------------------------------------------------------------------------------------------- a real practice
def test_a_practice_is_set_up_with_a_key_of_its_own_and_refuses_the_demonstration(
    program: Program, tmp_path: Path
) -> None:
    key = tmp_path / "master.key"
    assert "needs its own master key" in program.refuses("init", *INIT, *EMAIL)
    assert not program.instance.exists()

    made = program("init", "--new-key", str(key))
    assert made.code == 0
    assert key.read_text() not in made.out + made.err
    assert mode(key) == 0o600
    before = key.read_bytes()
    assert "is there already" in program.refuses("init", "--new-key", str(key))
    assert key.read_bytes() == before

    program.settings["MASTER_KEY"] = str(key)
    link = program("init", *INIT, *EMAIL)
    assert link.code == 0, link
    address, _, token = link.out.strip().rpartition("/join/")
    assert address == f"http://localhost:{program.settings['PORT']}"
    assert len(token) >= 43

    before_refusals = program.hashes()
    assert "set up already" in program.refuses("init", *INIT, *EMAIL)
    assert "is not empty" in program.refuses("demo", "fill")
    assert "no demonstration" in program.refuses("demo", "password")
    assert program.hashes() == before_refusals

    another = program("invite", "--administrator", "Ida Falk", "--email", "ida@care.example.org")
    assert another.code == 0, another
    assert another.out.strip() != link.out.strip()
    with closing(sqlite3.connect(program.instance / "tandem.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM mail_message WHERE state = 'queued'").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM person WHERE role = 'administrator'").fetchone() == (2,)
        assert connection.execute("SELECT kind FROM installation").fetchall() == [("real",)]


def test_the_demonstration_never_becomes_a_practice(filled: Program) -> None:
    own = filled.instance / "master.key"
    before = filled.hashes()
    by_place = filled.refuses("init", *INIT, *EMAIL, MASTER_KEY=str(own))
    by_content = filled.refuses("init", *INIT, *EMAIL, MASTER_KEY=own.read_text().strip())
    assert "the demonstration's key" in by_place
    assert by_content == by_place
    # Even with the key moved away, the database stays what it is.
    moved = filled.instance.parent / "moved.key"
    shutil.move(own, moved)
    assert "holds the demonstration" in filled.refuses("init", *INIT, *EMAIL, MASTER_KEY=str(moved))
    shutil.move(moved, own)
    assert filled.hashes() == before


def test_an_empty_database_behind_a_public_address_is_not_filled(program: Program) -> None:
    public = {"BASE_URL": "https://care.example.org"}
    assert "There is no master key" in program.refuses("run", **public)
    assert not program.instance.exists()
    assert "The database is empty" in program.refuses("run", MASTER_KEY=make_master_key(), **public)


# ------------------------------------------------------------------------------------------ keys and databases missing
def test_a_wrong_master_key_is_refused_and_nothing_is_overwritten(filled: Program) -> None:
    before = filled.hashes()
    for words in (["run"], ["migrate"], ["audit", "verify"], ["demo", "fill"]):
        assert "does not open the key store" in filled.refuses(*words, MASTER_KEY=make_master_key())
        assert filled.hashes() == before


def test_a_missing_master_key_is_refused_and_none_is_made(filled: Program) -> None:
    (filled.instance / "master.key").unlink()
    before = filled.hashes()
    for words in (["run"], ["demo", "fill"]):
        assert "its master key is missing" in filled.refuses(*words)
    for words in (["worker"], ["migrate"], ["audit", "verify"]):
        assert "There is no master key" in filled.refuses(*words)
    assert filled.hashes() == before


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        pytest.param("tandem.sqlite", "its database is missing: put the database back", id="database"),
        pytest.param("keys.sqlite", "its key store is missing: put the key store back", id="key store"),
    ],
)
def test_a_lost_database_is_not_replaced_by_an_empty_one(filled: Program, lost: str, said: str) -> None:
    for file in filled.instance.glob(f"{lost}*"):
        file.unlink()
    before = filled.hashes()
    for words in (["migrate"], ["demo", "fill"]):
        assert said in filled.refuses(*words)
    assert filled.hashes() == before
    assert not (filled.instance / lost).exists()


def test_an_empty_file_in_the_place_of_a_lost_database_is_refused(filled: Program) -> None:
    for file in filled.instance.glob("tandem.sqlite*"):
        file.unlink()
    (filled.instance / "tandem.sqlite").touch(mode=0o600)
    before = filled.hashes()
    for words in (["migrate"], ["run"], ["demo", "fill"]):
        assert "its database is empty: put the database back" in filled.refuses(*words)
    wrong = filled("diagnose")
    assert wrong.code == 1
    assert "migration none of" in wrong.out
    assert {**filled.hashes(), "tandem.sqlite": ""} == {**before, "tandem.sqlite": ""}


@pytest.mark.parametrize("lost", ["tandem.sqlite", "keys.sqlite"])
def test_no_command_makes_a_database_in_the_place_of_a_lost_one(filled: Program, lost: str) -> None:
    for file in filled.instance.glob(f"{lost}*"):
        file.unlink()
    for words in (["migrate"], ["run"], ["worker"], ["audit", "verify"], ["demo", "password"]):
        assert "missing" in filled.refuses(*words)
    assert filled("diagnose").code == 1
    assert not (filled.instance / lost).exists()


def test_a_damaged_database_is_refused(filled: Program) -> None:
    (filled.instance / "tandem.sqlite").write_bytes(b"These are other words. " * 1000)
    before = filled.hashes()
    assert "damaged or not a database" in filled.refuses("migrate")
    assert filled.hashes() == before


def test_a_locked_database_is_refused(program: Program) -> None:
    program.settings["MASTER_KEY"] = make_master_key()
    assert program("migrate").code == 0
    with closing(sqlite3.connect(program.instance / "tandem.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "The database is locked by another program" in program.refuses("demo", "fill")
    assert program("demo", "fill").code == 0


@contextmanager
def without_rights() -> Iterator[None]:
    """Go on as a user who owns nothing; the superuser may write to everything."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_database_is_refused(
    filled: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with tempfile.TemporaryDirectory(prefix="tandem-read-only-") as name:
        folder = Path(name)
        for file in filled.instance.iterdir():
            shutil.copy(file, folder)
            (folder / file.name).chmod(0o444)
        folder.chmod(0o555)
        for setting, value in filled.environment(INSTANCE_PATH=name).items():
            monkeypatch.setenv(setting, value)
        for command in ("run", "migrate"):
            with without_rights(), pytest.raises(SystemExit) as left:
                cli.main([command])
            assert left.value.code == 1
            complaint = capsys.readouterr().err
            assert complaint.startswith("tandem: The key store is read-only; give this user the right to write")
            assert complaint.count("\n") == 1
        folder.chmod(0o700)


# ------------------------------------------------------------------------------------------------------ looking after
def test_diagnose_finds_what_is_wrong_and_tells_no_secret(filled: Program) -> None:
    fine = filled("diagnose", SMTP_HOST="mail.example.org", SMTP_PASSWORD="quite secret", METRICS_TOKEN="also secret")
    assert fine.code == 0, fine
    secrets = [(filled.instance / "master.key").read_text().strip(), PASSWORD, "quite secret", "also secret"]
    assert not [secret for secret in secrets if secret in fine.out + fine.err]
    for words in ("migration 0001 of 0001", "mail.example.org:587, starttls", "a demonstration", "time zones known"):
        assert words in fine.out
    (filled.instance / "tandem.sqlite").unlink()
    wrong = filled("diagnose")
    assert wrong.code == 1
    assert "FAULT  database" in wrong.out


def test_audit_verify_finds_a_changed_record(filled: Program) -> None:
    assert filled("audit", "verify").out == "4 patients, 0 records, 0 faults.\n"
    store = open_store(Config(instance=filled.instance))
    with store.work(writes=True):
        patient = db().scalars(select(Person).where(Person.role == Role.PATIENT)).first()
        reader = db().scalars(select(Person).where(Person.role == Role.CLINICIAN)).first()
        assert patient is not None
        assert reader is not None
        reading = access_log.Reading(
            practice_id=patient.practice_id,
            patient_id=patient.id,
            viewer_id=reader.id,
            viewer_role=reader.role,
            kind=AccessKind.DETAIL,
            categories=("mood",),
        )
        access_log.record([reading, reading])
    store.close()
    assert filled("audit", "anchor").out == "4 chains anchored.\n"
    assert filled("audit", "verify").out == "4 patients, 2 records, 0 faults.\n"
    with closing(sqlite3.connect(filled.instance / "tandem.sqlite")) as connection:
        connection.execute("UPDATE access_record SET viewer_role = 'supporter' WHERE seq = 2")
        connection.commit()
    found = filled("audit", "verify")
    assert found.code == 1
    assert "record 2 was changed" in found.out
    assert "1 faults." in found.out
