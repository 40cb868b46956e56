"""The patient gives, pauses and ends consent on the pages, and the very next request of a reader follows."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select

import patient_app
from patient_app.consent.categories import OFFERED, Level
from patient_app.consent.models import Consent, ConsentEvent, ConsentState
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.sharing.forms import ConsentForm
from tests import factories
from tests.features.sharing.conftest import World, show_it_is_you
from tests.page import Client, Page

TEAM = "team:prescriber"
EVERY_DETAIL = dict.fromkeys(OFFERED, Level.DETAIL)
EVERYTHING = {
    "mood": "detail",
    "substance_use": "detail",
    "notes": "detail",
    "since": "before",
    "until": "open",
    "signature": "Robin Vale",
}


def open_form(client: Client, to: str = TEAM) -> Page:
    return client.get("/sharing/new", query_string={"to": to})


def give(client: Client, to: str = TEAM, **answers: str | None) -> Page:
    page = open_form(client, to)
    return client.submit(page.form(field="signature"), **{**EVERYTHING, **answers})


def consents_in(store: Store) -> list[Consent]:
    with store.work(writes=False):
        return list(db().scalars(select(Consent).order_by(Consent.signed_at)))


def test_every_category_that_is_offered_has_a_question() -> None:
    for category in OFFERED:
        assert hasattr(ConsentForm, category)


def test_every_answer_is_said_under_what_changes(client: Client, world: World) -> None:
    """Which answer stands there follows from the form, by the style sheet alone."""
    factories.sign_in(client, world.patient)
    sheet = (Path(patient_app.__file__).parent / "static" / "css" / "sharing.css").read_text(encoding="utf-8")
    answers = [(box.get("name"), box.get("value")) for box in open_form(client).all("input", type="radio")]
    assert {name for name, _ in answers} >= set(OFFERED)
    for name, value in answers:
        asked = f':has([name="{name}"][value="{value}"]:checked) .{name}-{value}'
        assert name not in OFFERED or re.search(rf"{re.escape(asked)}\b", sheet), asked


def test_nothing_is_chosen_beforehand(client: Client, world: World) -> None:
    factories.sign_in(client, world.patient)
    page = open_form(client)
    assert not [box for box in page.all("input") if box.get("checked") is not None]
    form = page.form(field="signature")
    assert {name for name, value in form.values if value} == {"id", "recipient_id"}
    assert "The words you sign" in page.words
    assert "42 CFR part 2" in page.words


def test_share_and_not_now_have_the_same_weight(client: Client, world: World) -> None:
    factories.sign_in(client, world.patient)
    page = open_form(client)
    share = next(button for button in page.all("button") if "".join(button.itertext()).strip() == "Share")
    not_now = next(link for link in page.all("a") if "".join(link.itertext()).strip() == "Not now")
    assert share.get("class") == not_now.get("class")


def test_after_signing_the_page_says_who_sees_what(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    page = give(client, substance_use="summary", notes="no")
    assert page.location == "/sharing?done=consent-given"
    page = client.follow(page)
    assert "Mood (each check-in)" in page.words
    assert "Alcohol and drugs (a summary of each week)" in page.words
    [consent] = consents_in(store)
    assert consent.state == ConsentState.ACTIVE
    assert {grant.category: grant.level for grant in consent.grants} == {"mood": "detail", "substance_use": "summary"}
    copy = client.get(f"/sharing/consents/{consent.id}")
    assert "what helped (each check-in); Alcohol and drugs, with cravings, use, what and how much" in copy.words
    assert "what helped (a summary of each week)" in copy.words
    assert "Signed by Robin Vale" in copy.words


# What is answered otherwise than it may be, and the field beside which that is said ("" is the hidden id).
REFUSED: list[tuple[dict[str, str | None], str]] = [
    ({"mood": None, "substance_use": None, "notes": None}, "mood"),
    ({"mood": "no", "substance_use": "no", "notes": "no"}, "mood"),
    ({"signature": "   "}, "signature"),
    ({"signature": "x" * 201}, "signature"),
    ({"signature": "x" * 1_000_000}, "signature"),
    ({"signature": "Robin\x00Vale"}, "signature"),
    ({"since": None}, "since"),
    ({"since": "yesterday"}, "since"),
    ({"until": None}, "until"),
    ({"until": "day"}, "until_day"),
    ({"until": "day", "until_day": "2020-01-31"}, "until_day"),
    ({"until": "day", "until_day": "9999-12-31"}, "until_day"),
    ({"until": "day", "until_day": "31.12.2026"}, "until_day"),
    ({"until": "day", "until_day": "\x07"}, "until_day"),
    ({"until": "month", "until_day": "2999-01-31"}, "until_day"),
    ({"since": "same"}, "since"),
    ({"signature": "x"}, "signature"),
    ({"recipient_id": "somebody else"}, ""),
    ({"notes": "summary"}, "notes"),
    ({"mood": "everything"}, "mood"),
    ({"id": "not an id"}, ""),
]


def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_stored(
    client: Client, world: World, store: Store
) -> None:
    factories.sign_in(client, world.patient)
    for answers, field in REFUSED:
        page = give(client, **answers)  # type: ignore[arg-type]  # None leaves a field out.
        assert page.status_code == 422, answers
        assert set(page.errors) == ({field} if field else set()), answers
        assert page.all("div", class_name="error-summary"), answers
        if "signature" not in answers:
            assert dict(page.form(field="signature").values)["signature"] == "Robin Vale", answers
    assert not consents_in(store)


@pytest.mark.parametrize(
    ("until", "last"),
    [("month", "2027-02-28"), ("quarter", "2027-04-30"), ("year", "2028-01-31"), ("day", "2027-01-31")],
)
def test_the_last_day_still_belongs_to_it(
    client: Client, world: World, store: Store, set_time: Callable[[str], None], until: str, last: str
) -> None:
    set_time("2027-01-31 17:00")
    factories.sign_in(client, world.patient)
    day = "2027-01-31" if until == "day" else None
    assert give(client, until=until, until_day=day, since="now").status_code == 303
    [consent] = consents_in(store)
    assert consent.ends_at is not None
    # Midnight in New York is 5 o'clock in UTC, or 4 in summer.
    hour = 4 if last == "2027-04-30" else 5
    assert consent.ends_at.isoformat() == f"{date.fromisoformat(last) + timedelta(days=1)}T0{hour - 1}:59:59+00:00"
    assert consent.entries_from == date(2027, 1, 31)


def test_sent_twice_signed_once(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    form = open_form(client).form(field="signature")
    for _ in range(3):
        assert client.submit(form, **EVERYTHING).status_code == 303
    assert len(consents_in(store)) == 1
    changed = client.submit(form, **{**EVERYTHING, "notes": "no"})
    assert changed.status_code == 422
    assert "Your words are still here" in changed.words
    assert len(consents_in(store)) == 1
    again = changed.form(field="signature")
    assert client.submit(again).status_code == 303
    # What was replaced since does not hold any more, and is not said to.
    late = client.submit(form, **EVERYTHING)
    assert late.status_code == 422
    assert "nothing is shared by it" in late.words
    assert [consent.state for consent in consents_in(store)] == [ConsentState.REVOKED, ConsentState.ACTIVE]


def test_a_change_replaces_what_was_shared_before(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    give(client)
    give(client, notes="no", substance_use="no")
    before, after = consents_in(store)
    assert (before.state, before.replaced_by) == (ConsentState.REVOKED, after.id)
    page = client.get("/sharing")
    assert "Notes" in page.words
    assert page.main_words.count("Can see") == 1


def test_a_change_begins_with_what_is_shared_now(
    client: Client, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2027-01-31 17:00")
    factories.sign_in(client, world.patient)
    give(client, notes="no", substance_use="summary", since="now", until="month")
    set_time("2027-02-03 17:00")
    show_it_is_you(client, world.patient)
    page = open_form(client)
    answers = dict(page.form(field="signature").values)
    expected = {"mood": "detail", "substance_use": "summary", "notes": "no", "since": "same", "until": "day"}
    assert {**answers, **expected, "until_day": "2027-02-28", "signature": ""} == answers
    assert "Now they see: Mood (each check-in), Alcohol and drugs (a summary of each week)." in page.words
    # Signed as it stands, nothing changes.
    assert client.submit(page.form(field="signature"), signature="robin vale").status_code == 303
    before, after = consents_in(store)
    assert (before.ends_at, before.entries_from) == (after.ends_at, after.entries_from)
    assert after.entries_from == date(2027, 1, 31)


def test_the_name_to_sign_with_is_said(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    assert "Your name here is: Robin Vale." in open_form(client).words
    page = give(client, signature="Somebody Else")
    assert "Type your own name to sign: Robin Vale." in page.errors["signature"]
    assert give(client, signature=" rObin\u00a0 Vâle.").status_code == 303
    assert len(consents_in(store)) == 1


def test_a_reader_of_spanish_reads_it_in_spanish_and_beside_it_the_english_words_that_are_signed(
    client: Client, world: World, store: Store
) -> None:
    factories.sign_in(client, world.patient)
    assert not open_form(client).all("p", lang="es")
    reader = factories.make_patient(store, world.practice, language="es")
    factories.assign_team(store, reader, world.prescriber, world.administrator)
    other = Client(client.application)
    factories.sign_in(other, reader)
    page = open_form(other)
    [spanish], [english] = page.all("p", lang="es"), page.all("p", lang="en")
    assert "está en inglés" in page.main_words
    assert "Consentimiento para compartir" in "".join(spanish.itertext())
    assert "42 CFR" in "".join(english.itertext())


def test_pausing_says_who_and_is_undone_where_it_was_done(client: Client, world: World, store: Store) -> None:
    consent_id = factories.give_consent(store, world.patient, world.supporter, EVERY_DETAIL)
    factories.sign_in(client, world.patient)
    answer = client.submit(client.get("/sharing").form(action=f"/sharing/{consent_id}/pause"))
    assert answer.location.endswith(f"#to-person-{world.supporter.id}")
    page = client.follow(answer)
    assert "Alex Vale sees nothing from now on. They get no message." in page.words
    assert client.get("/sharing").words.count("sees nothing from now on") == 0
    answer = client.submit(page.form(action=f"/sharing/{consent_id}/resume"))
    assert "Alex Vale can see it again: Mood (each check-in)" in client.follow(answer).words
    assert consents_in(store)[0].state == ConsentState.ACTIVE
    # What is not so is not said, whatever the address asks for.
    for word, of in (("paused", consent_id), ("ended", new_id()), ("paused", "x"), ("x", consent_id)):
        page = client.get("/sharing", query_string={"now": word, "of": of})
        assert "from now on" not in page.main_words


def test_nobody_to_share_with_is_not_there(client: Client, world: World) -> None:
    factories.sign_in(client, world.patient)
    for to in ("", "team:nurse", "person:nobody", "team:", "x" * 5000, f"person:{new_id()}"):
        assert client.get("/sharing/new", query_string={"to": to}).status_code == 404
        assert client.get("/sharing/preview", query_string={"to": to}).status_code == 404
        assert client.post("/sharing/new", query_string={"to": to}, data=EVERYTHING).status_code == 404


def test_pause_resume_and_end_hold_at_the_next_request(client: Client, world: World, store: Store) -> None:
    factories.make_check_in(store, world.patient, mood=2, note="canary in a note")
    consent_id = factories.give_consent(store, world.patient, Discipline.PRESCRIBER, EVERY_DETAIL)
    reader = Client(client.application)
    factories.sign_in(reader, world.prescriber)
    factories.sign_in(client, world.patient)

    def seen() -> bool:
        page = reader.get(f"/team/{world.patient.id}")
        assert ("canary in a note" in page.words) == ("Notes" in page.words)
        return "canary in a note" in page.words

    assert seen()
    for step, expected in (("pause", False), ("resume", True), ("pause", False), ("end", False), ("resume", False)):
        page = client.post(f"/sharing/{consent_id}/{step}")
        assert page.status_code == 303
        assert client.follow(page).status_code == 200
        assert seen() is expected, step
    with store.work(writes=False):
        events = list(
            db().scalars(
                select(ConsentEvent.event)
                .where(ConsentEvent.consent_id == consent_id)
                .order_by(ConsentEvent.happened_at, ConsentEvent.id)
            )
        )
    assert events == ["given", "paused", "resumed", "paused", "ended"]


def test_pause_all_closes_everything_at_once(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    give(client, TEAM)
    give(client, "team:therapist")
    give(client, f"person:{world.supporter.id}")
    page = client.get("/sharing")
    page = client.follow(client.submit(page.form(action="/sharing/pause-all")))
    assert {consent.state for consent in consents_in(store)} == {ConsentState.PAUSED}
    assert "They get no message. They can see that nothing is shared now." in page.words
    assert "Pause all sharing" not in page.words
    assert page.main_words.count("Paused: sees nothing right now") == 3
    page = client.follow(client.submit(page.form(action="/sharing/resume-all")))
    assert {consent.state for consent in consents_in(store)} == {ConsentState.ACTIVE}
    assert "Resume all" not in page.words


def test_anothers_consent_is_not_there(client: Client, world: World, store: Store) -> None:
    other = factories.make_patient(store, world.practice)
    consent_id = factories.give_consent(store, other, world.prescriber, EVERY_DETAIL)
    factories.sign_in(client, world.patient)
    for step in ("pause", "resume", "end"):
        assert client.post(f"/sharing/{consent_id}/{step}").status_code == 404
        assert client.post(f"/sharing/{new_id()}/{step}").status_code == 404
    assert client.get(f"/sharing/consents/{consent_id}").status_code == 404
    [untouched] = consents_in(store)
    assert untouched.state == ConsentState.ACTIVE


def test_a_consent_for_somebody_who_left_is_still_shown_and_can_be_ended(
    client: Client, world: World, store: Store
) -> None:
    consent_id = factories.give_consent(store, world.patient, Discipline.NURSE, EVERY_DETAIL)
    factories.sign_in(client, world.patient)
    page = client.get("/sharing")
    assert "Your nurse" in page.words
    assert "Nobody there now" in page.words
    client.submit(page.form(action=f"/sharing/{consent_id}/end"))
    assert "Your nurse" not in client.get("/sharing").words


def test_the_number_of_statements_does_not_grow_with_the_team(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    few = _statements(store, client, "/sharing")
    for number in range(12):
        clinician = factories.make_clinician(store, world.practice, Discipline.THERAPIST, name=f"Kim {number}")
        factories.assign_team(store, world.patient, clinician, world.administrator)
    assert _statements(store, client, "/sharing") <= few + 1


def _statements(store: Store, client: Client, path: str) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = store.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)
