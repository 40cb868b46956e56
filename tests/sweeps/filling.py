"""What a person would type into every form. A form, or a field, that has no answer here is a failure of the sweeps.

The words carry a mark that a sweep chooses, so that it finds them again wherever they went.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

import pyotp
from flask import Flask
from werkzeug.routing import Rule

from patient_app.core import clock
from patient_app.core.ids import new_id
from tests.page import FormOnPage, Page, text_of
from tests.sweeps import access_table
from tests.sweeps.world import QUERIES, World


@dataclass(frozen=True)
class Target:
    """A form that a page offers to somebody: its route, the page it stands on, and the form."""

    situation: str
    route: str
    page: Page
    form: FormOnPage

    @property
    def name(self) -> str:
        """How failures name it."""
        return f"{self.form.action} (from {self.page.request.path}, {self.situation})"


@dataclass(frozen=True)
class Typing:
    """Who fills in which form, and the mark of their words."""

    world: World
    target: Target
    mark: str

    @property
    def password(self) -> str:
        """The password of the person."""
        return self.world.people[self.target.situation].password


# A field of which a form has one for each dose.
_ONE_OF_MANY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}\.[a-z0-9:]+")
Answer = str | list[str] | None | Callable[[Typing, str], str | list[str] | None]


def as_it_came(typing: Typing, field: str) -> list[str]:
    """Leave a field as the page gave it."""
    return [value for name, value in typing.target.form.values if name == field]


def as_on_the_button(typing: Typing, field: str) -> str:
    """Press the first button of that name."""
    return typing.target.form.controls[field].get("value") or ""


def words(typing: Typing, field: str) -> str:
    """Type words that tell by their mark whose they are."""
    return f"{typing.mark} {field.replace('_', ' ')}"


def own_name(typing: Typing, _field: str) -> str:
    """Sign with the name that the person has here."""
    return typing.world.people[typing.target.situation].name


def address(typing: Typing, field: str) -> str:
    """Type an e-mail address that nobody had before."""
    return f"{typing.mark}-{field}-{new_id().hex[-6:]}@example.org"


def word(typing: Typing, field: str) -> str:
    """Type one short word."""
    return f"{typing.mark}{field}".replace("_", "")


def number(typing: Typing, _field: str) -> str:
    """Type a chart number that nobody had before."""
    return f"{typing.mark}-{new_id().hex[-6:]}"


def password(typing: Typing, _field: str) -> str:
    """Type one's own password."""
    return typing.password


def new_password(typing: Typing, _field: str) -> str:
    """Choose another password."""
    return f"{typing.mark} other quiet harbour"


def code(typing: Typing, _field: str) -> str:
    """Type the code of the app for sign-in codes; where the page offers a new secret, of that one."""
    offered = [text_of(element) for element in typing.target.page.all("code", class_name="secret")]
    if offered:
        return pyotp.TOTP(offered[0].replace(" ", "")).at(clock.now())
    return typing.world.people[typing.target.situation].code


def somebodys_sign_in_name(typing: Typing, _field: str) -> str:
    """Type the name of somebody with an account."""
    return typing.world.people["other"].sign_in_name


def somebodys_password(typing: Typing, _field: str) -> str:
    """Type the password to that name."""
    return typing.world.people["other"].password


def in_a_week(_typing: Typing, _field: str) -> str:
    """Choose a date a week from now."""
    return (clock.now() + timedelta(days=7)).date().isoformat()


def first_choice(typing: Typing, field: str) -> str:
    """Pick the first that is offered."""
    options = [option.get("value") or "" for option in typing.target.form.controls[field].iter("option")]
    return next(value for value in options if value)


def last_choice(typing: Typing, field: str) -> str:
    """Pick the last that is offered."""
    return [option.get("value") or "" for option in typing.target.form.controls[field].iter("option")][-1]


def first_radio(typing: Typing, field: str) -> str:
    """Tick the first that is offered."""
    return typing.target.form.controls[field].get("value") or ""


def clinics_list(typing: Typing, _field: str) -> str:
    """Paste a list of one row, of a patient whom nobody knows here."""
    heads = "id,patient_number,clinician_email,date,time,place"
    return f"{heads}\n1,{typing.mark},nobody@example.org,{in_a_week(typing, _field)},10:30,{typing.mark} place"


_CHECK_IN: dict[str, Answer] = {
    "mood": "2",
    "craving": "3",
    "pulls-one": "4",
    "pulls-two": "0",
    "used_things": ["one"],
    "use": "yes",
    "amount": words,
    "sleep": "7",
    "anxiety": "4",
    "energy": "3",
    "triggers": [":stress"],
    "own_trigger": words,
    "helped": [":walked"],
    "own_helper": words,
    "note": words,
    "note_about_use": "yes",
    "private": None,
}
_ABOUT: dict[str, Answer] = {
    "wants": ["cut_down"],
    "want_words": words,
    "part": "yes",
    "kinds": ["alcohol"],
    "own_thing": word,
    "called": word,
    "pronouns": word,
    "day_start": "240",
}
_REMINDER: dict[str, Answer] = {
    "id": as_it_came,
    "kind": as_it_came,
    "about": words,
    **{f"time_{number}": f"0{number}:30" for number in range(1, 5)},
    "weekdays": ["1", "7"],
    "only": as_it_came,
    "leads": as_it_came,
    "quiet_from": "22:15",
    "quiet_to": "00:45",
    "wording": "own",
    "words": words,
    "understood": "y",
}
_CHART: dict[str, Answer] = {
    "name": words,
    "chart_number": number,
    "date_of_birth": "1987-06-05",
    "email": address,
    "address": words,
    "emergency_contact": words,
}
_JOIN: dict[str, Answer] = {"sign_in_name": address, "password": new_password}
_HOURS: dict[str, Answer] = {
    f"{end}_{day}": hour for day in range(7) for end, hour in (("opens", "08:30"), ("closes", "16:30"))
}

_EFFECT: dict[str, Answer] = {
    "id": as_it_came,
    "zone": "America/New_York",
    "base": as_it_came,
    "medicine": "unsure",
    "effect": "nausea",
    "severity": "2",
    "bother": "3",
    "going_on": "no",
    "began": lambda _typing, _field: clock.now().date().isoformat(),
    "note": words,
    "note_about_use": "y",
    "private": "y",
}
_BLOOD_TEST: dict[str, Answer] = {
    "id": as_it_came,
    "base": as_it_came,
    "what": "other",
    "words": words,
    "due_on": lambda _typing, _field: clock.now().date().isoformat(),
    "done_on": "",
    "dropped": None,
}
_MEDICINE: dict[str, Answer] = {
    "id": as_it_came,
    "catalogue": as_it_came,
    "name": words,
    "amount": "1",
    "unit": "tablet",
    "on": [],
    "strength": "50 mg",
    "made_as": "tablet",
    "about_use": "no",
    "what_for": words,
    "prescriber": words,
    "food": "with",
    "start": as_it_came,
    "end": "",
}
_TAP: dict[str, Answer] = {
    "id": as_it_came,
    "zone": "America/New_York",
    "back": as_it_came,
    "part": as_it_came,
    "do": as_on_the_button,
}
_OTHERWISE: dict[str, Answer] = {"later": "60", "why": "other", "own_words": words}
# The exercise that the world's addresses mean.
_WORRIES: dict[str, Answer] = {
    "id": as_it_came,
    "before": "7",
    "a_worries": words,
    "a_step": words,
    "a_let_go": words,
    "a_when_activity": words,
    "a_when_day": in_a_week,
    "a_when_time": "18:00",
    "a_when_remind": "y",
    "after": "4",
    "about_use": "y",
    "finish": "done",
}
# By route, the answer to each field; an empty table is a form that is only a button.
_VISIT: dict[str, Answer] = {
    "id": as_it_came,
    "base": as_it_came,
    "on": in_a_week,
    "at": "10:30",
    "minutes": "30",
    "place": words,
    "link": "https://meet.example.org/room",
    "about_use": None,
    "cancelled": None,
}
ANSWERS: dict[str, dict[str, Answer]] = {
    "/appointments/new": {**_VISIT, "zone": as_it_came, "with_whom": "", "who": words},
    "/appointments/<uuid:appointment_id>/change": {
        **_VISIT,
        "zone": as_it_came,
        "with_whom": as_it_came,
        "who": words,
    },
    "/appointments/<uuid:appointment_id>/took": {"word": as_on_the_button},
    "/appointments/to-raise": {
        "id": as_it_came,
        "base": as_it_came,
        "appointment": as_it_came,
        "reader": as_it_came,
        "one": words,
        "two": words,
        "three": words,
        "done_one": None,
        "about_use": None,
        "shares": "y",
    },
    "/practice/appointments": {"file": None, "text": clinics_list},
    "/team/<uuid:patient_id>/appointments": _VISIT,
    "/team/<uuid:patient_id>/appointments/<uuid:appointment_id>": _VISIT,
    "/team/<uuid:patient_id>/appointments/<uuid:appointment_id>/took": {"word": as_on_the_button},
    "/check-in": {"id": as_it_came, "zone": "America/New_York", "day": as_it_came, **_CHECK_IN},
    "/check-in/<uuid:entry_id>/bring-back": {},
    "/check-in/<uuid:entry_id>/change": {"id": as_it_came, "base": as_it_came, **_CHECK_IN},
    "/check-in/<uuid:entry_id>/delete": {},
    "/check-in/<uuid:entry_id>/private": {"private": "yes"},
    "/confirm": {"password": password, "code": code},
    "/forgot": {"sign_in_name": somebodys_sign_in_name},
    "/history/search": {"words": "slept"},
    "/learn/choices": {"not_now": None, "suggests": "y"},
    "/learn/lessons/<string:lesson>/ask": {"id": as_it_came, "question": words, "about_use": None},
    "/learn/lessons/<string:lesson>/mark": {"id": as_it_came, "mark": as_on_the_button},
    "/learn/search": {"words": "sleep"},
    "/learn/given/<uuid:given_lesson_id>/put-aside": {},
    "/join": {"code": "ABCD EFGH JKMN", **_JOIN},
    "/join/<token>": _JOIN,
    "/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>": {"id": as_it_came, "reason": words},
    "/medications/<uuid:medicine_id>/bring-back": {},
    "/medications/as-needed/<uuid:needed_id>": {
        **_TAP,
        "day": as_it_came,
        "when": "day",
        "time": "",
        "amount": "1",
        "anyway": "y",
        "undo": as_on_the_button,
    },
    "/medications/days/<string:day>": {
        **_TAP,
        # Doses that are marked are saved by the second button; the form that undoes has one.
        "do": lambda typing, _field: "marked" if "own_words" in typing.target.form.names else "undo",
        "dose": as_it_came,
        "state-*": "skipped",
        **_OTHERWISE,
    },
    "/medications/days/<string:day>/<uuid:medicine_id>/<string:slot>": {
        **_TAP,
        "state": "skipped",
        "when": "day",
        "time": "",
        "amount": "",
        **_OTHERWISE,
    },
    "/medications/<uuid:medicine_id>/change/<string:kind>": {
        **_MEDICINE,
        "base": as_it_came,
        "reason": words,
        "since": "",
    },
    "/medications/<uuid:medicine_id>/private": {"private": "yes"},
    "/medications/<uuid:medicine_id>/remove": {},
    "/medications/changes/<uuid:version_id>": {"answer": "talk"},
    "/medications/hours": {"waking": "6:30", "breakfast": "7", "lunch": "12:30", "dinner": "18:00", "bedtime": "11 pm"},
    "/medications/new": {"name": "sertraline"},
    "/medications/new/<string:kind>": {**_MEDICINE, "private": "y"},
    "/medications/side-effects/new": _EFFECT,
    "/medications/side-effects/<uuid:effect_id>/change": _EFFECT,
    "/medications/side-effects/<uuid:effect_id>/over": {},
    "/medications/side-effects/<uuid:effect_id>/remove": {},
    "/medications/side-effects/<uuid:effect_id>/bring-back": {},
    "/medications/side-effects/<uuid:effect_id>/private": {"private": "yes"},
    "/medications/week-note": {
        "id": as_it_came,
        "zone": "America/New_York",
        "helps": "3",
        "bothers": "1",
        "words": words,
        "words_about_use": "y",
    },
    "/medications/<uuid:medicine_id>/ran-out": {"id": as_it_came},
    "/medications/<uuid:medicine_id>/supply": {
        "id": as_it_came,
        "kind": "counted",
        "amount": "12.5",
        "on": as_it_came,
        "note": words,
    },
    "/medications/<uuid:medicine_id>/supply/<uuid:supply_id>/take-back": {},
    "/practice/codes/<uuid:code_id>/cancel": {},
    "/practice/codes/<uuid:code_id>/confirm": {},
    "/practice/hours": _HOURS,
    "/practice/numbers": {
        "id": as_it_came,
        "kind": "",
        "label": "The ward",
        "phone": "555 0123",
        "note": "Ask for the nurse",
    },
    "/practice/numbers/<uuid:number_id>/remove": {},
    "/practice/patients": {"words": "a"},
    "/practice/patients/new": {"id": as_it_came, "language": "en", **_CHART},
    "/practice/people/<uuid:person_id>/chart": _CHART,
    "/practice/people/<uuid:person_id>/close": {},
    "/practice/people/<uuid:person_id>/code": {"id": as_it_came},
    "/practice/people/<uuid:person_id>/invitation": {},
    "/practice/people/<uuid:person_id>/invitation/cancel": {},
    "/practice/people/<uuid:person_id>/reopen": {},
    "/practice/people/<uuid:person_id>/team": {"clinician_id": first_choice},
    "/practice/people/<uuid:person_id>/team/<uuid:membership_id>/end": {},
    "/practice/staff/new": {"id": as_it_came, "name": words, "email": address, "work": "therapist"},
    "/safety/<string:step>": {
        "id": as_it_came,
        "base": as_it_came,
        "words": words,
        "about_use": "y",
        **{f"name_{number}": words for number in range(1, 5)},
        **{f"phone_{number}": "555 0166" for number in range(1, 5)},
        "place": words,
        "month": "03",
        "year": last_choice,
        "made": "alone",
    },
    "/settings/devices/<uuid:session_id>/end": {},
    "/settings/devices/end-others": {},
    "/settings/about-me": _ABOUT,
    "/settings/called": {"called": word, "pronouns": word},
    "/settings/about-me/words": {"fold_use": "y", "triggers": as_it_came, "helpers": as_it_came},
    "/settings/language": {"language": "en", "zone": "America/Chicago", "day_start": "240"},
    "/settings/name": {"shown_as": "notes"},
    "/settings/notifications/<uuid:device_id>/off": {},
    "/settings/notifications/<uuid:device_id>/test": {},
    "/settings/password": {"current_password": password, "code": code, "new_password": new_password},
    # Then this device keeps no pages; the word for it is in a cookie.
    "/settings/phone": {"shared": "yes"},
    "/reminders/<uuid:occurrence_id>/done": {},
    "/reminders/<uuid:occurrence_id>/later": {"minutes": "30"},
    "/settings/quiet": {"days": "5", "by_mail": "y"},
    "/settings/quiet/away": {"back_on": in_a_week},
    "/settings/quiet/off": {},
    "/settings/quiet/tell": {
        "id": as_it_came,
        "recipient_id": as_it_came,
        "days": "10",
        "asks": words,
        "until": "open",
        "signature": own_name,
    },
    "/settings/quiet/tell/<uuid:consent_id>/end": {},
    "/settings/quiet/tell/<uuid:consent_id>/pause": {},
    "/settings/reminders/<uuid:reminder_id>": _REMINDER,
    "/settings/reminders/<uuid:reminder_id>/end": {},
    "/settings/reminders/<uuid:reminder_id>/pause": {"until": in_a_week},
    "/settings/reminders/<uuid:reminder_id>/resume": {},
    "/settings/reminders/calendar": {},
    "/settings/reminders/new": _REMINDER,
    "/settings/reminders/pause": {"until": in_a_week},
    "/settings/reminders/quiet": {"quiet_from": "22:00", "quiet_to": "07:30"},
    "/settings/reminders/start": {"check_in": "y", "check_in_at": "19:00", "doses": "y"},
    "/settings/second-factor": {"code": code},
    "/sharing/<uuid:consent_id>/end": {},
    "/sharing/<uuid:consent_id>/pause": {},
    "/sharing/<uuid:consent_id>/resume": {},
    "/sharing/new": {
        "id": as_it_came,
        "recipient_id": as_it_came,
        "mood": "summary",
        "substance_use": "no",
        "medications": "detail",
        "notes": "detail",
        "skills": "detail",
        "plan": "detail",
        "safety_plan": "detail",
        "since": "before",
        "until": "day",
        "until_day": "2031-05-31",
        "signature": own_name,
    },
    "/sharing/pause-all": {},
    "/sharing/resume-all": {},
    "/sharing/supporters/<uuid:link_id>/chart-name": {},
    "/sharing/supporters/<uuid:link_id>/confirm": {},
    "/sharing/supporters/<uuid:link_id>/end": {},
    "/sharing/supporters/<uuid:link_id>/instructions": {"instructions": words},
    "/sharing/supporters/<uuid:link_id>/name": {"sees": "called_and_pronouns", "names": as_it_came},
    "/sharing/supporters/new": {
        "id": as_it_came,
        "name": words,
        "email": address,
        "instructions": words,
        "sees": "called",
        "names": as_it_came,
    },
    "/sharing/team/<uuid:membership_id>/shown": {},
    "/sign-in": {"sign_in_name": somebodys_sign_in_name, "password": somebodys_password},
    "/sign-in/code": {"code": code},
    "/sign-out": {},
    "/supporting/learn/search": {"words": "rest"},
    "/supporting/lessons/<string:supporter_lesson>/mark": {"id": as_it_came, "mark": as_on_the_button},
    "/supporting/me": {"id": as_it_came, "feels": "2", "words": words},
    "/supporting/me/<uuid:own_note_id>/remove": {},
    "/supporting/worried/tell": {"id": as_it_came, "patient": first_radio, "about": words, "words": words},
    "/team/<uuid:patient_id>/medications/<uuid:medicine_id>/tests": _BLOOD_TEST,
    "/team/<uuid:patient_id>/medications/<uuid:medicine_id>/tests/<uuid:test_id>": _BLOOD_TEST,
    "/team/<uuid:patient_id>/concerns/<uuid:concern_id>/seen": {},
    "/team/<uuid:patient_id>/medications/new": {"name": "sertraline", "pick": "sertraline", "kind": "once"},
    "/team/<uuid:patient_id>/medications/<uuid:medicine_id>/change/<string:kind>": {
        "id": as_it_came,
        "name": as_it_came,
        "since": "",
        "catalogue": as_it_came,
        "base": as_it_came,
        "amount": "1",
        "unit": "tablet",
        "on": [],
        "strength": "50 mg",
        "made_as": "tablet",
        "about_use": "no",
        "what_for": words,
        "prescriber": words,
        "food": "",
        "start": as_it_came,
        "end": "",
        "reason": words,
    },
    "/team/<uuid:patient_id>/medications/<uuid:medicine_id>/<any(stop,pause,'go-on'):how>": {
        "id": as_it_came,
        "reason": words,
    },
    "/simple": {"simple": as_on_the_button},
    "/skills/<string:exercise>": {"zone": "America/New_York", **_WORRIES},
    "/skills/now": {"need": "storm", "strength": "9", "minutes": "5", "place": "alone"},
    "/skills/runs/<uuid:run_id>/bring-back": {},
    "/skills/runs/<uuid:run_id>/change": {"base": as_it_came, **_WORRIES},
    "/skills/runs/<uuid:run_id>/lines": {"kept": ["step"]},
    "/skills/runs/<uuid:run_id>/remove": {},
    "/skills/assigned/<uuid:assignment_id>/decline": {"word": words},
    "/skills/runs/<uuid:run_id>/shared": {"shared": as_on_the_button},
    "/skills/runs/<uuid:run_id>/who": {"readers": first_radio, "of": as_on_the_button},
    "/skills/runs/<uuid:run_id>/kind": {"shared": as_on_the_button},
    "/team/<uuid:patient_id>/assignments/new/<string:exercise>": {
        "id": as_it_came,
        "often": "daily",
        "until": in_a_week,
        "note": words,
    },
    "/team/<uuid:patient_id>/assignments/<uuid:assignment_id>/withdraw": {},
    "/team/<uuid:patient_id>/lessons/new/<string:lesson>": {"id": as_it_came, "note": words},
    "/team/<uuid:patient_id>/lessons/<uuid:given_lesson_id>/withdraw": {},
    "/team/<uuid:patient_id>/notes": {"id": as_it_came, "words": words, "about": ["mood"]},
    "/team/<uuid:patient_id>/notes/<uuid:note_id>/take-back": {},
    "/team/<uuid:patient_id>/reviewed": {"review-id": as_it_came},
    "/team/worries/<uuid:worry_id>/mute": {"until": as_it_came},
    "/team/worries/<uuid:worry_id>/read": {},
    "/team/worries/<uuid:worry_id>/unmute": {},
    "/welcome": {**_ABOUT, "skip": None},
    "/welcome/done": {},
    "/welcome/language": {"language": as_on_the_button},
    "/welcome/sharing": {"choose": None},
}
# Forms that are refused however well they are filled in, and why.
STILL_REFUSED = {"/join": "nobody knows the letters of the code that the world holds"}


# Pages that offer other forms for other objects than those in `World.ids`: the route, its parameter, and the object.
ALSO = (
    ("/medications/<uuid:medicine_id>/removed", "medicine_id", "medicine_removed"),
    ("/check-in/<uuid:entry_id>/deleted", "entry_id", "removed_check_in"),
    ("/medications/side-effects/<uuid:effect_id>/removed", "effect_id", "removed_effect"),
    ("/skills/runs/<uuid:run_id>/removed", "run_id", "removed_run"),
    ("/practice/people/<uuid:person_id>", "person_id", "invited"),
    ("/practice/people/<uuid:person_id>", "person_id", "closed"),
    ("/team/worries/<uuid:worry_id>", "worry_id", "muted_worry"),
    ("/settings/reminders/<uuid:reminder_id>", "reminder_id", "reminder_of_doses"),
    ("/safety/<string:step>", "step", "step_people"),
    ("/safety/<string:step>", "step", "step_naloxone"),
    ("/safety/<string:step>", "step", "step_made"),
)


def addresses(app: Flask, world: World) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Yield the address of every page, and of some pages for several objects, with what its query has to hold."""
    for rule, method in access_table.routes(app):
        if method == "GET" and rule.endpoint != "static_files":
            query = QUERIES.get(rule.rule)
            yield world.address(rule), query
            for route, name, known in ALSO:
                if route == rule.rule:
                    yield world.address(rule, {name: world.objects[known]}), query


def route_of(app: Flask, action: str, method: str = "POST") -> str:
    """Return the route that an address leads to."""
    rule, _values = app.url_map.bind("localhost").match(urlsplit(action).path, method=method, return_rule=True)
    assert isinstance(rule, Rule)
    return rule.rule


def targets(app: Flask, world: World, situation: str, *, every: bool = False) -> Iterator[Target]:
    """Yield each form that any page offers in a situation, each route and set of fields once; `every`: each address."""
    world.assert_signed_in(app, situation)
    seen: set[tuple[str, tuple[str, ...]]] = set()
    for path, query in addresses(app, world):
        page = world.client(app, situation).get(path, query_string=query)
        if not page.is_page or page.status_code != 200:
            continue
        for form in page.forms:
            if form.method != "post":
                continue
            route = route_of(app, form.action)
            kind = (form.action if every else route, tuple(form.names))
            if kind not in seen:
                seen.add(kind)
                yield Target(situation, route, page, form)
    world.assert_signed_in(app, situation)


def well_filled(world: World, target: Target, mark: str) -> dict[str, list[str]]:
    """Return good answers to every field of a form; fail for a form or a field that nobody wrote answers for."""
    if target.route not in ANSWERS:
        raise AssertionError(f"{target.name}: say in ANSWERS what people type into the form of {target.route}")
    sent: dict[str, list[str]] = {}
    for field in target.form.names:
        kind = _ONE_OF_MANY.sub("*", field)
        if kind not in ANSWERS[target.route]:
            raise AssertionError(f"{target.name}: say in ANSWERS what people type into {kind!r} of {target.route}")
        answer = ANSWERS[target.route][kind]
        given = answer(Typing(world, target, mark), field) if callable(answer) else answer
        if given is not None:
            sent[field] = [given] if isinstance(given, str) else given
    return sent
