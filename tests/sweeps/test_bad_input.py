"""Every field of every form with everything that can go wrong: a message beside it, words kept, nothing stored."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from werkzeug.wrappers import Request

from patient_app.core import access
from patient_app.core.access import Permission
from patient_app.core.forms import is_control
from patient_app.core.ids import new_id
from tests.page import Client, FormOnPage, Page, PageBroken, text_of
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.world import QUERIES

# Tables that keep books about requests and not what people wrote.
BOOKS = frozenset({"throttle", "device_session", "known_device", "reset_request", "access_record", "access_chain"})
SITUATIONS = ("anonymous", "half-way", "owner", "s-with", "c-with", "admin")
NEVER_KEPT = frozenset({"password", "one-time-code"})
WORDS = frozenset({"text", "email", "tel", "date", "time", None})
ODD_BUT_GOOD = "مرحبا \u2067abc\u2069 👩🏽\u200d🚀 Ω≈ç"
LONG = "x" * 1_000_000
PARSED = 100_000

# What is sent in place of a field's own value.
TEXTS: dict[str, str] = {
    "empty": "",
    "spaces": " \t ",
    "1 MB": LONG,
    "future date": "2999-01-01",
    "no date": "2026-02-30",
    "nothing of the kind": "banana",
    "negative": "-1",
    "huge number": "9" * 400,
    "control characters": "before\x00\x07after",
    "right to left": "مرحبا \u202eabc",
    "emoji": "👩🏽‍🚀🏳️‍🌈",
    "markup": "<script>alert(1)</script>{{ 7*7 }}%s",
    "quotes": "'; DROP TABLE person; --\"",
}


@dataclass(frozen=True)
class Target:
    """A form that a page offers to somebody."""

    situation: str
    page: str
    form: FormOnPage

    @property
    def name(self) -> str:
        """How failures name it."""
        return f"{self.form.action} (from {self.page}, {self.situation})"


def targets(stage: Stage, situation: str) -> Iterator[Target]:
    """Yield each form that any page offers in a situation, each address and set of fields once."""
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for rule, method in access_table.routes(stage.app):
        if method != "GET" or rule.endpoint == "static_files":
            continue
        address = stage.world.address(rule)
        page: Page = stage.client(situation).get(address, query_string=QUERIES.get(rule.rule))
        if not page.is_page or page.status_code != 200:
            continue
        for form in page.forms:
            key = (urlsplit(form.action).path, tuple(form.names))
            if form.method == "post" and key not in seen:
                seen.add(key)
                yield Target(situation, address, form)


def counts(stage: Stage) -> dict[str, int]:
    """Return how many rows each table has that keeps what people wrote."""
    with closing(sqlite3.connect(stage.world.config.instance / "tandem.sqlite")) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - the names of our own tables.
            for table in tables
            if table not in BOOKS
        }


def send(stage: Stage, target: Target, data: dict[str, object]) -> Page:
    """Send a form as it is."""
    client: Client = stage.client(target.situation)
    return client.post(target.form.action, data=data)


def problems_with(stage: Stage, target: Target, field: str, what: str, sent: object) -> list[str]:
    """Send one odd value; return what is wrong with the answer."""
    before = counts(stage)
    data: dict[str, object] = {**target.form.filled(), field: sent}
    page = send(stage, target, data)
    stored = counts(stage) != before
    try:
        return [
            f"{target.name}, {field} = {what}: {problem}"
            for problem in _wrong(page, target.form, field, sent, stored=stored)
        ]
    finally:
        stage.reset()


def _wrong(page: Page, form: FormOnPage, field: str, sent: object, *, stored: bool) -> Iterator[str]:
    if page.status_code >= 500:
        yield f"answered {page.status_code}"
        return
    if page.status_code not in {200, 303, 400, 401, 404, 409, 410, 413, 422, 429}:
        yield f"answered {page.status_code}"
    if page.status_code in {400, 401, 404, 410, 413, 422, 429} and stored:
        yield f"refused with {page.status_code}, and something was stored"
    if page.status_code == 422:
        try:
            yield from _refusal_is_clear(page, form, field, sent)
        except PageBroken as broken:
            yield str(broken)


def _refusal_is_clear(page: Page, form: FormOnPage, field: str, sent: object) -> Iterator[str]:
    if isinstance(sent, str) and len(sent) > PARSED:
        # A strict parser takes a second for such a page; whether the words are there shows without it.
        control = form.controls.get(field)
        if control is not None and _takes_words(control) and sent not in page.get_data(as_text=True):
            yield "the typed words were not kept"
        return
    ids = {element.get("id") for element in page.document.iter()}
    if not page.errors and not any(element.get("role") == "alert" for element in page.document.iter()):
        yield "refused without a message"
    missing = [name for name in page.errors if name and name not in ids]
    if missing:
        yield f"messages stand beside no field: {missing}"
    control = form.controls.get(field)
    if not isinstance(sent, str) or control is None or field not in page.errors:
        return
    kept = _value_of(page, field)
    if control.get("type") == "password" or control.get("autocomplete") in NEVER_KEPT:
        if kept:
            yield "a secret was given back"
    elif _takes_words(control) and (kept is None or _seen(kept) != _seen(sent)):
        yield f"the typed words were not kept: {str(kept)[:60]!r}"


def _takes_words(control: Element) -> bool:
    if control.get("autocomplete") in NEVER_KEPT:
        return False
    return control.tag == "textarea" or (control.tag == "input" and control.get("type") in WORDS)


def _seen(text: str) -> str:
    """Return what a person sees of a text: no control characters, and spaces at its ends do not count."""
    return "".join(letter for letter in text if not is_control(letter)).strip()


def _value_of(page: Page, name: str) -> str | None:
    for element in page.document.iter():
        if element.get("name") == name:
            if element.tag == "textarea":
                return "".join(element.itertext()).removeprefix("\n")
            return element.get("value") or ""
    return None


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS)
def test_odd_input_is_never_a_fault_and_is_refused_clearly(stage: Stage, situation: str) -> None:
    problems: list[str] = []
    found = list(targets(stage, situation))
    assert found
    for target in found:
        for field in target.form.names or ["nothing"]:
            for what, text in TEXTS.items():
                problems += problems_with(stage, target, field, what, text)
            problems += problems_with(stage, target, field, "several values", ["1", "2", "2999-01-01"])
            problems += problems_with(stage, target, field, "a file", (io.BytesIO(b"\x00\xffwords"), "words.txt"))
            problems += problems_with(stage, target, field, "an id of somebody's", stage.world.ids["entry_id"])
            problems += problems_with(stage, target, field, "an id of nobody's", str(new_id()))
    assert not problems, "\n".join(sorted(set(problems)))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_bytes_that_are_no_text_are_never_a_fault(stage: Stage, situation: str) -> None:
    problems = []
    bodies = (
        (b"%ff%fe=%ed%a0%80&note=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xed\xa0\x80\xff\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b'{"note": "words"}', "application/json"),
        (b"words", "text/plain; charset=utf-7"),
        (b"", ""),
    )
    for target in targets(stage, situation):
        for body, kind in bodies:
            fields = b"&".join(f"{name}=".encode() + b"%ed%a0%80%ff" for name in target.form.names)
            for data in (body, fields):
                page = stage.client(situation).post(target.form.action, data=data, content_type=kind)
                if page.status_code >= 500:
                    problems.append(f"{target.name} with {data[:30]!r} as {kind}: {page.status_code}")
                stage.reset()
    assert not problems, "\n".join(problems)


def test_odd_but_good_words_are_stored_and_read_back(stage: Stage) -> None:
    client = stage.client("owner", checked=True)
    form = client.get("/check-in").form(field="note")
    page = client.submit(form, note=ODD_BUT_GOOD)
    assert page.status_code == 303
    read = client.follow(page)
    assert ODD_BUT_GOOD in [text_of(element) for element in read.document.iter()] or ODD_BUT_GOOD in read.main_words
    assert ODD_BUT_GOOD in client.get("/history").main_words
    stage.reset()


ODD_VALUES = (
    "",
    "banana",
    "-1",
    "9" * 50,
    "2999-01-01",
    "0001-01-01",
    "9999-12-31",
    "\x00",
    "%ff",
    "//evil.example",
    "مرحبا",
)
NAMES = ("until", "before", "days", "to", "next", "done", "language", "asked")


@pytest.mark.parametrize("situation", ["anonymous", "owner", "c-with", "s-with"])
def test_odd_addresses_are_never_a_fault(stage: Stage, situation: str) -> None:
    problems = []
    for rule, method in access_table.routes(stage.app):
        if method != "GET" or rule.endpoint == "static_files" or rule.endpoint.startswith("machines."):
            continue
        for value in ODD_VALUES:
            query = {**dict.fromkeys(NAMES, value), **QUERIES.get(rule.rule, {})}
            page = stage.client(situation).get(stage.world.address(rule), query_string=query)
            if page.status_code >= 500:
                problems.append(f"{rule.rule} with {value!r} in its address: {page.status_code}")
            if "evil.example" in (page.location or "").split("?")[0]:
                problems.append(f"{rule.rule} with {value!r} leads away: {page.location}")
    assert not problems, "\n".join(problems)


# --- the sweep sees what is wrong ------------------------------------------------------------------------------


def _planted(stage: Stage, app: Flask) -> Target:
    @access.access(Permission.PUBLIC)
    def show() -> str:
        return '<form method="post" action="/planted"><label>Words <input name="words"></label></form>'

    @access.access(Permission.PUBLIC)
    def take() -> tuple[str, int]:
        from flask import request  # noqa: PLC0415 - slow to import, or not needed by all tests here.

        if request.form["words"] == "banana":
            raise ValueError
        return '<p class="error" id="nowhere-error">No.</p>', 422

    app._got_first_request = False
    app.add_url_rule("/planted", "planted_show", show, methods=["GET"])
    app.add_url_rule("/planted", "planted_take", take, methods=["POST"])
    page = Client(app, checked=False).get("/planted")
    page.set_data("<!DOCTYPE html><html><head><title>x</title></head><body>" + page.get_data(as_text=True))
    return Target("anonymous", "/planted", page.forms[0])


def test_a_planted_careless_form_is_seen(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> None:
    copied = stage.original.copy(tmp_path_factory.mktemp("planted") / "copy")
    with copied.opened() as (app, store):
        planted = Stage(stage.original, copied, app, store)
        target = _planted(planted, app)
        assert "answered 500" in problems_with(planted, target, "words", "banana", "banana")[0]
        page = Page(
            [b'<!DOCTYPE html><title>x</title><p class="error" id="nowhere-error">No.</p>'],
            "422 No",
            send(planted, target, {"words": "x"}).headers,
            target_request(planted),
        )
        told = list(_wrong(page, target.form, "words", "x", stored=True))
        assert any("something was stored" in line for line in told)
        assert any("beside no field" in line for line in told)


def target_request(stage: Stage) -> Request:
    """Return a request for a page made by hand."""
    return stage.client("anonymous").get("/help").request
