"""A silence: one word to the person, later word to whom they agreed to, once, and never for what explains it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, timedelta

import pytest
from sqlalchemy import select, update

from patient_app.accounts.models import Person, PersonState, SupportLink, SupportState
from patient_app.appointments import raising, writing
from patient_app.appointments.raising import Wishes
from patient_app.appointments.said import Said
from patient_app.appointments.when import start
from patient_app.appointments.writing import Author
from patient_app.consent import seals
from patient_app.consent import service as consents
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock, letterbox, outbox
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import db
from patient_app.effects import weekly
from patient_app.follow_up import hearing, service, telling
from patient_app.follow_up.service import NotOn, SomebodySooner
from patient_app.reminders import choosing, handling
from patient_app.reminders.models import Handled, Kind, Occurrence, ReminderOutage
from patient_app.safety.models import Step
from patient_app.safety.plan import StepWords, save_step
from patient_app.skills import assignments
from patient_app.skills.assignments import Given
from patient_app.skills.files import exercises
from patient_app.skills.models import Often
from tests.factories import make_check_in
from tests.features.follow_up.conftest import World, moment
from tests.features.reminders.made import occurrences
from tests.features.skills.given import PLAIN


def words_sent(world: World) -> list[date]:
    return [one.local_day for one in occurrences(world.store) if one.sent_at is not None]


def test_nothing_happens_where_nobody_asked_for_it(world: World) -> None:
    for day in ("03-05", "03-12", "03-30"):
        assert world.comes(f"{day} 11:30") == 0
    assert not world.push.sent
    assert not world.told()


def test_one_word_comes_after_the_chosen_days_and_tells_nothing(world: World) -> None:
    world.on(3)
    for day in ("03-04", "03-05", "03-06", "03-09"):
        for minute in ("11:00", "11:01", "18:00"):
            world.comes(f"{day} {minute}")
    ((_device, payload),) = world.push.sent
    assert payload["title"] == "You have a reminder"
    assert payload["url"] == "/today"
    assert words_sent(world) == [date(2026, 3, 5)]
    assert not world.told()
    assert not world.mails()


def test_a_check_in_starts_the_count_again(world: World) -> None:
    world.on(3)
    world.set_time(moment("03-04 22:00"))
    make_check_in(world.store, world.patient, at=moment("03-04 22:00"))
    for day in ("03-05", "03-06", "03-07"):
        world.comes(f"{day} 11:00")
    assert words_sent(world) == [date(2026, 3, 7)]


def test_later_the_supporter_is_told_once_and_by_an_e_mail_that_tells_nothing(world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    told = [world.comes(f"03-{day:02d} {at}") for day in range(3, 15) for at in ("03:00", "11:00", "12:00", "23:00")]
    assert sum(told) == 1
    (row,) = world.told()
    assert (row.days, row.silent_since, row.told_at) == (5, date(2026, 3, 2), moment("03-07 11:00"))
    ((address, subject, body),) = world.mails()
    assert address == world.supporter.email
    assert subject == "There is something to read"
    lowered = (subject + body).lower()
    assert not [word for word in ("check", "robin", "quiet", "day", "text me") if word in lowered]
    # A next silence is another one.
    world.set_time(moment("03-20 12:00"))
    make_check_in(world.store, world.patient, at=moment("03-20 12:00"))
    assert sum(world.comes(f"03-{day:02d} 11:30") for day in range(21, 30)) == 1


def test_the_team_is_told_as_far_as_its_members_may_read(world: World) -> None:
    world.on(3)
    world.lets_tell("team:prescriber", 4)
    world.comes("03-05 11:00")
    assert world.comes("03-06 11:30") == 1
    assert [mail[0] for mail in world.mails()] == [world.prescriber.email]


def _away(world: World) -> None:
    world.set_time(moment("03-03 10:00"))
    service.go_away(world.patient.viewer, date(2026, 3, 20))


def _paused(world: World) -> None:
    choosing.pause_all(world.patient.viewer, date(2026, 3, 20))


def _resumed_early(world: World) -> None:
    world.set_time(moment("03-06 22:00"))
    choosing.pause_all(world.patient.viewer, None)


def _sharing_paused(world: World) -> None:
    consents.pause_everything(world.patient.viewer)


def _revoked(world: World) -> None:
    for consent in db().scalars(select(Consent)):
        consents.end_consent(world.patient.viewer, consent.id)


def _forged(world: World) -> None:
    db().execute(update(Consent).values(tells_after=4))


def _outage(world: World) -> None:
    db().add(ReminderOutage(id=world.patient.id, began_at=moment("03-05 20:00"), ended_at=moment("03-06 02:00")))


def _word_answered(world: World) -> None:
    for one in db().scalars(select(Occurrence).where(Occurrence.kind == Kind.FOLLOW_UP)):
        handling.settle(world.patient.id, one.id, Handled.NOTIFICATION)


def _tie_ended(world: World) -> None:
    db().execute(update(SupportLink).values(state=SupportState.ENDED))


def _in_question(world: World) -> None:
    db().get_one(Person, world.patient.id).entries_closed_until = moment("03-20 12:00")


def _closed(world: World) -> None:
    db().get_one(Person, world.patient.id).state = PersonState.CLOSED


def _off(world: World) -> None:
    service.turn_off(world.patient.viewer)


def _here(world: World) -> None:
    service.here(world.patient.viewer)


def _restored(world: World) -> None:
    service.count_anew()


@pytest.mark.parametrize(
    "what",
    [
        _away,
        _paused,
        _resumed_early,
        _sharing_paused,
        _revoked,
        _forged,
        _outage,
        _word_answered,
        _tie_ended,
        _in_question,
        _closed,
        _off,
        _here,
        _restored,
    ],
)
def test_nobody_is_told_where_something_speaks_against_it(world: World, what: Callable[[World], None]) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    world.comes("03-05 11:00")  # The word to the person.
    world.comes("03-06 22:00")
    with world.store.work(writes=True):
        what(world)
    assert world.comes("03-07 11:00") == world.comes("03-08 10:00") == 0
    assert not world.told()
    assert not world.mails()


def _planned(world: World) -> None:
    save_step(world.patient.viewer, Step.SIGNS, new_id(), StepWords(text="I stop calling people"), base=0)


def _visit(world: World) -> None:
    begins = start(date(2026, 3, 20), 600, "America/New_York")
    writing.enter(Author.patient(world.patient.viewer), new_id(), Said(begins, who="Dentist"))


def _raised(world: World) -> None:
    raising.save(world.patient.viewer, new_id(), Wishes(("Sleep",)), base=0)


def _wrote_of_the_week(world: World) -> None:
    now = clock.moment(clock.now(), world.patient.zone)
    weekly.record(world.patient.viewer, new_id(), weekly.Answers(words="A hard week"), now)


def _said_no(world: World) -> None:
    given, now = new_id(), clock.moment(clock.now(), world.patient.zone)
    said = Given(exercises()[PLAIN], Often.DAILY, now.day)
    assignments.give(world.prescriber.viewer, world.patient.id, given, said, now)
    assignments.decline(world.patient.viewer, given, "", now)


@pytest.mark.parametrize("what", [_planned, _visit, _raised, _wrote_of_the_week, _said_no])
def test_all_that_a_person_writes_ends_a_silence(world: World, what: Callable[[World], None]) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    world.comes("03-05 11:00")
    world.comes("03-06 12:00")
    with world.store.work(writes=True):
        what(world)
    assert world.comes("03-07 11:00") == world.comes("03-08 11:00") == 0
    assert not world.told()


def test_what_somebody_else_writes_of_a_person_is_no_sign_of_them(world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    world.comes("03-05 11:00")
    world.comes("03-06 12:00")
    with world.store.work(writes=True):
        begins = start(date(2026, 3, 20), 600, "America/New_York")
        author = Author.clinician(world.prescriber.viewer, world.patient.id, date(2026, 3, 6))
        writing.enter(author, new_id(), Said(begins, clinician_id=world.prescriber.id))
    assert world.comes("03-07 11:00") == 1


def test_nobody_is_told_while_entries_are_known_to_wait(world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    world.comes("03-05 11:00")
    world.set_time(moment("03-06 09:00"))
    with world.store.work(writes=False):
        tag = letterbox.person_tag(world.patient.id)
    outbox.say_waiting(world.store, tag)
    outbox.say_waiting(world.store, "nobody")
    assert world.comes("03-07 11:00") == world.comes("03-08 11:00") == 0
    assert timedelta(hours=1) == hearing.KEPT_EVERY


def test_nobody_is_told_before_the_engine_has_kept_that_there_was_an_outage(world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    world.comes("03-05 11:00")
    world.set_time(moment("03-07 12:00"))
    assert telling.tell_due(world.store) == 0  # The engine did not look yet.
    assert world.comes("03-07 12:00", worker_ran=False) == 0
    assert not world.told()


def test_nobody_is_told_where_no_word_reached_the_person_first(world: World) -> None:
    world.on(3)
    world.lets_tell(world.to_supporter, 5)
    world.comes("03-04 12:00")
    assert sum(world.comes(f"03-{day:02d} 12:00") for day in (8, 9, 10)) == 0


def test_what_is_signed_stands_beside_what_is_shared_and_opens_nothing(world: World) -> None:
    world.on(3)
    first = world.lets_tell(world.to_supporter, 5)
    world.set_time(moment("03-02 12:01"))
    second = world.lets_tell(world.to_supporter, 7)
    with world.store.work(writes=False):
        assert db().get_one(Consent, first).state == ConsentState.REVOKED
        signed = db().get_one(Consent, second)
        assert signed.state == ConsentState.ACTIVE
        assert signed.grants == []
        assert "7 days" in (signed.form_text or "")
        assert "Please text me" in (signed.form_text or "")
        assert consents.own_consents(world.patient.viewer) == []
    assert seals.verify(world.store) == []
    with world.store.work(writes=True):
        db().execute(update(Consent).where(Consent.id == second).values(tells_after=2))
    assert len(seals.verify(world.store)) == 1


def test_the_word_comes_first_whatever_is_chosen(world: World) -> None:
    with pytest.raises(NotOn):
        world.lets_tell(world.to_supporter, 5)
    world.on(5)
    with pytest.raises(SomebodySooner):
        world.lets_tell(world.to_supporter, 5)
    world.lets_tell(world.to_supporter, 7)
    with pytest.raises(SomebodySooner):
        world.on(7)
    with world.store.work(writes=True):
        service.turn_off(world.patient.viewer)
    with world.store.work(writes=False):
        chosen = service.chosen(world.patient.viewer, clock.now())
    assert (chosen.days, chosen.tellings) == (None, ())


def test_a_session_in_question_sees_and_changes_nothing(world: World) -> None:
    viewer = world.patient.viewer
    closed = type(viewer)(**{**viewer.__dict__, "entries_closed_from": clock.now()})
    for attempt in (
        lambda: service.chosen(closed, clock.now()),
        lambda: service.turn_on(closed, 3),
        lambda: service.turn_off(closed),
        lambda: service.here(closed),
        lambda: service.go_away(closed, date(2026, 3, 9)),
    ):
        with world.store.work(writes=True), pytest.raises(NotFound):
            attempt()


def test_days_are_those_of_where_the_person_is(world: World) -> None:
    with world.store.work(writes=True):
        db().get_one(Person, world.patient.id).zone = "Pacific/Auckland"
    world.on(2)
    world.set_time(moment("03-02 12:00"))
    # 3 March in Auckland already: the word comes on 5 March at 11:00 there, which is 4 March in New York.
    world.comes("03-04 16:59")
    assert not world.push.sent
    world.comes("03-04 17:00")
    assert len(world.push.sent) == 1
    assert occurrences(world.store)[0].due_at.astimezone(UTC).isoformat() == "2026-03-04T22:00:00+00:00"


def test_the_word_goes_by_e_mail_where_no_phone_was_reached_and_that_was_chosen(world: World) -> None:
    with world.store.work(writes=True):
        service.turn_on(world.patient.viewer, 3, by_mail=True)
    world.push.devices = ()
    for wall in (
        "03-03 12:00",
        "03-04 12:00",
        "03-05 11:00",
        "03-05 11:30",
        "03-05 11:31",
        "03-05 13:00",
        "03-06 12:00",
    ):
        world.comes(wall)
    ((address, subject, body),) = world.mails()
    assert (address, subject) == (world.patient.email, "You have a reminder")
    assert "quiet" not in body
    (word,) = occurrences(world.store)
    assert word.sent_at == moment("03-05 11:30")


@pytest.mark.parametrize(("by_mail", "reached"), [(False, False), (True, True)])
def test_no_e_mail_where_it_was_not_chosen_or_a_phone_was_reached(world: World, by_mail: bool, reached: bool) -> None:
    with world.store.work(writes=True):
        service.turn_on(world.patient.viewer, 3, by_mail=by_mail)
    if not reached:
        world.push.devices = ()
    for wall in ("03-04 12:00", "03-05 11:00", "03-05 11:30", "03-05 13:00", "03-06 12:00"):
        world.comes(wall)
    assert not world.mails()
