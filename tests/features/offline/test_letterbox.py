"""The letterbox: what was sealed for one person and one entry opens there, unchanged, and nowhere else."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from patient_app.core import letterbox
from patient_app.core.ids import new_id
from patient_app.core.keys import DataKey, make_master_key, read_master_keys
from patient_app.core.letterbox import Unreadable, open_letter, person_tag, public_key, seal_letter
from patient_app.core.work import Store


def _sealed(words: bytes, tag: str, entry_id: object) -> bytes:
    return seal_letter(words, tag, entry_id, public_key(), os.urandom(12))  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(words=st.binary(max_size=2000))
def test_what_was_sealed_for_a_person_and_an_entry_opens_there_and_nowhere_else(store: Store, words: bytes) -> None:
    with store.work(writes=False):
        tag, entry = person_tag(new_id()), new_id()
        letter = _sealed(words, tag, entry)
        assert open_letter(letter, tag, entry) == words
        for other in ((person_tag(new_id()), entry), (tag, new_id())):
            with pytest.raises(Unreadable):
                open_letter(letter, *other)


def test_a_changed_or_cut_letter_does_not_open(store: Store) -> None:
    with store.work(writes=False):
        tag, entry = person_tag(new_id()), new_id()
        letter = _sealed(b"slept badly", tag, entry)
        for place in range(len(letter)):
            changed = letter[:place] + bytes([letter[place] ^ 1]) + letter[place + 1 :]
            with pytest.raises(Unreadable):
                open_letter(changed, tag, entry)
            with pytest.raises(Unreadable):
                open_letter(letter[:place], tag, entry)


def test_the_public_key_stays_the_same_and_another_installation_has_another(store: Store) -> None:
    with store.work(writes=False):
        first = public_key()
        letterbox._public_keys.clear()
        assert public_key() == first
        ours = store.vault.system_key()
        other = DataKey(new_id(), ours.subject_id, read_master_keys(make_master_key())[0].secret)
        assert letterbox._private_key(other).private_numbers() != letterbox._private_key(ours).private_numbers()


def test_the_tag_of_a_person_is_not_made_of_their_id_alone(store: Store) -> None:
    person = new_id()
    with store.work(writes=False):
        tag = person_tag(person)
    assert len(tag) == 16
    assert person.hex not in tag
