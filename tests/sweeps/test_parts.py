"""Parts of pages: the same words as on the whole page, for the same people, with the same access records."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from xml.etree.ElementTree import Element, tostring

import pytest
from sqlalchemy import select

from patient_app.access_log.models import AccessRecord
from patient_app.core import headers
from patient_app.core.work import db
from tests.page import ASKING_FOR_PART, HEADERS, POLICY_WITH_PARTS, Client, Page, PageBroken, check
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "patient_app" / "static" / "vendor"
# Of files of others, exactly as they were published.
PUBLISHED = {"htmx-4.0.1.esm.min.js": "df982506d1529a193f6073f568ec821d4ae8db761bdb0ef07bd6a3d5eace0b2e"}
FRESH_ID = re.compile(r'value="[0-9a-f]{8}-[0-9a-f-]{27}"')  # A form's own id, made anew for each page.


def address(stage: Stage, endpoint: str) -> str:
    """Return the address of a route, with the owner's own objects in it."""
    (rule,) = (rule for rule in stage.app.url_map.iter_rules() if rule.endpoint == endpoint)
    return stage.world.address(rule)


PAGES = [
    ("owner", "checkins.history", "", ["history", "notice"]),
    ("owner", "checkins.history", "?period=7", ["history", "notice"]),
    ("owner", "checkins.history", "?month=2026-01", ["history", "notice"]),
    ("owner", "checkins.history", "?day=2026-01-10", ["history", "notice"]),
    ("owner", "checkins.show_search", "", ["history", "notice"]),
    ("owner", "checkins.show_check_in", "?done=private", ["who-sees", "notice"]),
    ("c-with", "care_team.patient_page", "?done=reviewed", ["shared", "team-side", "notice"]),
    ("c-without", "care_team.patient_page", "", ["shared", "team-side", "notice"]),
]


def drawn(page: Page, name: str) -> str:
    """Return an element as it stands in an answer, without what is fresh each time."""
    found = page.by_id(name)
    assert isinstance(found, Element), f"{page.request.path} has no #{name}"
    found.tail = None
    return FRESH_ID.sub("", tostring(found, encoding="unicode"))


@pytest.mark.parametrize(("situation", "endpoint", "query", "parts"), PAGES)
def test_a_part_is_what_stands_in_the_whole_page(
    stage: Stage, situation: str, endpoint: str, query: str, parts: list[str]
) -> None:
    client, where = stage.client(situation, checked=True), address(stage, endpoint) + query
    client.get(where)  # What is new the first time is not new the second.
    whole, part = client.get(where), client.get(where, headers=ASKING_FOR_PART)
    assert (whole.is_part, part.is_part) == (False, True)
    assert (whole.status_code, part.status_code) == (200, 200)
    assert part.title == whole.title
    assert [drawn(part, name) for name in parts] == [drawn(whole, name) for name in parts]
    body = part.one("body")
    assert [element.get("id") for element in body] == parts
    assert len(part.get_data()) < len(whole.get_data())
    for page in (whole, part):
        assert "HX-Request" in page.vary
        assert page.headers["Cache-Control"] == "no-store"
    assert whole.headers["Content-Security-Policy"] == POLICY_WITH_PARTS
    assert part.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]


def records(stage: Stage) -> list[tuple[object, ...]]:
    """Return all that the access records say, but for when and under which number."""
    kept = [
        column for column in AccessRecord.__table__.columns if column.name not in {"id", "seq", "recorded_at", "digest"}
    ]
    with stage.store.work(writes=False):
        return [tuple(row) for row in db().execute(select(*kept).order_by(AccessRecord.seq))]


@pytest.mark.parametrize("situation", ["c-with", "c-without", "c-paused", "c-expired", "c-revoked", "c-off", "s-with"])
def test_a_part_is_decided_and_recorded_as_the_page_is(stage: Stage, situation: str) -> None:
    where, found = address(stage, "care_team.patient_page"), []
    for asked in ({}, ASKING_FOR_PART):
        stage.reset()
        before = len(records(stage))
        page = stage.client(situation, checked=True).get(where, headers=asked)
        words = drawn(page, "shared") if page.status_code == 200 else page.words
        found.append((page.status_code, words, records(stage)[before:]))
    assert found[0] == found[1]
    assert len(found[1][2]) == (found[1][0] == 200)


@pytest.mark.parametrize(
    ("situation", "endpoint", "data", "parts"),
    [
        ("owner", "checkins.search_notes", {"words": ""}, ["history", "notice"]),
        ("c-with", "care_team.leave_note", {"words": "Called", "id": "x"}, ["shared", "team-side", "notice"]),
        ("c-with", "care_team.mark_reviewed", {"review-id": "x"}, ["shared", "team-side", "notice"]),
    ],
)
def test_a_refused_form_gives_its_part_with_the_words(
    stage: Stage, situation: str, endpoint: str, data: dict[str, str], parts: list[str]
) -> None:
    client, where = stage.client(situation, checked=True), address(stage, endpoint)
    client.get(address(stage, "care_team.patient_page") if situation == "c-with" else "/history/search")
    whole, part = client.post(where, data=data), client.post(where, data=data, headers=ASKING_FOR_PART)
    assert (whole.status_code, part.status_code) == (422, 422)
    assert part.is_part
    assert part.errors == whole.errors
    assert [drawn(part, name) for name in parts] == [drawn(whole, name) for name in parts]
    if "id" in data:
        assert "Called" in part.html
    stage.reset()


@pytest.mark.parametrize("asked", [{}, {"HX-Request": "true"}, {"HX-Request": "true", "HX-Request-Type": "full"}])
def test_who_does_not_ask_for_a_part_gets_the_page(stage: Stage, asked: dict[str, str]) -> None:
    page = stage.client("owner", checked=True).get("/history", headers=asked)
    assert not page.is_part
    assert page.heading == "History"


def test_what_is_not_a_part_never_says_that_it_is_one(stage: Stage) -> None:
    """Refusals, pages to sign in, faults and pages without parts, all asked for as parts."""
    for situation in ("anonymous", "owner", "c-with", "in-question"):
        client: Client = stage.client(situation)
        for rule, method in access_table.routes(stage.app):
            if method == "GET" and rule.endpoint not in headers.WITH_PARTS:
                page = client.get(stage.world.address(rule), headers=ASKING_FOR_PART)
                assert not page.is_part, (situation, rule.rule)
                assert "tandem-parts" not in page.headers["Content-Security-Policy"]
    for situation in ("anonymous", "s-with", "admin"):
        for endpoint in {endpoint for _, endpoint, _, _ in PAGES}:
            page = stage.client(situation, checked=True).get(address(stage, endpoint), headers=ASKING_FOR_PART)
            assert not page.is_part
            assert page.status_code in {303, 404}
            assert page.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
            assert "HX-Request" in page.vary


def test_every_address_with_parts_is_there() -> None:
    assert headers.CONTENT_SECURITY_POLICY_WITH_PARTS == POLICY_WITH_PARTS
    assert HEADERS["Content-Security-Policy"] == headers.CONTENT_SECURITY_POLICY


def test_files_of_others_are_as_they_were_published() -> None:
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.iterdir() if path.suffix != ".md"
    }
    assert found == PUBLISHED
    told = (VENDOR / "README.md").read_text(encoding="utf-8")
    reasons = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    assert all(name in told for name in PUBLISHED)
    assert "htmx 4.0.1" in reasons
    assert "Zero-Clause BSD" in told


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ('<a href="/today" hx-get="/sharing">x</a>', "asks htmx for"),
        ('<form method="post" action="/a" hx-post="/b"></form>', "asks htmx for"),
        ('<button hx-post="/a">x</button>', "asks htmx for"),
        ('<div hx-get="/a"></div>', "asks htmx for"),
        ('<a href="/a" hx-get="/a" hx-trigger="load">x</a>', "hx-trigger on <a>"),
        ('<a href="/a" hx-delete="/a">x</a>', "hx-delete on <a>"),
        ('<a href="/a" data-hx-get="/a">x</a>', "data-hx-get on <a>"),
        ('<p hx-vals="js:x()"></p>', "hx-vals on <p>"),
        ('<div hx-target:inherited="#nowhere"></div>', "no element has this id"),
    ],
)
def test_a_planted_fault_of_a_part_is_seen(stage: Stage, part: str, said: str) -> None:
    page = stage.client("owner").get("/history")
    page.set_data(page.html.replace("<h1>", f"{part}<h1>"))
    with pytest.raises(PageBroken, match=said):
        check(page, stage.world.config.quick_exit_url)


def test_a_page_that_uses_htmx_without_loading_it_is_seen(stage: Stage) -> None:
    page = stage.client("owner").get("/today")
    page.set_data(page.html.replace("<h1>", '<a href="/a" hx-get="/a">x</a><h1>'))
    with pytest.raises(PageBroken, match="does not load htmx"):
        check(page, stage.world.config.quick_exit_url)
