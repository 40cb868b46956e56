"""Pages and answers against the reference: CPU time as multiples, statements as counts."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import event, select

from bench.cpu import Request, compare
from bench.ground import Ground
from bench.practice import Account
from patient_app.core import letterbox
from patient_app.core.ids import new_id
from patient_app.core.keys import DataKeyRow

MOST_STATEMENTS = 12
PAIRS, QUICK_PAIRS = 80, 15
GROWTH = 1.2


def reference(ground: Ground) -> None:
    """Write what the reference itself costs; the limits in seconds are scaled by its page."""
    pairs = _pairs(ground)
    found = compare(ground.insert, ground.page, pairs)
    empty = compare(Request(ground.reference, "/empty"), ground.page, pairs)
    ground.report.page_microseconds = found.reference_microseconds
    ground.report.add("reference-empty", empty.microseconds, "us")
    ground.report.add("reference-page", found.reference_microseconds, "us")
    ground.report.add("reference-insert", found.microseconds, "us")


def check_in(ground: Ground) -> None:
    """GET /check-in."""
    _page(ground, "check-in", ground.people.three_years, "/check-in", limit=4)


def today(ground: Ground) -> None:
    """GET /today with three years of entries."""
    _page(ground, "today", ground.people.three_years, "/today", limit=6)


def history(ground: Ground) -> None:
    """GET /history with three years of entries."""
    _page(ground, "history", ground.people.three_years, "/history", limit=6)


def help_page(ground: Ground) -> None:
    """GET /help as a stranger; it has no budget of its own and is the page that must never be slow."""
    request = Request(ground.app, "/help")
    _compare(ground, "help", request)
    _count(ground, "help", request)


def entry(ground: Ground) -> None:
    """POST /check-in: durable, with its version row."""
    person = ground.people.crowd[0]
    request = Request(ground.app, "/check-in", "POST", body=check_in_body, headers=ground.cookie(person), expected=303)
    found = compare(request, ground.insert, _pairs(ground))
    ground.report.add("post-check-in", found.ratio, "x-insert", 3)
    ground.report.add("post-check-in-cpu", found.microseconds, "us")
    _count(ground, "post-check-in", request)
    later = Request(
        ground.app,
        "/outbox",
        "POST",
        body=outbox_bodies(ground, person),
        headers=ground.cookie(person),
        content_type="application/json",
    )
    found = compare(later, request, _pairs(ground))
    ground.report.add("post-outbox", found.ratio, "x-post-check-in", 1.5)
    ground.report.add("post-outbox-cpu", found.microseconds, "us")
    _count(ground, "post-outbox", later)


def team(ground: Ground) -> None:
    """GET /team: 200 patients with three years each; the day's access records are written by the first reading."""
    first = ground.request(ground.people.therapist, "/team")  # Fills the practice, which is not what is counted.
    _have_keys(ground)
    _count(ground, "team-first", first, MOST_STATEMENTS)
    _page(ground, "team", ground.people.therapist, "/team", limit=12, statements=MOST_STATEMENTS)
    ground.store.keys._cache.clear()  # Keys are forgotten after a minute, so most readings fetch them.
    _count(ground, "team-without-keys", first, MOST_STATEMENTS)


def _have_keys(ground: Ground) -> None:
    """Let every key be in memory, however long ago the practice was filled."""
    with ground.store.keys.database.session(writes=False) as session:
        subjects = session.scalars(select(DataKeyRow.subject_id)).all()
    ground.store.keys.preload(subjects)


def patient(ground: Ground) -> None:
    """A patient's page with five years of entries; and how it grows with the years."""
    people = ground.people
    page = f"/team/{people.five_years.id}"
    _page(ground, "patient-5-years", people.prescriber, page, limit=15, statements=MOST_STATEMENTS)
    growth = compare(
        ground.request(people.prescriber, page),
        ground.request(people.prescriber, f"/team/{people.one_year.id}"),
        _pairs(ground),
    )
    ground.report.add("patient-5-to-1-years", growth.ratio, "x", GROWTH)


def check_in_body() -> bytes:
    """Return a check-in as the form sends it, with an id of its own."""
    answers = {
        "id": new_id(),
        "zone": "America/New_York",
        "mood": 3,
        "craving": 4,
        "use": "no",
        "note": "Quiet day. Cooked, and then a walk.",
    }
    return urlencode(answers).encode()


def outbox_bodies(ground: Ground, person: Account) -> Callable[[], bytes]:
    """Return what makes a check-in as a phone sends it later, with an id of its own; sealing it is not measured."""
    with ground.store.work(writes=False):
        tag, key = letterbox.person_tag(person.id), letterbox.public_key()

    def body() -> bytes:
        entry_id, now = new_id(), datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        letter = {
            "action": "/check-in",
            "fields": parse_qsl(check_in_body().decode()),
            "made_at": now,
            "zone": "America/New_York",
            "offset": -300,
            "device": str(person.id),
            "device_seq": 1,
        }
        sealed = letterbox.seal_letter(json.dumps(letter).encode(), tag, entry_id, key, os.urandom(12))
        text = base64.urlsafe_b64encode(sealed).decode()
        return json.dumps({"v": 1, "person": tag, "sent_at": now, "id": str(entry_id), "letter": text}).encode()

    return body


def _page(
    ground: Ground, name: str, person: Account, path: str, *, limit: float, statements: int | None = None
) -> None:
    request = ground.request(person, path)
    _compare(ground, name, request, limit)
    _count(ground, name, request, statements)


def _compare(ground: Ground, name: str, request: Request, limit: float | None = None) -> None:
    found = compare(request, ground.page, _pairs(ground))
    ground.report.add(f"get-{name}", found.ratio, "x-page", limit)
    ground.report.add(f"get-{name}-cpu", found.microseconds, "us")


def _count(ground: Ground, name: str, request: Request, limit: int | None = None) -> None:
    with _statements(ground) as count:
        request.call()
    ground.report.add(f"{name}-statements", count(), "statements", limit)


@contextmanager
def _statements(ground: Ground) -> Iterator[Callable[[], int]]:
    """Count what both databases are asked; BEGIN is no question."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            asked.append(statement)

    engines = [ground.store.database.engine, ground.store.keys.database.engine]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield lambda: len(asked)
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
            engine._has_events = False  # Else SQLAlchemy looks for listeners at each statement that is timed later.


def _pairs(ground: Ground) -> int:
    return QUICK_PAIRS if ground.report.quick else PAIRS
