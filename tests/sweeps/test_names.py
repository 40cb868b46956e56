"""People are shown by the name they want to be called wherever that was promised, and by another only where it must be.

That those words stand nowhere else is held by `test_canaries`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import patient_app
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage, staged
from tests.sweeps.test_canaries import canaries_in
from tests.sweeps.world import CANARIES, QUERIES, World

Pages = Callable[[str], dict[str, set[str]]]
HERE = Path(patient_app.__file__).parent
# Where the name of an account stands, beside the other: before something is signed, in the list of the staff for
# who keeps it, and on one's own page about it, which says what is shown without.
ACCOUNT_NAMES = {
    "owner": {"/settings/quiet/tell", "/sharing/new"},
    "other": {"/sharing/new"},
    "admin": {"/practice", "/practice/staff"},
    "c-with": {"/settings/called"},
}
# Who opens the name of an account, or asks for that of a row.
OPENS_ACCOUNT_NAMES = {
    "accounts/identity.py",  # Who is asking.
    "accounts/models.py",
    "accounts/names.py",
    "accounts/supporters.py",  # The patient's own word for a supporter, under the patient's key.
    "appointments/said.py",  # Asks for another row of the table; `names` opens it.
    "consent/receipts.py",  # As `accounts/supporters.py`.
    # Patients, as staff read of them.
    "reading/caseload.py",
    "reading/people.py",
}
# The patient's own pages on which the name in the chart stands: as the signature, and where they choose who sees which.
CHART_NAMES = {
    "/settings/quiet/tell",
    "/sharing",
    "/sharing/consents/<uuid:consent_id>",
    "/sharing/new",
    "/sharing/supporters/<uuid:link_id>/name",
    "/sharing/supporters/new",
}


@pytest.fixture(scope="module")
def stage(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(original_world, tmp_path_factory.mktemp("copy") / "instance") as found:
        yield found


@pytest.fixture(scope="module")
def pages(stage: Stage) -> Pages:
    """Give, for somebody in a situation, the words that each page holds which they can open, by route."""

    @cache
    def seen(situation: str) -> dict[str, set[str]]:
        found = {}
        for rule, method in access_table.routes(stage.app):
            if method == "GET" and rule.endpoint != "static_files":
                address = stage.world.address(rule)
                page = stage.client(situation).get(address, query_string=QUERIES.get(rule.rule))
                found[rule.rule] = canaries_in(page)
        return found

    return seen


@pytest.mark.parametrize("situation", ["owner", "other", "admin", "c-with"])
def test_a_clinician_is_shown_by_the_name_they_chose(pages: Pages, situation: str) -> None:
    """To patients, colleagues and the front desk; by that of the account only on the pages that say so."""
    own = pages(situation)
    assert {rule for rule, words in own.items() if "staff_name" in words} == ACCOUNT_NAMES[situation]
    assert all("staff_called" in own[rule] for rule in ACCOUNT_NAMES[situation])
    assert len([rule for rule, words in own.items() if "staff_called" in words]) >= 3


def test_who_is_introduced_is_introduced_with_their_pronouns(pages: Pages) -> None:
    """And in no other line."""
    expected = {
        "owner": {"/settings/quiet/tell", "/sharing", "/sharing/new", "/sharing/preview"},
        "admin": {"/practice", "/practice/people/<uuid:person_id>", "/practice/staff"},
        "c-with": {"/settings/called"},
    }
    for situation, routes in expected.items():
        own = pages(situation)
        assert {rule for rule, words in own.items() if "staff_pronouns" in words} == routes, situation


def test_what_a_clinician_gave_wrote_and_read_is_under_the_name_they_chose(pages: Pages) -> None:
    own = pages("owner")
    for route in (
        "/appointments",
        "/appointments/to-raise",
        "/check-in/<uuid:entry_id>",
        "/learn/given",
        "/medications",
        "/medications/<uuid:medicine_id>",
        "/medications/side-effects/<uuid:effect_id>",
        "/sharing",
        "/sharing/preview",
        "/skills/assigned/<uuid:assignment_id>",
        "/skills/runs/<uuid:run_id>",
    ):
        assert "staff_called" in own[route], route


def test_a_patient_is_greeted_by_the_name_they_chose(pages: Pages) -> None:
    own = pages("owner")
    for route in ("/today", "/simple"):
        assert "called" in own[route], route
    assert {rule for rule, words in own.items() if "name" in words} == CHART_NAMES


@pytest.mark.parametrize("situation", ["c-with", "c-without", "admin"])
def test_wherever_the_practice_reads_a_patients_name_it_reads_how_to_call_them(pages: Pages, situation: str) -> None:
    own = pages(situation)
    named = {rule for rule, words in own.items() if "name" in words}
    called = {rule for rule, words in own.items() if {"name", "called", "pronouns"} <= words}
    assert named - called == ({"/practice/people/<uuid:person_id>/chart"} if situation == "admin" else set())
    assert len(called) >= 5


def test_the_front_desk_finds_a_patient_by_the_name_they_chose(stage: Stage) -> None:
    client = stage.client("admin")
    page = client.post("/practice/patients", data={"words": CANARIES["called"]})
    assert {"name", "called", "pronouns", "chart_number"} <= canaries_in(page)


def test_a_supporter_is_shown_by_the_name_they_chose(pages: Pages) -> None:
    """To whom they support beside that person's own word, and to those who read what they tell; nobody else."""
    own = pages("owner")
    assert {rule for rule, words in own.items() if "supporter_called" in words} == {"/sharing"}
    assert {"supporter_name", "supporter_called", "supporter_pronouns"} <= own["/sharing"]
    worries = {"/team/worries", "/team/worries/<uuid:worry_id>"}
    own = pages("c-with")
    assert {rule for rule, words in own.items() if "supporter_called" in words} == worries
    own = pages("s-with")
    assert {rule for rule, words in own.items() if "supporter_called" in words} == {"/settings", "/settings/called"}


def test_one_place_makes_the_name_of_staff_and_supporters() -> None:
    """Whoever else opens the name of an account names patients, or keeps it."""
    opens = re.compile(r"\bname_sealed\b")
    found = {
        str(path.relative_to(HERE))
        for path in HERE.rglob("*.py")
        if "migrations" not in path.parts and opens.search(path.read_text(encoding="utf-8"))
    }
    assert found == OPENS_ACCOUNT_NAMES
