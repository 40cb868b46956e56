"""Making a backup: it holds what was committed, in a form that this machine cannot read, and leaves nothing plain."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from patient_app.accounts.models import Person, Practice
from patient_app.backup import copying, taking
from patient_app.backup.archive import Progress
from patient_app.backup.refused import Refused
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from tests import factories
from tests.conftest import ROOT, server_environment
from tests.features.backup.installation import KEY, NOTE, Installed, left_in, no_bar, opened

pytestmark = pytest.mark.sqlite
CANARY = b"a name that is not encrypted"


def add_practice(store: Store, name: str) -> None:
    with store.work(writes=True):
        db().add(Practice(id=new_id(), name=name, zone="UTC", created_at=clock.now()))


def practices(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(Practice)) or 0


def test_a_backup_is_two_files_that_nothing_on_this_machine_opens(installed: Installed) -> None:
    add_practice(installed.store, CANARY.decode())
    taken = installed.back_up()
    assert left_in(installed.folder / "backups") == {
        "database",
        "keys",
        f"database/{taken.database.name}",
        f"keys/{taken.keys.name}",
    }
    for file in (taken.database, taken.keys):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        content = file.read_bytes()
        for plain in (CANARY, NOTE.encode(), b"SQLite format 3", KEY.public.raw, b"manifest"):
            assert plain not in content
    assert left_in(installed.config.instance) == {"tandem.sqlite", "keys.sqlite"}


def test_writers_go_on_while_it_is_made_and_do_not_make_it_begin_anew(installed: Installed, tmp_path: Path) -> None:
    """The copy is of the moment at which it began, and each of its steps is done once, whoever writes meanwhile."""
    for number in range(6):
        add_practice(installed.store, f"{number}" * 1024 * 1024)  # Several steps of 2 MiB.
    before, source = practices(installed.store), installed.store.database.file
    assert source is not None
    steps: list[int] = []

    def step(done: int) -> None:
        steps.append(done)
        add_practice(installed.store, f"written during step {len(steps)}")

    copying.copy(source, tmp_path / "copy.sqlite", step)
    assert len(steps) >= 3
    assert practices(installed.store) == before + len(steps)
    assert sum(steps) == (tmp_path / "copy.sqlite").stat().st_size
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as copied:
        assert copied.execute("SELECT count(*) FROM practice").fetchone() == (before,)
        assert copied.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_every_key_of_the_copied_rows_is_in_the_key_store_that_was_copied_later(installed: Installed) -> None:
    """A patient who comes between the two copies: key and person are both whole, or the person is not there yet."""
    made: list[factories.Made] = []

    @contextmanager
    def bar(label: str, _size: int) -> Iterator[Progress]:
        practice = factories.MadePractice(installed.patient.practice_id, "", "UTC")
        made.append(factories.make_patient(installed.store, practice, name=f"During: {label}"))
        yield lambda _done: None

    taking.take(installed.config, installed.folder / "backups", bar)
    assert len(made) == 4
    installed.restore()
    with opened(installed.elsewhere()) as store, store.work(writes=False):
        names = {person.name for person in db().scalars(select(Person))}
        assert installed.patient.name in names
        assert made[0].name in names  # Before the database was copied.
        assert made[2].name not in names


def test_nothing_plain_is_left_by_what_was_killed_before(installed: Installed) -> None:
    room = installed.config.instance / taking.ROOM
    room.mkdir()
    (room / "tandem.sqlite").write_bytes(CANARY)
    installed.back_up()
    assert not room.exists()


def test_one_at_a_time(installed: Installed) -> None:
    source = installed.store.database.file
    assert source is not None
    with copying.workroom(source, taking.ROOM), pytest.raises(Refused, match="Another backup or restore is at work"):
        installed.back_up()
    installed.back_up()


def test_a_file_is_never_overwritten(installed: Installed, set_time: Callable[[datetime], None]) -> None:
    set_time(clock.now())
    taken = installed.back_up()
    before = taken.database.read_bytes(), taken.keys.read_bytes()
    with pytest.raises(Refused, match="is there already; it was left as it is"):
        installed.back_up()
    assert (taken.database.read_bytes(), taken.keys.read_bytes()) == before
    assert len(left_in(installed.folder / "backups")) == 4


def test_backups_of_the_key_store_are_removed_after_two_weeks_those_of_the_database_stay(
    installed: Installed, set_time: Callable[[datetime], None]
) -> None:
    begun = clock.now()
    set_time(begun)
    first = installed.back_up()
    (first.keys.parent / "what-somebody-else-put-here.age").touch()
    set_time(begun + timedelta(days=14))
    assert installed.back_up().removed == ()
    set_time(begun + timedelta(days=14, seconds=1))
    third = installed.back_up()
    assert third.removed == (first.keys,)
    assert third.keys.exists()
    assert len(list(first.keys.parent.iterdir())) == 3
    assert len(list(first.database.parent.iterdir())) == 3


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        pytest.param("", "BACKUP_PUBLIC_KEY is not set", id="none"),
        pytest.param(KEY.text, "holds the private key", id="the private one"),
        pytest.param(KEY.text.lower(), "holds the private key", id="the private one in small letters"),
        pytest.param(KEY.public.text[:-1], "is not a public key", id="cut short"),
    ],
)
def test_without_a_public_key_nothing_is_made(installed: Installed, setting: str, said: str) -> None:
    folder = installed.folder / "backups"
    with pytest.raises(Refused, match=said) as refused:
        taking.take(replace(installed.config, backup_public_key=setting), folder, no_bar)
    assert KEY.text not in str(refused.value)
    assert not folder.exists()


def test_postgresql_is_sent_to_its_own_tools(installed: Installed) -> None:
    address = "postgresql+psycopg://nobody@localhost/nothing"
    for config, to in (
        (replace(installed.config, database_url=address), replace(installed.elsewhere(), database_url=address)),
        (
            replace(installed.config, keys_database_url=address),
            replace(installed.elsewhere(), keys_database_url=address),
        ),
    ):
        with pytest.raises(Refused, match="use pg_dump and pg_restore"):
            taking.take(config, installed.folder / "backups", no_bar)
        with pytest.raises(Refused, match="use pg_dump and pg_restore"):
            installed.restore(to)


def test_a_database_that_is_not_sound_makes_no_backup(installed: Installed) -> None:
    file = installed.store.database.file
    assert file is not None
    installed.store.close()
    with closing(sqlite3.connect(file)) as connection:  # Rows that no index knows.
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("DELETE FROM practice")
        connection.commit()
    with pytest.raises(Refused, match="is not sound"):
        installed.back_up()
    assert left_in(installed.folder / "backups") == {"database", "keys"}
    assert left_in(installed.config.instance) == {"tandem.sqlite", "keys.sqlite"}


@pytest.mark.parametrize("room_for", ["half of the copy", "the copy and not its encryption"])
def test_a_full_disk_leaves_no_half_backup(installed: Installed, room_for: str) -> None:
    """The limit on the size of a file stands for the disk: the same calls fail, at the same places."""
    source = installed.store.database.file
    assert source is not None
    installed.store.close()  # All of it is in the file now.
    size = source.stat().st_size
    limit = size // 2 if room_for.startswith("half") else size
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py"), "backup", str(installed.folder / "backups")],
        env={**server_environment(installed.config), "BACKUP_PUBLIC_KEY": KEY.public.text},
        preexec_fn=lambda: _limit(limit),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.startswith("tandem: ")
    assert done.stderr.count("\n") == 1
    assert left_in(installed.folder / "backups") == {"database", "keys"}
    assert left_in(installed.config.instance) == {"tandem.sqlite", "keys.sqlite"}


def _limit(size: int) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_a_backup_in_use_by_several_writers_restores_what_they_were_told_is_kept(installed: Installed) -> None:
    """Every row that was committed when the backup began is in it, and the copy breaks no row in two."""
    kept: list[str] = []
    faults: list[BaseException] = []
    ends = threading.Event()

    def write(number: int) -> None:
        try:
            for count in range(10_000):
                if ends.is_set():
                    return
                name = f"writer {number}, row {count}"
                add_practice(installed.store, name)
                kept.append(name)
        except BaseException as fault:  # noqa: BLE001 - told to the test below.
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        while len(kept) < 20 and not faults:
            os.sched_yield()
        acknowledged = list(kept)
        installed.back_up()
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    assert not faults
    assert len(kept) > len(acknowledged)
    installed.restore()
    with opened(installed.elsewhere()) as store, store.work(writes=False):
        names = list(db().scalars(select(Practice.name)))
    assert set(acknowledged) <= set(names)
    assert len(names) == len(set(names))
