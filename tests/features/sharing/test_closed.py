"""While entries are closed after a clinic code: no names, nothing more is shared, and what was done is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from patient_app.accounts import security
from patient_app.accounts.models import Person, SecurityNotice, SupportLink, SupportState, TeamMembership
from patient_app.consent import service as consents
from patient_app.consent import telling
from patient_app.consent.categories import OFFERED, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reminders import calendar
from tests import factories
from tests.features.sharing.conftest import World
from tests.page import Client

EVERYTHING = dict.fromkeys(OFFERED, Level.DETAIL)
TAKES_AWAY = {"/sharing", "/sharing/<uuid:consent_id>/pause", "/sharing/<uuid:consent_id>/end", "/sharing/pause-all"}


def came_in_by_code(store: Store, world: World) -> datetime:
    """Close the patient's entries, as after a code; return since when."""
    since = datetime.now(UTC) - timedelta(hours=1)
    with store.work(writes=True):
        person = db().get_one(Person, world.patient.id)
        person.entries_closed_from, person.entries_closed_until = since, since + timedelta(hours=24)
        person.password_hash_before_code = person.password_hash
        person.security_notice, person.security_notice_at = SecurityNotice.CODE_USED, since
    return since


@pytest.fixture
def consent(store: Store, world: World) -> str:
    """A consent for the prescriber, and a new member of the team whose name was not shown."""
    made = factories.give_consent(store, world.patient, Discipline.PRESCRIBER, EVERYTHING)
    factories.give_consent(store, world.patient, world.supporter, EVERYTHING)
    return str(made)


def test_every_page_of_sharing_is_closed_but_pausing_and_ending(
    client: Client, world: World, store: Store, consent: str
) -> None:
    nurse = factories.make_clinician(store, world.practice, Discipline.NURSE, name="Nia Cole")
    member = factories.assign_team(store, world.patient, nurse, world.administrator, shown=False)
    waiting = factories.tie_supporter(
        store, world.patient, factories.make_supporter(store, world.practice, name="Sam"), state=SupportState.ACCEPTED
    )
    came_in_by_code(store, world)
    factories.sign_in(client, world.patient)
    names = ("Ana Ruiz", "Tom Birch", "Nia Cole", "My sister", "Alex Vale", world.supporter.email, "Call me", "Sam has")
    with_ids = {"consent_id": consent, "link_id": waiting, "membership_id": member}
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.endpoint.startswith("sharing.")]
    assert len(rules) > 15
    for rule in rules:
        address = rule.rule
        for name, value in with_ids.items():
            address = address.replace(f"<uuid:{name}>", str(value))
        for method in rule.methods or set():
            if method not in {"GET", "POST"} or (method == "POST" and rule.rule in TAKES_AWAY):
                continue
            page = client.open(address, method=method, query_string={"to": "team:prescriber"}, data={"name": "x"})
            assert not [name for name in names if name in page.words], address
            assert ("stays closed until" in page.words) == (rule.rule not in TAKES_AWAY), address
            assert page.status_code == (200 if method == "GET" else 422), address
    with store.work(writes=False):
        membership = db().get_one(TeamMembership, member)
        assert (membership.shown_at, membership.noticed_at) == (None, None)
        assert db().get_one(SupportLink, waiting).state == SupportState.ACCEPTED


def test_pausing_and_ending_work_there(client: Client, world: World, store: Store, consent: str) -> None:
    came_in_by_code(store, world)
    factories.sign_in(client, world.patient)
    page = client.get("/sharing")
    assert "With your prescriber" in page.words
    page = client.follow(client.submit(page.form(action=f"/sharing/{consent}/end")))
    assert "With your prescriber" not in page.words
    client.submit(page.form(action="/sharing/pause-all"))
    with store.work(writes=False):
        states = {one.discipline: one.state for one in db().scalars(select(Consent))}
    assert states == {Discipline.PRESCRIBER: ConsentState.REVOKED, None: ConsentState.PAUSED}


def test_a_check_in_made_meanwhile_names_nobody_either(
    client: Client, world: World, store: Store, consent: str
) -> None:
    came_in_by_code(store, world)
    factories.sign_in(client, world.patient)
    saved = client.get(client.post("/check-in", data={"id": str(new_id()), "mood": "3"}).location)
    for page in (saved, client.get(f"{saved.request.path}/delete")):
        assert page.status_code == 200
        assert "so their names stay closed until" in page.main_words
        assert "Nobody" not in page.main_words.replace("Nobody watches this around the clock.", "")
        for name in ("Ana Ruiz", "Tom Birch", "My sister", "Alex Vale"):
            assert name not in page.html


def test_it_was_not_me_ends_what_was_tied_since(store: Store, world: World) -> None:
    supporters = [factories.make_supporter(store, world.practice) for _ in range(3)]
    early = [factories.tie_supporter(store, world.patient, one, state=SupportState.ACCEPTED) for one in supporters]
    late = factories.tie_supporter(store, world.patient, None, state=SupportState.INVITED)
    since = came_in_by_code(store, world)
    with store.work(writes=True):
        for tie in [*early, db().scalar(select(SupportLink.id).where(SupportLink.supporter_id == world.supporter.id))]:
            row = db().get_one(SupportLink, tie)
            row.invited_at = since - timedelta(days=2)
            row.confirmed_at = row.confirmed_at and since - timedelta(days=1)
        confirmed = db().get_one(SupportLink, early[1])
        confirmed.state, confirmed.confirmed_at = SupportState.CONFIRMED, since + timedelta(minutes=1)
    asked = replace(world.patient.viewer, security_notice=SecurityNotice.CODE_USED, session_id=new_id())
    with store.work(writes=True):
        security.it_was_not_me(asked, SecurityNotice.CODE_USED)
    with store.work(writes=False):
        states = {row.id: row.state for row in db().scalars(select(SupportLink))}
    assert [states[tie] for tie in early] == [SupportState.ACCEPTED, SupportState.ENDED, SupportState.ACCEPTED]
    assert states[late] == SupportState.ENDED
    assert sum(state == SupportState.CONFIRMED for state in states.values()) == 1  # The one of long ago.


def test_it_was_not_me_ends_what_was_signed_since_and_the_calendar(store: Store, world: World) -> None:
    patient = world.patient
    kept = factories.give_consent(store, patient, Discipline.PRESCRIBER, EVERYTHING)
    resumed = factories.give_consent(store, patient, Discipline.THERAPIST, EVERYTHING, state=ConsentState.PAUSED)
    paused = factories.give_consent(store, patient, Discipline.THERAPIST, EVERYTHING, state=ConsentState.PAUSED)
    with store.work(writes=True):
        token = calendar.open_feed(patient.viewer)  # An address may have been looked at, whoever made it.
    came_in_by_code(store, world)
    signed = factories.give_consent(store, patient, world.supporter, EVERYTHING, starts_at=clock.now())
    told = new_id()
    with store.work(writes=True):  # What a stranger can do once the day is over.
        consents.resume_consent(patient.viewer, resumed)
        to = consents.find_recipient(patient.viewer, f"person:{world.supporter.id}")
        telling.agree(patient.viewer, told, to, telling.Telling(3, "Call me"), signature=patient.name)
        assert calendar.feed(token, clock.now() + timedelta(days=1))
    asked = replace(patient.viewer, security_notice=SecurityNotice.CODE_USED, session_id=new_id())
    with store.work(writes=True):
        security.it_was_not_me(asked, SecurityNotice.CODE_USED)
    with store.work(writes=False):
        states = {one.id: one.state for one in db().scalars(select(Consent))}
        with pytest.raises(NotFound):
            calendar.feed(token, clock.now() + timedelta(days=1))
    assert states == {
        kept: ConsentState.ACTIVE,
        resumed: ConsentState.PAUSED,
        paused: ConsentState.PAUSED,
        signed: ConsentState.REVOKED,
        told: ConsentState.REVOKED,
    }
