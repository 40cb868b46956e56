"""The lists of a practice for its administrator: all patients, page by page or looked for, and all of the staff."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request
from flask.typing import ResponseReturnValue

from patient_app.accounts import people
from patient_app.accounts.blueprint import bp
from patient_app.accounts.practice_forms import WORK, FindForm
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page

ON_A_PAGE = 25

_NUMBER = re.compile(r"[0-9]{1,6}")
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Part(Generic[_Row]):
    """One page of a list, and the numbers of the pages beside it."""

    rows: Sequence[_Row]
    total: int
    before: int | None
    after: int | None


def part_of(rows: Sequence[_Row], page: str | None) -> Part[_Row]:
    """Return the page of a list that an address names: the first for no number, the last for one that is too high."""
    last = max(1, -(-len(rows) // ON_A_PAGE))
    number = min(max(int(page), 1), last) if page and _NUMBER.fullmatch(page) else 1
    shown = rows[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    return Part(shown, len(rows), number - 1 or None, number + 1 if number < last else None)


@bp.get("/practice/patients")
@access(Permission.PRACTICE_MANAGE)
def patients() -> ResponseReturnValue:
    """Show all patients of the practice, page by page, and the form that looks for one."""
    part = part_of(people.patients_of(viewer()), request.args.get("page"))
    return render_page("accounts/practice_patients.html", form=FindForm(), part=part)


@bp.post("/practice/patients")
@access(Permission.PRACTICE_MANAGE, reads=True)
def find_patients() -> ResponseReturnValue:
    """Look for patients. The words were sent in a form, so no address, log or history holds a name."""
    form = FindForm()
    if not form.validate():
        part = part_of(people.patients_of(viewer()), None)
        return render_page("accounts/practice_patients.html", form=form, part=part), 422
    found = people.patients_like(viewer(), form.words.data)
    return render_page("accounts/practice_patients.html", form=form, found=found[:ON_A_PAGE], count=len(found))


@bp.get("/practice/staff")
@access(Permission.PRACTICE_MANAGE)
def staff() -> ResponseReturnValue:
    """Show all of the staff, page by page."""
    part = part_of(people.staff_of(viewer()), request.args.get("page"))
    return render_page("accounts/practice_staff_list.html", part=part, work=WORK)
