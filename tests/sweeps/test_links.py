"""No link and no button of any page is dead: each leads to a route that takes it, and that answers this person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from patient_app.core import access
from patient_app.core.access import Permission
from patient_app.safety.service import help_lines
from patient_app.supporting import guide
from tests.page import Client, Page, help_addresses, text_of
from tests.sweeps import access_table, filling
from tests.sweeps.conftest import Stage

PEOPLE = (
    *("anonymous", "half-way", "owner", "other", "s-with", "s-without", "c-with", "c-without", "c-off"),
    *("admin", "admin-2"),
)
THERE = frozenset({200, 303})
# Shown without a network, where only a patient's phone has pages to read; the same bytes for whoever asks.
FOR_PATIENTS = frozenset({"/offline"})
CONSTANT_LINE = "You see only what this person chose to share. It is not a complete list of medicines or use. Ask."
# Routes that take a form which no page of the world offers, and why.
NOT_OFFERED = {
    "/confirm-code/<token>": "the world's link is of another kind",
    "/csp-report": "browsers send it, people do not",
    "/email-notice": "stands only while an address waits for its owner's answer",
    "/medications/<uuid:medicine_id>/tell/<uuid:unseen_id>": "for two that go badly together, which the world has not",
    "/medications/new/own-words": "stands on the answer to the form before it",
    "/learn/given/<uuid:given_lesson_id>/put-back": "stands only once one was put aside",
    "/open-entries/<token>": "the world's link is of another kind",
    "/outbox": "a phone's own scripts send to it",
    "/outbox/open": "likewise",
    "/reminders/act": "a phone's worker sends to it, when a button of a notification is tapped",
    "/settings/notifications/device": "a browser's own scripts tell of its subscription",
    "/practice/appointments/take": "stands on the answer to the form before it",
    "/practice/numbers/<uuid:number_id>/up": "there is one number, and nothing above it",
    "/reset/<token>": "the world's link is of another kind",
    "/security-notice": "stands only after a code was issued",
    "/settings/quiet/back": "stands only while somebody is away",
    "/settings/quiet/here": "stands only when a word came because it was quiet",
    "/settings/quiet/tell/<uuid:consent_id>/resume": "stands only in a pause",
    "/settings/reminders/calendar/off": "stands only while there is an address",
    "/settings/reminders/resume": "stands only in a pause",
    "/settings/reminders/zone": "stands only when a phone travelled",
    "/settings/second-factor/off": "for patients and supporters who turned it on",
    "/skills/assigned/<uuid:assignment_id>/take-up": "stands only once somebody said no",
    "/team/<uuid:patient_id>/medications/new/<string:kind>": "stands on the answer to the form before it",
    "/sign-in/set-up": "for staff before their first second factor",
}


def pages(stage: Stage, situation: str) -> Iterator[Page]:
    """Yield every page that somebody in a situation gets, after the owner's entries were read by others."""
    owner = stage.world.people["owner"].id
    stage.client("c-with").get(f"/team/{owner}")
    stage.client("s-with").get(f"/supporting/{owner}")
    stage.world.assert_signed_in(stage.app, situation)
    for path, query in filling.addresses(stage.app, stage.world):
        page = stage.client(situation).get(path, query_string=query)
        if page.is_page:
            yield page


def takes(app: Flask, address: str, method: str) -> bool:
    """Whether a route takes this address with this method."""
    try:
        app.url_map.bind("localhost").match(urlsplit(address).path, method=method)
    except (HTTPException, RequestRedirect):
        return False
    return True


def telephone_numbers() -> set[str]:
    """Return the addresses of every number that the reviewed file of help lines knows."""
    lines = [*help_lines(), guide.poison_help()]
    called = {f"tel:{line[kind]}" for line in lines for kind in ("call", "tty") if line.get(kind)}
    return called | {f"sms:{line['text']['number']}" for line in lines if line.get("text")}


def links_of(page: Page, *, is_patient: bool) -> list[Element]:
    """Return the links of a page, but for those that a script shows to patients alone, whose phones keep something."""
    if is_patient:
        return page.all("a")
    hidden = [part for part in page.document.iter() if part.get("hidden") is not None]
    for_patients = {id(link) for part in hidden for link in part.iter("a")}
    return [one for one in page.all("a") if id(one) not in for_patients and page.request.path not in FOR_PATIENTS]


def dead_links(stage: Stage, page: Page, client: Client, known: dict[str, Page], *, is_patient: bool) -> Iterator[str]:
    """Yield each link of a page that leads nowhere; `known` holds what its reader got already."""
    where = page.request.path
    for link in links_of(page, is_patient=is_patient):
        href = link.get("href") or ""
        parts = urlsplit(href)
        if parts.scheme in {"tel", "sms"}:
            number = href.partition("?")[0]
            if number not in telephone_numbers() | {"tel:555-0100", "tel:5550177"}:
                yield f"{where}: {href} is no number of the help lines, of the practice or of the safety plan"
            continue
        if parts.scheme or parts.netloc:
            outside = help_addresses() | {stage.world.config.quick_exit_url}
            if href not in outside and parts.scheme != "otpauth":  # That opens an app on the phone itself.
                yield f"{where}: {href} leads outside"
            continue
        address = urljoin(where, href).partition("#")[0]
        if not takes(stage.app, address, "GET"):
            yield f"{where}: no route takes {href!r} ({text_of(link)[:30]!r})"
            continue
        if parts.path == "" and not parts.query:
            answer = page
        else:
            answer = known.setdefault(address, client.get(address)) if address not in known else known[address]
        if answer is not page and answer.status_code not in THERE:
            yield f"{where}: {href!r} ({text_of(link)[:30]!r}) answers {answer.status_code}"
        elif parts.fragment and answer.is_page and answer.by_id(parts.fragment) is None:
            yield f"{where}: {href!r} points at a place that is not there"


@pytest.mark.parametrize("situation", PEOPLE)
def test_every_link_leads_somewhere(stage: Stage, situation: str) -> None:
    known: dict[str, Page] = {}
    problems = []
    for page in pages(stage, situation):
        if page.status_code >= 500:
            problems.append(f"{page.request.path} answers {page.status_code}")
        is_patient = not situation.startswith(("s-", "c-", "admin"))
        problems += dead_links(stage, page, stage.client(situation), known, is_patient=is_patient)
    stage.reset()
    assert not problems, "\n".join(sorted(set(problems)))


def dead_forms(stage: Stage, situation: str) -> Iterator[str]:
    """Yield each form that no route takes, or that is refused although it is filled in well."""
    for page in pages(stage, situation):
        for form in page.forms:
            if not takes(stage.app, form.action, form.method.upper()):
                yield f"{page.request.path}: no route takes {form.method} {form.action}"
            elif form.method == "get":
                answer = stage.client(situation).get(form.action, query_string=form.filled())
                if answer.status_code not in THERE:
                    yield f"{page.request.path}: the form for {form.action} answers {answer.status_code}"
    stage.reset()
    for target in filling.targets(stage.app, stage.world, situation, every=True):
        sent = filling.well_filled(stage.world, target, "Typed")
        answer = stage.client(situation).post(target.form.action, data=sent)
        expected = {422} if target.route in filling.STILL_REFUSED else THERE
        if answer.status_code not in expected:
            yield f"{target.name}: filled in well, and answered {answer.status_code}"
        stage.reset()


@pytest.mark.parametrize("situation", PEOPLE)
def test_every_form_is_taken_when_it_is_filled_in_well(stage: Stage, situation: str) -> None:
    problems = list(dead_forms(stage, situation))
    assert not problems, "\n".join(sorted(set(problems)))


def test_every_route_that_takes_a_form_is_offered_on_a_page(stage: Stage) -> None:
    offered = {target.route for situation in PEOPLE for target in filling.targets(stage.app, stage.world, situation)}
    posts = {rule.rule for rule, method in access_table.routes(stage.app) if method == "POST"}
    assert posts - offered == set(NOT_OFFERED)
    assert posts - set(NOT_OFFERED) == set(filling.ANSWERS)


def test_planted_dead_links_and_forms_are_seen(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = stage.world.ids["patient_id"]
    path = f"/sharing/team/{nobody}/shown"
    body = (
        f'<a href="/nowhere">a</a> <a href="/team/{nobody}">b</a> <a href="#gone">c</a> <a href="/help#gone">d</a> '
        '<a href="tel:555">e</a> <a href="https://x.example/">f</a> <a href="/sign-out">g</a> <a href="/help#x">h</a>'
        f'<form method="post" action="/today"></form><form method="post" action="{path}"></form>'
    )
    copied = stage.original.copy(tmp_path / "copy")
    with copied.opened() as (app, store):

        @access.access(Permission.TODAY_READ)
        def careless() -> str:
            return f"<!DOCTYPE html><html><head><title>x</title></head><body>{body}</body></html>"

        app._got_first_request = False
        app.add_url_rule("/planted", "careless", careless)
        planted = Stage(stage.original, copied, app, store)
        client = planted.client("owner")
        told = list(dead_links(planted, client.get("/planted"), client, {}, is_patient=True))
        assert len(told) == 8, told
        monkeypatch.setitem(filling.ANSWERS, "/today", {})
        monkeypatch.setattr(
            filling, "route_of", lambda app, action: "/today" if action == "/today" else _ROUTE(app, action)
        )
        told = [line for line in dead_forms(planted, "owner") if "/planted" in line]
        assert len(told) == 3, told
        assert any("no route takes post /today" in line for line in told)
        assert any(f"{path} (from /planted, owner): filled in well, and answered 404" in line for line in told)


_ROUTE = filling.route_of


def test_the_constant_line_is_the_same_for_every_patient_and_clinician(stage: Stage) -> None:
    """Whatever somebody shares, the list and the page of a patient carry the one line, once."""
    read = 0
    for situation in ("c-with", "c-without", "c-paused", "c-expired", "c-revoked", "c-unshown"):
        client = stage.client(situation)
        for path in ("/team", *(f"/team/{stage.world.people[name].id}" for name in ("owner", "other"))):
            page = client.get(path)
            assert page.status_code == 200, path
            line = CONSTANT_LINE.replace("this person", "each person") if path == "/team" else CONSTANT_LINE
            assert [text_of(one) for one in page.all("p", class_name="constant-line")] == [line], path
            assert page.words.count(line) == 1
            read += 1
    stage.reset()
    assert read == 18
