"""Copies of SQLite databases in use, and the folder they lie in until they are encrypted or put in place."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from patient_app.backup.archive import Progress
from patient_app.backup.refused import Refused

PAGES_A_STEP = 512
# What SQLite puts beside a database; a journal left from another one would be played into a new one.
BESIDE = ("-wal", "-shm", "-journal")


@contextmanager
def workroom(beside: Path, name: str) -> Iterator[Path]:
    """Give an empty folder for this user only, on the database's own disk; emptied at the end, whatever happens.

    One at a time: raise `Refused` while another backup or restore works there. What a killed one left is removed.
    """
    parent = beside.parent
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    room = parent / name
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("Another backup or restore is at work here; try again when it is done.") from None
        shutil.rmtree(room, ignore_errors=True)
        room.mkdir(mode=0o700)
        try:
            yield room
        finally:
            shutil.rmtree(room, ignore_errors=True)
    finally:
        os.close(descriptor)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what SQLite itself could not do into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise Refused(
            f"SQLite could not go on ({error}); look at the space and the rights of its disk. Nothing was changed."
        ) from None


def copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy a database as it is at this moment, in steps, while others read and write it.

    The moment is held by a reading transaction: nobody waits for it, and whoever writes meanwhile does not make the
    copy begin anew. Raise `Refused` when the copy is not sound.
    """
    with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)) as original:
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_master").fetchone()
        size = int(original.execute("PRAGMA page_size").fetchone()[0])
        done = 0

        def step(_status: int, remaining: int, total: int) -> None:
            nonlocal done
            progress((total - remaining - done) * size)
            done = total - remaining

        with closing(sqlite3.connect(target, isolation_level=None)) as made:
            made.execute("PRAGMA synchronous=OFF")  # Temporary: what is kept is synchronised later.
            original.backup(made, pages=PAGES_A_STEP, progress=step)
        original.execute("COMMIT")
    target.chmod(0o600)
    into_one_file(target)
    check(target)


def into_one_file(database: Path) -> None:
    """Put what stands in journals into the file itself, down to the disk; nobody else may have it open."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE").fetchone()
    with database.open("rb") as file:
        os.fsync(file.fileno())


def check(database: Path) -> None:
    """Raise `Refused` when a database is not sound in itself."""
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            sound = connection.execute("PRAGMA integrity_check(1)").fetchone() == ("ok",)
            sound = sound and connection.execute("PRAGMA foreign_key_check").fetchone() is None
    except sqlite3.DatabaseError:
        sound = False
    if not sound:
        raise Refused(f"The copy of {database.name} is not sound: the database is damaged. Nothing was changed.")


def put(made: Path, place: Path) -> None:
    """Give a finished file its place, down to the disk; never over another one, nor half.

    Raise `Refused` when something is there.
    """
    try:
        try:
            os.link(made, place)
        except OSError as error:
            if isinstance(error, FileExistsError):
                raise
            _copy_across(made, place)  # Another disk, or one without links.
        sync_folder(place.parent)
    except FileExistsError:
        raise Refused(f"{place} is there already; it was left as it is.") from None


def _copy_across(made: Path, place: Path) -> None:
    unfinished = place.with_name(f".{place.name}.part")
    try:
        with (
            made.open("rb") as source,
            os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        ):
            shutil.copyfileobj(source, file)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            raise FileExistsError(place)
        unfinished.rename(place)
    finally:
        unfinished.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make sure that the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
