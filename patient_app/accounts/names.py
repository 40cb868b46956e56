"""How people want to be called, and by which name staff and supporters are shown to others: THE one place for it.

Whoever works at the practice, or supports somebody, is shown by the name they want to be called; if they gave none, by
that of their account. The account's name stays in what is signed and in the chart; the list of who
looked says both. Patients are not named here: for staff `people` and `reading.people` do it, for supporters `seen_as`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from patient_app.accounts.models import Person
from patient_app.accounts.registry import FOR_CHANGE, one_line
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.prepared import Prepared
from patient_app.core.vault import Place
from patient_app.core.work import connection, db, vault

# What a statement asks of somebody whom `shown_in` is to name, and of somebody who is also to be introduced.
COLUMNS = (Person.name_sealed, Person.called_sealed)
WITH_PRONOUNS = (*COLUMNS, Person.pronouns_sealed)
LONGEST_CALLED, LONGEST_PRONOUNS = 80, 40

_ADDRESS = Prepared(select(Person.called_sealed, Person.pronouns_sealed).where(Person.id == bindparam("person_id")))


@dataclass(frozen=True, slots=True)
class Address:
    """How a person wants to be called: a name of their choice and pronouns, or nothing."""

    called: str = ""
    pronouns: str = ""

    def greeting(self, name: str) -> str:
        """Return by what the person is greeted: as they chose; else by the given name of their chart."""
        last, _comma, given = name.partition(",")  # "Vale, Robin" is Robin.
        return self.called or (given.strip() or last.strip()).split(" ")[0]


# --- What others read ---------------------------------------------------------------------------------------------


def shown(person: Person) -> str:
    """Return by which name somebody on the staff, or a supporter, is shown."""
    return person.called or person.name or ""


def shown_in(person_id: uuid.UUID | None, row: Any) -> str:
    """Return the same of a row of `COLUMNS`, and whose it is; nothing for nobody. Raise `KeyGone`."""
    if person_id is None:
        return ""
    return _opened(person_id, "called_sealed", row) or _opened(person_id, "name_sealed", row)


def pronouns_in(person_id: uuid.UUID, row: Any) -> str:
    """Return somebody's pronouns of a row of `WITH_PRONOUNS`, or nothing. Raise `KeyGone`."""
    return _opened(person_id, "pronouns_sealed", row)


def introduced(name: str, pronouns: str | None) -> str:
    """Return a name, with the pronouns in brackets behind it: for the place at which somebody is introduced."""
    return f"{name} ({pronouns})" if pronouns else name


def with_called(name: str, called: str | None) -> str:
    """Return the name of an account, and behind it how the person wants to be called: for lists of the front desk."""
    return f"{name} “{called}”" if called else name


def _opened(person_id: uuid.UUID, column: str, row: Any) -> str:
    blob = getattr(row, column)
    return "" if blob is None else vault().open(Place(Person.__tablename__, column, person_id, person_id), blob)


# --- One's own ----------------------------------------------------------------------------------------------------


def address_of(viewer: Viewer) -> Address:
    """Return how the caller wants to be called."""
    row = _ADDRESS.first(connection(), {"person_id": viewer.id})
    return Address(_opened(viewer.id, "called_sealed", row), _opened(viewer.id, "pronouns_sealed", row))


def choose(viewer: Viewer, chosen: Address) -> None:
    """Keep how the caller, on the staff or a supporter, wants to be called; others read it from the next request on.

    What a patient chooses is kept by `profile`: supporters of theirs see it only where they chose so. Raise `NotFound`
    while it is in question who signed in: nobody is to speak under another's name.
    """
    if viewer.entries_closed_from is not None:
        raise NotFound
    person = db().get_one(Person, viewer.id, with_for_update=FOR_CHANGE)
    person.called, person.pronouns = one_line(chosen.called), one_line(chosen.pronouns)
