"""The engine of reminders over a hundred thousand of them: what a look costs when nothing is due, and when much is.

The plan of each question is printed beside its time: none of them may go through a table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import Select, insert, text
from sqlalchemy.dialects import sqlite

from bench.ground import Ground
from patient_app.accounts.models import Person, PersonState, Practice
from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.roles import Role
from patient_app.core.work import Store, connection, db
from patient_app.reminders import claiming, engine, making
from patient_app.reminders.models import Kind, Occurrence, Reminder, State, Wording
from patient_app.reminders.schedule import EVERY_DAY

REMINDERS, EACH = 100_000, 10
DUE_AT_ONCE = 2_000
TURNS = 50
# A look every few seconds, all day: it has to cost less than a page.
MOST_LOOK = 1.0
_ROWS_AT_ONCE = 5_000


def scan(ground: Ground) -> None:
    """Fill a database of its own, and look: with nothing due, with one batch due, and for what waits to be sent."""
    report = ground.report
    with _filled(ground) as (store, now):
        page = report.page_microseconds / 1000
        with store.work(writes=False):
            report.add("reminders-look-nothing-due", _time(lambda: making.has_due(now)) / page, "x-page", MOST_LOOK)
            waiting = _time(lambda: connection().scalar(claiming.ANY_DUE, {"now": now}))
            report.add("reminders-look-nothing-to-send", waiting / page, "x-page", MOST_LOOK)
            for name, statement in (("due", making.DUE), ("to-send", claiming.CLAIM)):
                plan = _plan(statement)
                for line in plan:
                    report.note(f"reminders-{name}: {line}")
                gone_through = sum(line.startswith("SCAN") for line in plan)
                report.add(f"reminders-{name}-goes-through", gone_through, "tables", 0)
        due = now + timedelta(days=1)
        begun = time.process_time()
        made = engine.make_due(store, due)
        seconds = time.process_time() - begun
        report.note(f"{made} occurrences made")
        report.add("reminders-made-cpu", 1e6 * seconds / max(1, made), "us")


@contextmanager
def _filled(ground: Ground) -> Iterator[tuple[Store, datetime]]:
    folder = ground.folder / "reminders"
    folder.mkdir()
    config = Config(instance=folder, master_key=ground.config.master_key)
    migrate_all(config)
    store = open_store(config)
    now = clock.now().replace(second=0, microsecond=0)
    try:
        _fill(store, now)
        yield store, now
    finally:
        store.close()


def _fill(store: Store, now: datetime) -> None:
    """Let patients have reminders over the next days, most of them not due tomorrow; and as many that were sent."""
    practice_id = new_id()
    patients = [new_id() for _ in range(REMINDERS // EACH)]
    common = {"practice_id": practice_id, "created_at": now}
    with store.work(writes=True):
        db().add(Practice(id=practice_id, name="bench", zone="UTC", created_at=now))
        db().flush()
        _insert(Person, ({"id": one, "role": Role.PATIENT, "state": PersonState.ACTIVE, **common} for one in patients))
        ids = [(new_id(), patients[number // EACH]) for number in range(REMINDERS)]
        kept = {**common, "kind": Kind.OWN, "weekdays": list(EVERY_DAY), "wording": Wording.DISCREET, "changed_at": now}
        minute = now.hour * 60 + now.minute
        _insert(
            Reminder,
            (
                {
                    "id": one,
                    "patient_id": patient,
                    "times": [minute],
                    "next_at": now + timedelta(days=1 if number < DUE_AT_ONCE else 2),
                    **kept,
                }
                for number, (one, patient) in enumerate(ids)
            ),
        )
        past = now - timedelta(days=1)
        sent = {"practice_id": practice_id, "kind": Kind.OWN, "local_day": past.date(), "slot": str(minute)}
        sent |= {"due_at": past, "until": past + timedelta(hours=2), "state": State.SENT, "act_at": None}
        _insert(
            Occurrence,
            ({"id": new_id(), "patient_id": patient, "reminder_id": one, **sent} for one, patient in ids),
        )


def _insert(table: Any, rows: Iterator[dict[str, Any]]) -> None:
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _ROWS_AT_ONCE:
            connection().execute(insert(table), batch)
            batch = []
    if batch:
        connection().execute(insert(table), batch)


def _time(look: Callable[[], object]) -> float:
    """Return the CPU milliseconds of one look."""
    times = []
    for _turn in range(TURNS):
        begun = time.process_time_ns()
        look()
        times.append((time.process_time_ns() - begun) / 1e6)
    return median(times)


def _plan(statement: Select[*tuple[Any, ...]]) -> list[str]:
    """Return the plan of a statement, a line for each table; what is asked for plays no part in it."""
    compiled = statement.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    asked = text(f"EXPLAIN QUERY PLAN {compiled.string.replace('?', '1')}")
    return [str(row[3]) for row in connection().execute(asked)]
