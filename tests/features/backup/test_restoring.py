"""Putting a backup back: all of it or nothing, only into an empty place, and nothing old acts from there."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts import links, mail, resets
from patient_app.accounts.models import (
    ClinicCode,
    DeviceSession,
    MailMessage,
    MailState,
    ResetRequest,
    TeamMembership,
)
from patient_app.backup import archive, taking
from patient_app.backup.archive import Kind, Manifest
from patient_app.backup.refused import Refused
from patient_app.checkins.models import CheckInVersion
from patient_app.consent import seals
from patient_app.consent import service as consents
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import age, clock, migrate
from patient_app.core.config import Config, ConfigError
from patient_app.core.db import Database
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all
from patient_app.core.keys import DataKeyRow, KeyGone, KeyKind, make_master_key
from patient_app.core.work import db
from patient_app.factory import create_app
from patient_app.sharing.service import who_looked
from tests import factories
from tests.features.backup.installation import KEY, NOTE, Installed, left_in, opened
from tests.page import Client

pytestmark = pytest.mark.sqlite


def nothing_in(config: Config) -> bool:
    return not config.instance.exists() or left_in(config.instance) == set()


def notes(config: Config) -> list[str | None]:
    with opened(config) as store, store.work(writes=False):
        return [version.note for version in db().scalars(select(CheckInVersion).order_by(CheckInVersion.recorded_at))]


# ------------------------------------------------------------------------------------------------------- what is back
def test_all_that_was_written_is_back_and_opens(installed: Installed) -> None:
    taken = installed.back_up()
    done = installed.restore()
    assert done.made_at <= taken.made_at + timedelta(seconds=5)
    assert (done.keys, done.faults, done.lost) == (taken.keys.name, [], 0)
    assert (done.patients, done.records) == (1, 2)
    assert notes(installed.elsewhere()) == [NOTE]
    assert left_in(installed.elsewhere().instance) == {"tandem.sqlite", "keys.sqlite"}
    assert {file.stat().st_mode & 0o077 for file in installed.elsewhere().instance.iterdir()} == {0}
    with opened(installed.elsewhere()) as store:
        assert access_log.verify(store).faults == seals.verify(store) == []
        assert access_log.anchor(store) == 1
        assert access_log.verify(store).faults == []


def test_nothing_old_opens_or_is_sent(installed: Installed) -> None:
    installed.back_up()
    done = installed.restore()
    assert {name.partition(":")[0]: count for name, count in done.quieted.items()} == {
        "signed-in devices": 1,
        "links and codes": 2,
        "requests for a new password": 1,
        "devices that get messages": 0,
        "answers on notifications": 0,
        "names that supporters see": 0,
        "messages that waited": 1,
        "reminders that waited": 0,
        "reminders by e-mail": 0,
        "consents": 1,
        "places on care teams": 1,
        "days of quiet": 0,
    }
    config = replace(installed.elsewhere(), base_url="http://localhost")
    with opened(config) as store:
        app = create_app(config, store)
        with app.app_context():
            assert mail.deliver_due(store) == 0
            assert resets.handle_requests(store) == 0
        assert not (config.instance / "outbox").exists()
        with store.work(writes=False):
            assert links.find_link(installed.link) is None
            assert db().scalars(select(DeviceSession.ended_at)).one() is not None
            assert db().scalars(select(ClinicCode.cancelled_at)).one() is not None
            assert db().scalars(select(ResetRequest.id)).all() == []
            message = db().scalars(select(MailMessage)).one()
            assert (message.state, message.address, message.subject, message.body) == (MailState.FAILED, *[None] * 3)
            member = db().scalars(select(TeamMembership)).one()
            assert (member.shown_at, member.noticed_at) == (None, None)
        client = Client(app)
        client.set_cookie("session", installed.cookie)
        page = client.get("/today")
        assert page.status_code == 303
        assert "/sign-in" in page.location


def test_sharing_waits_for_the_patient_who_is_told_why(
    installed: Installed, set_time: Callable[[datetime | str], None]
) -> None:
    """A consent that was ended after the backup is there again: until the patient says so it opens nothing."""
    installed.back_up()
    with installed.store.work(writes=True):
        consents.end_consent(installed.patient.viewer, installed.consent)
    backed_up = clock.now()
    set_time(backed_up + timedelta(days=2))
    config = replace(installed.elsewhere(), base_url="http://localhost")
    installed.restore(config)
    with opened(config) as store:
        with store.work(writes=False):
            assert db().scalars(select(Consent.state)).one() == ConsentState.PAUSED
        app = create_app(config, store)
        with app.app_context(), store.work(writes=False):
            lines, _ = who_looked(installed.patient.viewer)
        assert "put everything back to an earlier day" in lines[0].text
        assert lines[0].days.startswith("Days: ")
        # Who may not read any more is not even in the list of what the patient would open.
        client = Client(app)
        factories.sign_in_by_form(client, installed.patient)
        page = client.get("/sharing/access-log")
        assert page.status_code == 200
        assert "put everything back" in page.main_words
        assert client.get("/sharing").status_code == 200


def test_a_move_keeps_what_is_shared_and_tells_nobody_of_a_loss(installed: Installed) -> None:
    with opened(installed.config) as store:
        access_log.anchor(store)
    installed.back_up()
    done = installed.restore(nothing_lost=True)
    assert done.records == 1
    with opened(installed.elsewhere()) as store, store.work(writes=False):
        assert db().scalars(select(Consent.state)).one() == ConsentState.ACTIVE
        assert db().scalars(select(TeamMembership.shown_at)).one() is not None
        assert db().scalars(select(DeviceSession.ended_at)).one() is not None


def test_a_move_is_not_believed_when_records_came_after_the_backup(installed: Installed) -> None:
    installed.back_up()
    installed.read()
    with opened(installed.config) as store:
        access_log.anchor(store)
    installed.back_up().database.unlink()  # Its key store is the newest one.
    with pytest.raises(Refused, match="1 access records came after this backup"):
        installed.restore(nothing_lost=True)
    assert nothing_in(installed.elsewhere())
    assert installed.restore().lost == 1


def test_an_older_backup_is_brought_up_to_this_version(installed: Installed) -> None:
    taken = installed.back_up()
    older = installed.folder / "older.sqlite"
    archive.unpack(taken.database, KEY, older, lambda _done: None)
    database = Database(f"sqlite:///{older}")
    migrate.downgrade("main", database, "0006")
    database.close()
    taken.database.unlink()
    manifest = Manifest(Kind.DATABASE, new_id(), clock.now() - timedelta(minutes=1), "0006")
    archive.pack(
        older,
        taken.database,
        manifest,
        to=KEY.public,
        vault=installed.store.vault,
        progress=lambda _done: None,
    )
    assert installed.restore().faults == []
    assert notes(installed.elsewhere()) == [NOTE]


# ------------------------------------------------------------------------------------------------------ the key store
def test_the_newest_key_store_is_taken_so_a_destroyed_key_stays_destroyed(
    installed: Installed, set_time: Callable[[datetime], None]
) -> None:
    begun = clock.now()
    set_time(begun)
    old = installed.back_up()
    installed.store.keys.destroy(installed.patient.id)
    set_time(begun + timedelta(days=1))
    new = installed.back_up()
    done = installed.restore(database=old.database)
    assert done.keys == new.keys.name
    with pytest.raises(KeyGone):
        notes(installed.elsewhere())


def test_an_older_key_store_is_refused_and_even_by_force_brings_no_destroyed_key_back(
    installed: Installed, set_time: Callable[[datetime], None]
) -> None:
    begun = clock.now()
    set_time(begun)
    old = installed.back_up()
    installed.store.keys.destroy(installed.patient.id)
    set_time(begun + timedelta(days=1))
    installed.back_up().keys.unlink()
    with pytest.raises(Refused, match="is older than the database's"):
        installed.restore()
    assert nothing_in(installed.elsewhere())
    installed.restore(older_keys=old.keys)
    with pytest.raises(KeyGone):
        notes(installed.elsewhere())
    with opened(installed.elsewhere()) as store, store.keys.database.session(writes=False) as session:
        row = session.scalars(select(DataKeyRow).where(DataKeyRow.subject_id == installed.patient.id)).one()
        assert (row.wrapped, row.destroyed_at) == (None, clock.now())


def test_a_key_store_in_its_place_is_the_newest_and_is_kept(installed: Installed) -> None:
    """The database alone is lost, the usual accident: what came after the backup is told, and the chains go on."""
    taken = installed.back_up()
    for _ in range(3):
        installed.read()
    later = factories.make_patient(installed.store, factories.MadePractice(installed.patient.practice_id, "", "UTC"))
    access_log.anchor(installed.store)
    installed.store.close()
    keys = installed.config.instance / "keys.sqlite"
    for file in installed.config.instance.glob("tandem.sqlite*"):
        file.unlink()
    with pytest.raises(Refused, match="no backup is newer than it"):
        installed.restore(installed.config, older_keys=taken.keys)
    inode = keys.stat().st_ino
    done = installed.restore(installed.config)
    assert (done.lost, done.faults, keys.stat().st_ino) == (3, [], inode)
    assert "in its place" in done.keys
    assert notes(installed.config) == [NOTE]
    with opened(installed.config) as store:
        assert access_log.verify(store).faults == []
        access_log.anchor(store)
        assert access_log.verify(store).faults == []
        assert store.keys.of_subject(later.id)  # Whoever came since is not there; their key does no harm.
        with store.work(writes=False):
            kinds = list(db().scalars(select(AccessRecord.kind).order_by(AccessRecord.seq)))
    assert kinds == [AccessKind.DETAIL, AccessKind.RESTORED]


def test_an_empty_key_store_in_the_place_is_not_taken_for_one(installed: Installed) -> None:
    installed.back_up()
    to = installed.elsewhere()
    to.instance.mkdir()
    (to.instance / "keys.sqlite").touch()
    with pytest.raises(ConfigError, match="is empty: move it away"):
        installed.restore(to)
    assert left_in(to.instance) == {"keys.sqlite"}


def test_a_chain_that_was_changed_before_the_backup_is_told(installed: Installed) -> None:
    with installed.store.work(writes=True):
        db().scalars(select(AccessRecord)).one().viewer_role = "supporter"
    installed.back_up()
    assert any("record 1 was changed" in fault for fault in installed.restore().faults)


# ------------------------------------------------------------------------------------------------------ what is refused
@pytest.mark.parametrize("name", ["tandem.sqlite", "tandem.sqlite-wal", "tandem.sqlite-journal", "keys.sqlite-wal"])
def test_only_an_empty_place_is_restored_into(installed: Installed, name: str) -> None:
    """A journal without its database would be played into the new one."""
    installed.back_up()
    to = installed.elsewhere()
    to.instance.mkdir()
    (to.instance / name).write_bytes(b"something")
    with pytest.raises(Refused, match="is there already"):
        installed.restore(to)
    assert [file.name for file in to.instance.iterdir()] == [name]
    assert (to.instance / name).read_bytes() == b"something"


def _cut(file: Path) -> None:
    with file.open("r+b") as opened_file:
        opened_file.truncate(file.stat().st_size // 2)


def _cut_at_a_chunk(file: Path) -> None:
    header = file.read_bytes().index(b"\n", file.read_bytes().index(b"\n---") + 1) + 1 + age.NONCE
    with file.open("r+b") as opened_file:
        opened_file.truncate(header + (age.CHUNK + age.TAG))


def _change(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[-50] ^= 1
    file.write_bytes(bytes(content))


def _continue(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")


def _replace(file: Path) -> None:
    file.write_bytes(b"These are other words. " * 1000)


@pytest.mark.parametrize("harm", [_cut, _cut_at_a_chunk, _change, _continue, _replace])
@pytest.mark.parametrize("kind", ["database", "keys"])
def test_a_damaged_file_is_refused_and_nothing_is_put_in_place(
    installed: Installed, harm: Callable[[Path], None], kind: str
) -> None:
    if kind == "keys":  # More than one chunk.
        installed.store.keys.ensure_many(KeyKind.SUPPORTER, [new_id() for _ in range(500)])
    taken = installed.back_up()
    file = taken.keys if kind == "keys" else taken.database
    harm(file)
    with pytest.raises(Refused, match="is damaged or no backup") as refused:
        installed.restore()
    assert file.name in str(refused.value)
    assert nothing_in(installed.elsewhere())


def test_a_wrong_private_key_is_refused(installed: Installed) -> None:
    installed.back_up()
    with pytest.raises(Refused, match="This private key does not open"):
        installed.restore(key=age.PrivateKey.make())
    assert nothing_in(installed.elsewhere())


def test_a_wrong_master_key_is_noticed_before_anything_is_put_in_place(installed: Installed) -> None:
    installed.back_up()
    with pytest.raises(ConfigError, match="This master key does not open the key store"):
        installed.restore(replace(installed.elsewhere(), master_key=make_master_key()))
    assert nothing_in(installed.elsewhere())


def test_what_another_installation_wrote_is_refused(installed: Installed) -> None:
    """Who knows the public key, and it is no secret, can make a file that opens; the seal they cannot make."""
    taken = installed.back_up()
    changed = installed.folder / "changed.sqlite"
    unpacked = archive.unpack(taken.database, KEY, changed, lambda _done: None)
    with closing(sqlite3.connect(changed)) as connection:
        connection.execute("UPDATE person SET password_hash = 'a hash of mine'")
        connection.commit()
    other = Config(instance=installed.folder / "other", master_key=make_master_key())
    migrate_all(other)
    taken.database.unlink()
    with opened(other) as theirs:
        archive.pack(
            changed,
            taken.database,
            unpacked.manifest,
            to=KEY.public,
            vault=theirs.vault,
            progress=lambda _done: None,
        )
    with pytest.raises(Refused, match="was not made by the installation of this key store"):
        installed.restore()
    assert nothing_in(installed.elsewhere())


def test_files_in_the_wrong_folder_are_refused(installed: Installed) -> None:
    taken = installed.back_up()
    with pytest.raises(Refused, match="holds no database"):
        installed.restore(database=taken.keys)
    with pytest.raises(Refused, match="holds no key store"):
        installed.restore(older_keys=taken.database)
    assert nothing_in(installed.elsewhere())


@pytest.mark.parametrize("kind", list(Kind))
def test_a_newer_version_is_refused(installed: Installed, kind: Kind, tmp_path: Path) -> None:
    taken = installed.back_up()
    file = taken.keys if kind is Kind.KEYS else taken.database
    plain = tmp_path / "plain.sqlite"
    unpacked = archive.unpack(file, KEY, plain, lambda _done: None)
    file.unlink()
    archive.pack(
        plain,
        file,
        replace(unpacked.manifest, migration="9999"),
        to=KEY.public,
        vault=installed.store.vault,
        progress=lambda _done: None,
    )
    with pytest.raises(Refused, match="is of a newer version"):
        installed.restore()
    assert nothing_in(installed.elsewhere())


def test_a_newer_format_is_refused() -> None:
    newer = Manifest(Kind.KEYS, new_id(), datetime(2030, 1, 1, tzinfo=UTC), "0001").to_json()
    assert Manifest.from_json(newer).kind is Kind.KEYS
    with pytest.raises(Refused, match="newer version of the application"):
        Manifest.from_json(newer.replace(b'"format": 1', b'"format": 2'))


def test_a_folder_without_backups_is_refused(installed: Installed) -> None:
    with pytest.raises(Refused, match="There is no backup of the database in"):
        installed.restore()
    shutil.rmtree(installed.back_up().keys.parent)
    with pytest.raises(Refused, match="There is no backup of the key store in"):
        installed.restore()
    assert nothing_in(installed.elsewhere())


def test_a_restore_can_be_tried_again_after_it_was_cut_off(installed: Installed) -> None:
    """Killed between the two files: the key store is in its place, and is the newest."""
    installed.back_up()
    installed.restore()
    to = installed.elsewhere()
    (to.instance / "tandem.sqlite").unlink()
    (to.instance / taking.ROOM).mkdir()
    (to.instance / taking.ROOM / "database.sqlite").write_bytes(b"half")
    assert installed.restore(to).faults == []
    assert notes(to) == [NOTE]
    assert not (to.instance / taking.ROOM).exists()
