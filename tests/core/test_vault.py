"""Encryption of fields: a ciphertext opens in its own place, unchanged, and nowhere else."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from patient_app.accounts.models import Person
from patient_app.core.db import Database, KeysBase
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyGone, KeyKind, KeyStore, MasterKey, make_master_key, read_master_keys
from patient_app.core.roles import Role
from patient_app.core.vault import Place, SealBroken, Vault
from patient_app.core.work import Store, db
from tests import factories

OWNER, OTHER, ROW = new_id(), new_id(), new_id()
PLACE = Place("check_in_version", "note_sealed", ROW, OWNER)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """Return a vault with the keys of two owners."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('vault') / 'keys.sqlite'}")
    KeysBase.metadata.create_all(database.engine)
    keys = KeyStore(database, read_master_keys(make_master_key()))
    keys.ensure(KeyKind.PATIENT, OWNER)
    keys.ensure(KeyKind.PATIENT, OTHER)
    yield Vault(keys)
    database.close()


@given(text=st.text(max_size=300))
def test_what_was_sealed_opens_again(vault: Vault, text: str) -> None:
    blob = vault.seal(PLACE, text)
    assert vault.open(PLACE, blob) == text
    if len(text) > 3:
        assert text.encode() not in blob


def test_the_same_text_is_sealed_differently_each_time(vault: Vault) -> None:
    blobs = {vault.seal(PLACE, "slept badly") for _ in range(200)}
    assert len(blobs) == 200
    assert len({blob[17:29] for blob in blobs}) == 200


def test_many_open_as_one_does_and_only_in_their_place(vault: Vault) -> None:
    rows = [
        (row, owner, vault.seal(Place("person", "name_sealed", row, owner), f"{row} of {owner}"))
        for row, owner in ((new_id(), OWNER), (new_id(), OTHER), (new_id(), OWNER))
    ]
    empty = (new_id(), OWNER, None)
    expected = [f"{row} of {owner}" for row, owner, _ in rows]
    assert vault.open_all("person", "name_sealed", [*rows, empty]) == [*expected, ""]
    (first, owner, blob), (second, other, _) = rows[0], rows[1]
    for moved in ((second, owner, blob), (first, other, blob), (first, owner, blob[:-1])):
        with pytest.raises(SealBroken):
            vault.open_all("person", "name_sealed", [moved])
    with pytest.raises(SealBroken):
        vault.open_all("person", "email_sealed", rows)
    with pytest.raises(KeyGone):
        vault.open_all("person", "name_sealed", [*rows, (new_id(), new_id(), blob)])


@pytest.mark.parametrize(
    "moved",
    [
        Place("check_in_version", "note_sealed", new_id(), OWNER),
        Place("check_in_version", "other_sealed", ROW, OWNER),
        Place("check_in", "note_sealed", ROW, OWNER),
        Place("check_in_version", "note_sealed", ROW, OTHER),
        Place("check_in_versionnote", "_sealed", ROW, OWNER),
        Place("check_in_version", "note_sealed", OWNER, OWNER),
    ],
    ids=["row", "column", "table", "owner", "names-joined", "row-is-owner"],
)
def test_a_ciphertext_moved_elsewhere_is_refused(vault: Vault, moved: Place) -> None:
    with pytest.raises(SealBroken):
        vault.open(moved, vault.seal(PLACE, "slept badly"))


@given(position=st.integers(min_value=0), bit=st.integers(0, 7), text=st.text(max_size=50))
def test_a_changed_bit_is_refused(vault: Vault, position: int, bit: int, text: str) -> None:
    blob = bytearray(vault.seal(PLACE, text))
    blob[position % len(blob)] ^= 1 << bit
    with pytest.raises(SealBroken):
        vault.open(PLACE, bytes(blob))


@pytest.mark.parametrize("length", [0, 1, 10, 17, 28, 29, 40])
def test_a_shortened_ciphertext_is_refused(vault: Vault, length: int) -> None:
    blob = vault.seal(PLACE, "slept badly")
    with pytest.raises(SealBroken):
        vault.open(PLACE, blob[:length])


def test_the_key_of_a_stranger_is_not_made_by_reading(vault: Vault) -> None:
    with pytest.raises(KeyGone):
        vault.seal(Place("person", "name_sealed", ROW, new_id()), "nobody")


def test_a_lookup_ignores_case_and_spelling_and_depends_on_purpose_and_key(vault: Vault) -> None:
    index = vault.blind_index("sign-in name", "Ann@Example.org")
    assert index == vault.blind_index("sign-in name", "  ann@example.ORG ")
    assert vault.blind_index("sign-in name", "e\u0301") == vault.blind_index("sign-in name", "\u00e9")
    assert index != vault.blind_index("chart number", "Ann@Example.org")
    assert b"example" not in index


def test_a_sealed_attribute_wants_its_row_and_owner_first(store: Store) -> None:
    row = Person(practice_id=new_id(), role=Role.PATIENT)
    with store.work(writes=False), pytest.raises(ValueError, match="Set id and id"):
        row.name = "Ann"


def test_a_ciphertext_moved_between_rows_of_the_database_is_refused(store: Store) -> None:
    practice = factories.make_practice(store)
    first, second = factories.make_patient(store, practice), factories.make_patient(store, practice)
    with store.work(writes=True):
        blob = db().scalar(select(Person.name_sealed).where(Person.id == first.id))
        db().execute(update(Person).where(Person.id == second.id).values(name_sealed=blob))
    with store.work(writes=False):
        assert db().get_one(Person, first.id).name == first.name
        moved = db().get_one(Person, second.id)
        with pytest.raises(SealBroken):
            assert moved.name


def test_an_empty_text_leaves_nothing_to_read(store: Store) -> None:
    practice = factories.make_practice(store)
    person = factories.make_patient(store, practice)
    with store.work(writes=True):
        row = db().get_one(Person, person.id)
        row.name = ""
        assert row.name_sealed is None
        assert row.name is None


def test_keys_do_not_print_their_secrets(vault: Vault) -> None:
    secret = make_master_key()
    (master,) = read_master_keys(secret)
    key = vault.keys.of_subject(OWNER)
    for shown in (repr(master), str(master), repr(key), str(key), repr([master, key])):
        assert secret not in shown
        for raw in (master.secret, key.secret):
            assert base64.b64encode(raw).decode() not in shown
            assert repr(raw)[2:20] not in shown
    assert isinstance(master, MasterKey)


def test_places_with_the_same_joined_names_are_bound_differently() -> None:
    first = Place("ab", "c", uuid.UUID(int=1), uuid.UUID(int=2)).bound()
    second = Place("a", "bc", uuid.UUID(int=1), uuid.UUID(int=2)).bound()
    assert first != second
