"""A consent as it is stored: complete, sealed, signed once, changed only as it may be, and effective at once."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask, g
from flask_babel import force_locale, format_date, refresh
from sqlalchemy import select, text

from patient_app.consent import service
from patient_app.consent.categories import Category, Level, offered
from patient_app.consent.decisions import grants_of
from patient_app.consent.form_text import current_form, digest
from patient_app.consent.models import Consent, ConsentEvent, ConsentState
from patient_app.consent.service import ConsentRefused, Terms
from patient_app.consent.words import CATEGORY_NAMES
from patient_app.core.errors import NotFound
from patient_app.core.i18n import PseudoDomain
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading.service import reader_of
from tests import factories
from tests.factories import Made

# What can be shared with anybody: a safety plan is offered to the team alone.
ALL = dict.fromkeys(offered(to_team=False), Level.DETAIL)


@dataclass(frozen=True)
class World:
    """A patient with a prescriber on the team and a confirmed supporter."""

    patient: Made
    prescriber: Made
    supporter: Made
    other: Made


@pytest.fixture
def world(store: Store) -> World:
    """Make them."""
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice, name="Robin Vale")
    other = factories.make_patient(store, practice, name="Kim Ash")
    prescriber = factories.make_clinician(store, practice, Discipline.PRESCRIBER, name="Dr Ana Ruiz")
    supporter = factories.make_supporter(store, practice, name="Alex Vale")
    for one in (patient, other):
        factories.assign_team(store, one, prescriber, administrator)
        factories.tie_supporter(store, one, supporter, name="My sister")
    return World(patient, prescriber, supporter, other)


@pytest.fixture(autouse=True)
def _in_the_application(app: Flask) -> Iterator[None]:
    """Dates in the words of a consent are written as the application writes them."""
    with app.app_context():
        yield


def terms(**given: object) -> Terms:
    return replace(Terms(grants=ALL, ends_at=None, entries_from=None), **given)  # type: ignore[arg-type]


def give(
    store: Store,
    patient: Made,
    key: str = "team:prescriber",
    agreed: Terms | None = None,
    consent_id: uuid.UUID | None = None,
    signature: str | None = None,
) -> uuid.UUID:
    with store.work(writes=True):
        recipient = service.find_recipient(patient.viewer, key)
        made = service.give_consent(
            patient.viewer, consent_id or new_id(), recipient, agreed or terms(), signature=signature or patient.name
        )
        return made.id


def rows(store: Store) -> list[Consent]:
    with store.work(writes=False):
        return list(db().scalars(select(Consent).order_by(Consent.signed_at, Consent.id)))


def events(store: Store, consent_id: uuid.UUID) -> list[str]:
    with store.work(writes=False):
        query = select(ConsentEvent.event).where(ConsentEvent.consent_id == consent_id)
        return list(db().scalars(query.order_by(ConsentEvent.id)))


def seen(store: Store, reader: Made, patient: Made) -> set[Category]:
    """Return what a reader may see at this moment, in a unit of work of its own."""
    with store.work(writes=False):
        found = grants_of(reader_of(reader.viewer), [patient.id])
        return set(found[patient.id].categories) if patient.id in found else set()


# --- 42 CFR 2.31(a) -----------------------------------------------------------------------------------------------

# Each element, and what of it must stand in the words that a patient signs.
ELEMENTS = {
    "1 the patient's name": r"My name: Robin Vale\.",
    "2 who may disclose": r"Who may share it: Harbour Practice\.",
    "3 what, specific and meaningful": (
        r"What may be shared: Mood, with sleep, anxiety and energy, and, if alcohol and drugs play no part, what made "
        r"it harder and what helped \(a summary of each week\); Notes\. "
        r"Only from November 3, 2026 on\."
    ),
    "4 the recipient": r"any prescriber on my care team at Harbour Practice \(now: Dr Ana Ruiz\)",
    "4(iii) redisclosure under HIPAA": (
        r"may pass it on as health privacy law \(HIPAA\) allows, but not for proceedings"
    ),
    "10 what is passed on may lose the protection": r"pass on may then no longer be protected by 42 CFR part 2\.",
    "5 the purpose": r"Why: my treatment\.",
    "6 the right to revoke, how, and what was relied on": (
        r"I may end this consent at any time.*in writing.*cannot call back what was already seen or relied on"
    ),
    "7 the expiry": r"This consent ends: December 3, 2026\.",
    "10 refusing has no consequence": r"I do not have to sign\. My care.*do not depend on it",
    "10 the protection": r"42 CFR part 2.*civil, criminal, administrative or legislative proceedings",
}


def test_every_element_of_2_31_stands_in_the_words_and_the_words_are_sealed(
    store: Store, world: World, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 18:00")
    agreed = Terms(
        grants={Category.NOTES: Level.DETAIL, Category.MOOD: Level.SUMMARY},
        ends_at=datetime(2026, 12, 4, 4, 59, 59, tzinfo=UTC),
        entries_from=date(2026, 11, 3),
    )
    consent_id = give(store, world.patient, agreed=agreed, signature=" ROBÍN  vale.")
    with store.work(writes=False):
        made = db().get_one(Consent, consent_id)
        words = made.form_text or ""
        for element, pattern in ELEMENTS.items():
            assert re.search(pattern, words, re.DOTALL), element
        assert "{" not in words
        # 8 and 9: the signature and the day of signing, and what belongs to them.
        assert made.signature == " ROBÍN  vale."
        assert made.signed_at == datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
        assert made.signed_session_id is not None
        assert (made.form_version, made.form_digest) == (
            current_form().version,
            digest(words),
        )
        assert made.form_digest != hashlib.sha256(words.encode()).digest()  # It would let names be tried out.
        assert (made.discloser, made.purpose) == ("Harbour Practice", "my treatment")
        assert made.patient_name == "Robin Vale"
        stored = [
            bytes(value)
            for value in db().execute(text("SELECT * FROM consent")).one()
            if isinstance(value, bytes | memoryview)
        ]
    for secret in (b"Robin", "ROBÍN".encode(), b"Ana Ruiz", b"My name"):
        assert all(secret not in blob for blob in stored)


def test_a_supporter_is_named_and_warned_about(store: Store, world: World) -> None:
    consent_id = give(store, world.patient, f"person:{world.supporter.id}")
    with store.work(writes=False):
        words = db().get_one(Consent, consent_id).form_text or ""
    assert "Who may receive it: My sister." in words
    assert "at my request" in words
    assert "no longer be protected" in words
    assert "This consent ends: when I end it, or when my treatment here ends." in words
    assert "Also what I wrote before today." in words


@pytest.mark.parametrize("reader", ["en", "es", "pseudo"])
def test_a_consent_is_whole_in_the_language_of_its_form_whatever_the_readers(
    store: Store, world: World, reader: str
) -> None:
    """The words were reviewed in one language; the row says which, and no other language is mixed in."""
    agreed = Terms(
        grants={Category.MOOD: Level.SUMMARY},
        ends_at=datetime(2999, 12, 4, 4, 59, 59, tzinfo=UTC),
        entries_from=date(2026, 11, 3),
    )
    with force_locale("es" if reader == "es" else "en"):
        if reader == "pseudo":
            refresh()
            del g._flask_babel.forced_babel_locale
            PseudoDomain().as_default()
            assert str(CATEGORY_NAMES[Category.MOOD]) == "⟦Mood⟧"
        consent_id = give(store, world.patient, agreed=agreed)
        with store.work(writes=False):
            recipient = service.find_recipient(world.patient.viewer, "team:prescriber")
            shown = service.preview_text(world.patient.viewer, recipient)
        if reader == "es":
            assert format_date(date(2026, 11, 3), "long") == "3 de noviembre de 2026"
    with store.work(writes=False):
        made = db().get_one(Consent, consent_id)
        words = made.form_text or ""
        assert made.language == shown.language == current_form().language == "en"
        assert (made.purpose, made.recipient_name) == (
            "my treatment",
            "any prescriber on my care team at Harbour Practice (now: Dr Ana Ruiz)",
        )
    assert "what helped (a summary of each week). Only from November 3, 2026 on." in words
    assert "This consent ends: December 3, 2999." in words
    assert "⟦" not in words + shown.text


# --- Once, and only as it may be ------------------------------------------------------------------------------------


def test_the_same_consent_twice_is_one(store: Store, world: World) -> None:
    consent_id = new_id()
    for _ in range(3):
        assert give(store, world.patient, consent_id=consent_id) == consent_id
    assert [row.id for row in rows(store)] == [consent_id]
    assert events(store, consent_id) == ["given"]


def test_an_ended_consent_sent_again_stays_ended(store: Store, world: World) -> None:
    consent_id = give(store, world.patient)
    with store.work(writes=True):
        service.end_consent(world.patient.viewer, consent_id)
    with pytest.raises(ConsentRefused) as refused:
        give(store, world.patient, consent_id=consent_id)
    assert refused.value.reason == "ended-since"
    assert [row.state for row in rows(store)] == [ConsentState.REVOKED]
    assert seen(store, world.prescriber, world.patient) == set()


@pytest.mark.parametrize(
    "other",
    [
        terms(grants={Category.MOOD: Level.DETAIL}),
        terms(grants={**ALL, Category.MOOD: Level.SUMMARY}),
        terms(ends_at=datetime(2999, 1, 1, tzinfo=UTC)),
        terms(entries_from=date(2026, 1, 1)),
    ],
    ids=["fewer categories", "another level", "another end", "another start"],
)
def test_the_same_id_with_other_terms_is_refused(store: Store, world: World, other: Terms) -> None:
    consent_id = give(store, world.patient)
    with pytest.raises(ConsentRefused) as refused:
        give(store, world.patient, agreed=other, consent_id=consent_id)
    assert refused.value.reason == "signed-before"
    assert len(rows(store)) == 1


def test_the_same_id_for_another_recipient_is_refused(store: Store, world: World) -> None:
    consent_id = give(store, world.patient)
    with pytest.raises(ConsentRefused) as refused:
        give(store, world.patient, f"person:{world.supporter.id}", consent_id=consent_id)
    assert refused.value.reason == "signed-before"


def test_anothers_id_is_not_there(store: Store, world: World) -> None:
    theirs = give(store, world.other)
    with pytest.raises(NotFound):
        give(store, world.patient, consent_id=theirs)
    for act in (service.pause_consent, service.resume_consent, service.end_consent, service.own_consent):
        with pytest.raises(NotFound), store.work(writes=True):
            act(world.patient.viewer, theirs)
    [row] = rows(store)
    assert (row.patient_id, row.state) == (world.other.id, ConsentState.ACTIVE)


def test_what_cannot_be_agreed_to_is_refused(store: Store, world: World) -> None:
    for bad, reason in (
        (terms(grants={}), "nothing-chosen"),
        (terms(grants={Category.MEASURES: Level.DETAIL}), "not-offered"),
        (terms(grants={Category.SKILLS: Level.SUMMARY}), "not-offered"),
        (terms(grants={Category.SAFETY_PLAN: Level.SUMMARY}), "not-offered"),
        (terms(grants={Category.NOTES: Level.SUMMARY}), "not-offered"),
        (terms(ends_at=datetime(2020, 1, 1, tzinfo=UTC)), "ends-in-past"),
    ):
        with pytest.raises(ConsentRefused) as refused:
            give(store, world.patient, agreed=bad)
        assert refused.value.reason == reason
    closed = replace(world.patient.viewer, entries_closed_until=datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(ConsentRefused), store.work(writes=True):
        recipient = service.find_recipient(closed, "team:prescriber")
        service.give_consent(closed, new_id(), recipient, terms(), signature="Robin")
    assert rows(store) == []


def test_a_safety_plan_is_shared_with_the_team_and_with_no_supporter(store: Store, world: World) -> None:
    plan = terms(grants={Category.SAFETY_PLAN: Level.DETAIL})
    with pytest.raises(ConsentRefused) as refused:
        give(store, world.patient, f"person:{world.supporter.id}", agreed=plan)
    assert refused.value.reason == "not-offered"
    give(store, world.patient, agreed=plan)
    assert seen(store, world.prescriber, world.patient) == {Category.SAFETY_PLAN}


def test_one_agreement_for_each_recipient(store: Store, world: World) -> None:
    first = give(store, world.patient)
    for_supporter = give(store, world.patient, f"person:{world.supporter.id}")
    of_another_patient = give(store, world.other)
    second = give(store, world.patient, agreed=terms(grants={Category.MOOD: Level.SUMMARY}))
    found = {row.id: row for row in rows(store)}
    assert (found[first].state, found[first].replaced_by) == (ConsentState.REVOKED, second)
    assert {found[one].state for one in (for_supporter, of_another_patient, second)} == {ConsentState.ACTIVE}
    assert events(store, first) == ["given", "replaced"]
    assert seen(store, world.prescriber, world.patient) == {Category.MOOD}


def test_sent_at_the_same_moment_by_many_is_still_one(store: Store, world: World) -> None:
    consent_id, faults = new_id(), []
    start = threading.Barrier(6)

    def send() -> None:
        start.wait()
        try:
            give(store, world.patient, consent_id=consent_id)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the test shows it.
            faults.append(fault)

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(rows(store)) == 1
    assert events(store, consent_id) == ["given"]


def test_two_agreements_at_the_same_moment_leave_one_in_force(store: Store, world: World) -> None:
    start = threading.Barrier(4)

    def send() -> None:
        start.wait()
        give(store, world.patient)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row.state for row in rows(store)) == ["active", "revoked", "revoked", "revoked"]


# --- Effective at once ----------------------------------------------------------------------------------------------


def test_each_step_holds_at_the_very_next_reading(store: Store, world: World) -> None:
    patient = world.patient.viewer
    consent_id = give(store, world.patient)
    for act, expected in (
        (service.pause_consent, set()),
        (service.pause_consent, set()),
        (service.resume_consent, set(ALL)),
        (service.resume_consent, set(ALL)),
        (service.pause_consent, set()),
        (service.end_consent, set()),
        (service.end_consent, set()),
        (service.resume_consent, set()),
        (service.pause_consent, set()),
    ):
        with store.work(writes=True):
            act(patient, consent_id)
        assert seen(store, world.prescriber, world.patient) == expected
    assert events(store, consent_id) == ["given", "paused", "resumed", "paused", "ended"]


def test_the_end_holds_at_its_very_second_without_any_worker(
    store: Store, world: World, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 12:00")
    give(store, world.patient, agreed=terms(ends_at=datetime(2026, 11, 4, 4, 59, 59, tzinfo=UTC)))
    set_time("2026-11-04 04:59:58")
    assert seen(store, world.prescriber, world.patient) == set(ALL)
    set_time("2026-11-04 04:59:59")
    assert seen(store, world.prescriber, world.patient) == set()
    assert service.expire_due(store) == 1
    assert service.expire_due(store) == 0
    [row] = rows(store)
    assert row.state == ConsentState.EXPIRED
    assert events(store, row.id) == ["given", "expired"]
    with store.work(writes=True):
        service.resume_consent(world.patient.viewer, row.id)
        assert service.own_consents(world.patient.viewer) == []
    assert seen(store, world.prescriber, world.patient) == set()


def test_a_paused_consent_cannot_outlive_its_end(store: Store, world: World, set_time: Callable[[str], None]) -> None:
    set_time("2026-11-03 12:00")
    consent_id = give(store, world.patient, agreed=terms(ends_at=datetime(2026, 11, 4, tzinfo=UTC)))
    with store.work(writes=True):
        service.pause_consent(world.patient.viewer, consent_id)
    set_time("2026-11-05 12:00")
    with store.work(writes=True):
        service.resume_consent(world.patient.viewer, consent_id)
    assert seen(store, world.prescriber, world.patient) == set()


def test_pausing_everything_is_one_step(store: Store, world: World) -> None:
    give(store, world.patient)
    give(store, world.patient, f"person:{world.supporter.id}")
    give(store, world.other)
    with store.work(writes=True):
        assert service.pause_everything(world.patient.viewer) == 2
        assert service.pause_everything(world.patient.viewer) == 0
    assert seen(store, world.prescriber, world.patient) == set()
    assert seen(store, world.supporter, world.patient) == set()
    assert seen(store, world.prescriber, world.other) == set(ALL)
