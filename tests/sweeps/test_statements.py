"""The number of SQL statements of every page is small and does not grow with what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select

from patient_app.accounts.models import Person
from patient_app.core import access, clock
from patient_app.core.access import Permission
from patient_app.core.db import Database
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.medications import dose_log, regimen
from patient_app.medications import doses as day_lists
from patient_app.medications.changing import Author
from patient_app.medications.dose_log import Slot, Told
from patient_app.medications.models import DoseState
from patient_app.medications.schedule import AsNeeded
from tests import factories
from tests.features.medications import regimens
from tests.features.medications.plans import doses
from tests.features.medications.regimens import daily
from tests.page import Page
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.world import DETAIL, QUERIES, World

SITUATIONS = ("owner", "s-with", "c-with", "admin")
MOST = 20
# What the budgets say of the pages that clinicians open most.
# The list asks for one more while a sign waits that cannot.
BUDGETS = {
    "/team": 8,
    "/team/<uuid:patient_id>": 12,
    "/today": 12,
    "/history": 6,
    "/sharing": 12,
    # All that one recipient sees, which they have on eight pages, is on this one.
    "/sharing/preview": 24,
}


class Counter:
    """Counts statements; what only opens and closes a transaction is none."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __call__(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA")):
            self.statements.append(statement)


@contextmanager
def counted(*databases: Database) -> Iterator[Counter]:
    """Count what is said to these databases."""
    counter = Counter()
    for database in databases:
        event.listen(database.engine, "before_cursor_execute", counter)
    yield counter
    for database in databases:
        event.remove(database.engine, "before_cursor_execute", counter)


def measure(stage: Stage, situation: str) -> dict[str, tuple[int, list[str]]]:
    """Return for each page of a situation how many statements its second request says, and which."""
    found = {}
    for rule, method in access_table.routes(stage.app):
        if method != "GET" or rule.endpoint == "static_files" or rule.endpoint.startswith("machines."):
            continue
        client, address = stage.client(situation), stage.world.address(rule)
        client.get(address, query_string=QUERIES.get(rule.rule))
        with counted(stage.store.database, stage.store.keys.database) as counter:
            page: Page = client.get(address, query_string=QUERIES.get(rule.rule))
        if page.status_code == 200:
            found[rule.rule] = (len(counter.statements), counter.statements)
    return found


def grow(store: Store, world: World) -> None:
    """Add much of everything: entries, patients, supporters, staff, sessions, records."""
    people = world.people
    owner, clinician, supporter, administrator = (people[name] for name in ("owner", "c-with", "s-with", "admin"))
    practice = factories.MadePractice(owner.practice_id, "Harbour Practice", owner.zone)
    now = clock.now()
    for number in range(150):
        at = now - timedelta(hours=4 * number)
        factories.make_check_in(store, owner, at=at, mood=3, craving=number % 11, use=False, note=f"entry {number}")
    for number in range(25):
        patient = factories.make_patient(store, practice, name=f"Patient {number}")
        factories.assign_team(store, patient, clinician, administrator)
        factories.tie_supporter(store, patient, supporter)
        factories.give_consent(store, patient, Discipline.PRESCRIBER, DETAIL)
        factories.give_consent(store, patient, supporter, DETAIL)
        factories.make_check_in(store, patient, mood=2)
        factories.tie_supporter(store, owner, factories.make_supporter(store, practice))
        factories.assign_team(store, owner, factories.make_clinician(store, practice), administrator)


@pytest.fixture(scope="module")
def small_and_large(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Stage]]:
    """Return the application over a little and over a lot."""
    small, large = (original_world.copy(tmp_path_factory.mktemp("statements") / "copy") for _ in range(2))
    with small.opened() as (app, store), large.opened() as (large_app, large_store):
        grow(large_store, large)
        yield Stage(small, small, app, store), Stage(large, large, large_app, large_store)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_page_says_as_many_statements_over_a_lot_as_over_a_little(
    small_and_large: tuple[Stage, Stage], situation: str
) -> None:
    small, large = (measure(stage, situation) for stage in small_and_large)
    assert small.keys() == large.keys()
    grown = [
        f"{rule}: {small[rule][0]} statements, and {large[rule][0]} when there is more"
        for rule in small
        if large[rule][0] > small[rule][0] + 1
    ]
    assert not grown, "\n".join(grown)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_page_says_more_than_a_few_statements(small_and_large: tuple[Stage, Stage], situation: str) -> None:
    many = [
        f"{rule}: {count} statements\n    " + "\n    ".join(line.replace("\n", " ")[:150] for line in statements)
        for rule, (count, statements) in measure(small_and_large[1], situation).items()
        if count > BUDGETS.get(rule, MOST)
    ]
    assert not many, "\n".join(many)


def test_the_list_of_a_day_is_two_statements_whatever_is_on_it(store: Store) -> None:
    """One for the regimen (versions, answers, the person's hours), one for what is logged; of a past day as well."""
    patient = factories.make_patient(store, factories.make_practice(store))
    doctor = factories.make_clinician(store, factories.MadePractice(patient.practice_id, "x", patient.zone))
    now = clock.moment(clock.now(), patient.zone)
    began = clock.moment(clock.now() - timedelta(days=20), patient.zone)
    start = began.local_date.isoformat()
    for plan in (None, None, AsNeeded(Decimal(1), 2, 60)):
        schedule = daily(*doses("breakfast", "21:00"), start=start, plan=plan)
        regimens.started(store, patient, schedule, began, author=Author.prescriber(doctor.viewer, patient.id))
    with store.work(writes=True):
        for medicine in regimen.own_medicines(patient.viewer)[:2]:
            for state in (DoseState.TAKEN, DoseState.SKIPPED):
                slot = Slot(medicine.id, now.local_date, "breakfast" if state is DoseState.TAKEN else "21:00")
                dose_log.log_due(patient.viewer, new_id(), {slot: Told(state, now)}, now)
    for day in (now.day, now.day - timedelta(days=1)):
        with store.work(writes=False), counted(store.database) as counter:
            listed = day_lists.on_date(patient.viewer, day, clock.now())
        assert (len(listed.lines), len(listed.as_needed)) == (4, 1)
        assert len(counter.statements) == 2, counter.statements


def test_a_planted_page_that_asks_for_each_row_is_seen(
    original_world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copied = original_world.copy(tmp_path_factory.mktemp("planted") / "copy")
    with copied.opened() as (app, store):

        @access.access(Permission.PUBLIC)
        def careless() -> str:
            ids = list(db().scalars(select(Person.id)))
            return " ".join(str(db().scalar(select(Person.state).where(Person.id == one))) for one in ids)

        app.add_url_rule("/planted", "planted", careless)
        stage = Stage(copied, copied, app, store)
        before = measure(stage, "owner")["/planted"][0]
        factories.make_patient(store, factories.MadePractice(copied.people["owner"].practice_id, "x", "UTC"))
        assert measure(stage, "owner")["/planted"][0] == before + 1 > MOST
