"""The key store and the master key: each refusal is one plain sentence, and nothing is overwritten."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, update

from patient_app.core.config import Config, ConfigError
from patient_app.core.ids import new_id
from patient_app.core.installation import make_own_key, migrate_all, open_store, own_key_file
from patient_app.core.keys import (
    SYSTEM_SUBJECT,
    DataKeyRow,
    KeyGone,
    KeyKind,
    KeyStore,
    make_master_key,
    read_master_keys,
)
from patient_app.core.work import Store


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("*")
        if path.is_file() and path.suffix in {".sqlite", ".key"}
    }


def _reason(call: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    return sentence


def test_a_key_is_made_once_and_found_again(store: Store, config: Config) -> None:
    subject = new_id()
    made = store.keys.ensure(KeyKind.PATIENT, subject)
    assert store.keys.ensure(KeyKind.PATIENT, subject) == made
    again = open_store(config)
    assert again.keys.of_subject(subject).secret == made.secret
    again.close()


def test_many_at_once_make_one_key(store: Store, config: Config) -> None:
    subject = new_id()
    stores = [open_store(config) for _ in range(4)]
    start = threading.Barrier(4)
    secrets: list[bytes] = []

    def ensure(one: Store) -> None:
        start.wait()
        secrets.append(one.keys.ensure(KeyKind.PATIENT, subject).secret)

    threads = [threading.Thread(target=ensure, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in stores:
        one.close()
    assert len(secrets) == 4
    assert len(set(secrets)) == 1
    with store.keys.database.session(writes=False) as session:
        assert session.scalar(select(func.count()).select_from(DataKeyRow)) == 1


def test_a_destroyed_key_is_gone_for_good(store: Store, config: Config) -> None:
    subject = new_id()
    store.keys.ensure(KeyKind.PATIENT, subject)
    store.keys.destroy(subject)
    store.keys.destroy(new_id())
    again = open_store(config)
    for keys in (store.keys, again.keys):
        with pytest.raises(KeyGone):
            keys.of_subject(subject)
        with pytest.raises(KeyGone):
            keys.ensure(KeyKind.PATIENT, subject)
    again.close()
    with store.keys.database.session(writes=False) as session:
        row = session.scalars(select(DataKeyRow).where(DataKeyRow.subject_id == subject)).one()
        assert row.wrapped is None
        assert row.destroyed_at is not None


def test_a_destroyed_key_does_not_hinder_the_others(store: Store) -> None:
    kept, gone = new_id(), new_id()
    store.keys.ensure_many(KeyKind.PATIENT, [kept, gone])
    store.keys.destroy(gone)
    store.keys.preload([kept, gone, new_id()])
    assert store.keys.of_subject(kept).subject_id == kept


def test_the_key_of_the_installation_comes_with_the_first_that_is_asked_for(store: Store) -> None:
    subject = new_id()
    store.keys.ensure(KeyKind.SYSTEM, SYSTEM_SUBJECT)
    store.keys.ensure(KeyKind.PATIENT, subject)
    store.keys._cache.clear()
    asked: list[str] = []
    event.listen(store.keys.database.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    assert store.keys.preload([subject]).keys() == {subject}
    once = len(asked)
    assert store.keys.of_subject(SYSTEM_SUBJECT).subject_id == SYSTEM_SUBJECT
    assert len(asked) == once > 0


def test_a_key_leaves_the_memory_after_a_while(store: Store, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    subject = new_id()
    store.keys.ensure(KeyKind.PATIENT, subject)
    other = open_store(config)
    other.keys.destroy(subject)
    other.close()
    assert store.keys.of_subject(subject)
    monkeypatch.setattr("patient_app.core.keys.CACHE_SECONDS", -1.0)
    store.keys._remember(store.keys.of_subject(subject))  # The clock of the cache cannot be moved.
    with pytest.raises(KeyGone):
        store.keys.of_subject(subject)


def test_the_memory_holds_only_so_many_keys(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patient_app.core.keys.CACHE_KEYS", 3)
    subjects = [new_id() for _ in range(10)]
    for subject in subjects:
        store.keys.ensure(KeyKind.PATIENT, subject)
    assert len(store.keys._cache) == 3
    assert store.keys.of_subject(subjects[0]).subject_id == subjects[0]


def test_a_key_moved_to_another_subject_does_not_open(store: Store, config: Config) -> None:
    first, second = new_id(), new_id()
    store.keys.ensure(KeyKind.PATIENT, first)
    store.keys.ensure(KeyKind.PATIENT, second)
    with store.keys.database.session(writes=True) as session:
        wrapped = session.scalar(select(DataKeyRow.wrapped).where(DataKeyRow.subject_id == first))
        session.execute(update(DataKeyRow).where(DataKeyRow.subject_id == second).values(wrapped=wrapped))
        session.commit()
    again = open_store(config)
    assert "damaged" in _reason(lambda: again.keys.of_subject(second))
    again.close()


def test_a_wrong_master_key_is_refused_and_nothing_is_overwritten(store: Store, config: Config) -> None:
    store.keys.ensure(KeyKind.PATIENT, new_id())
    store.close()
    before = _digests(config.instance)
    sentence = _reason(lambda: open_store(replace(config, master_key=make_master_key())))
    assert "does not open the key store" in sentence
    assert _digests(config.instance) == before


def test_a_missing_master_key_is_refused(config: Config, store: Store) -> None:
    store.keys.ensure(KeyKind.PATIENT, new_id())
    store.close()
    before = _digests(config.instance)
    assert "no master key" in _reason(lambda: open_store(replace(config, master_key="")))
    assert "missing" in _reason(lambda: make_own_key(replace(config, master_key="")))
    assert _digests(config.instance) == before
    assert not own_key_file(config).exists()


def test_a_demonstration_makes_its_own_key_once_and_closed_to_others(tmp_path: Path) -> None:
    config = Config(instance=tmp_path / "instance")
    make_own_key(config)
    own = own_key_file(config)
    text = own.read_text(encoding="ascii")
    assert own.stat().st_mode & 0o777 == 0o600
    make_own_key(config)
    assert own.read_text(encoding="ascii") == text
    migrate_all(config)
    opened = open_store(config)
    opened.keys.ensure(KeyKind.PATIENT, new_id())
    opened.close()
    own.unlink()
    assert "missing" in _reason(lambda: make_own_key(config))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (",, ", "empty"),
        ("short", "not 32 bytes"),
        ("!" * 44, "not 32 bytes"),
        ("/nowhere/at/all", "cannot be read"),
        ("file:/nowhere/at/all", "cannot be read"),
    ],
)
def test_a_master_key_that_is_none_is_refused(text: str, said: str) -> None:
    assert said in _reason(lambda: read_master_keys(text))


def test_a_file_of_bytes_is_no_master_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(bytes(range(256)))
    assert "cannot be read" in _reason(lambda: read_master_keys(str(tmp_path / "key")))


def test_the_refusal_of_a_key_does_not_repeat_it() -> None:
    almost = make_master_key()[:-4]
    assert almost not in _reason(lambda: read_master_keys(almost))


def test_master_keys_may_be_several_the_newest_first(tmp_path: Path, store: Store, config: Config) -> None:
    subject = new_id()
    secret = store.keys.ensure(KeyKind.PATIENT, subject).secret
    newest = make_master_key()
    ring = tmp_path / "ring"
    ring.write_text(f"{newest}\n{config.master_key}\n", encoding="ascii")
    both = open_store(replace(config, master_key=str(ring)))
    assert both.keys.of_subject(subject).secret == secret
    later = new_id()
    both.keys.ensure(KeyKind.PATIENT, later)
    with both.keys.database.session(writes=False) as session:
        used = session.scalar(select(DataKeyRow.master_key_id).where(DataKeyRow.subject_id == later))
    assert used == read_master_keys(newest)[0].id
    both.close()
    assert "needs key" in _reason(lambda: open_store(config))


def test_databases_that_are_not_there_are_not_made(tmp_path: Path) -> None:
    config = Config(instance=tmp_path / "nowhere", master_key=make_master_key())
    assert "missing or empty" in _reason(lambda: open_store(config))
    assert not config.instance.exists()


def test_a_database_of_another_version_is_refused(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr("patient_app.core.migrate.head", lambda _which: "9999")
    assert "another version" in _reason(lambda: open_store(config))


@pytest.mark.sqlite
@pytest.mark.parametrize("name", ["tandem.sqlite", "keys.sqlite"])
def test_a_damaged_database_is_refused_and_left_as_it_is(config: Config, name: str) -> None:
    file = config.instance / name
    file.write_bytes(b"not a database at all, " * 200)
    before = file.read_bytes()
    assert "damaged" in _reason(lambda: open_store(config))
    assert "damaged" in _reason(lambda: migrate_all(config))
    assert file.read_bytes() == before


def test_migrating_twice_changes_nothing(config: Config) -> None:
    before = _digests(config.instance)
    migrate_all(config)
    assert _digests(config.instance) == before


def test_a_server_that_is_not_there_is_told(config: Config) -> None:
    unreachable = replace(config, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert "cannot be reached" in _reason(lambda: open_store(unreachable))


def test_only_known_masters_are_used(store: Store) -> None:
    keys = KeyStore(store.keys.database, read_master_keys(make_master_key()))
    store.keys.ensure(KeyKind.STAFF, new_id())
    assert "Nothing was changed" in _reason(keys.check)
