"""What must not act after a restore: THE list. A feature whose rows send, remind, open or sign in adds its line here.

A backup is the past. A session that was ended since, a link that was used, a message that went out: after a restore all
of them would be there again. So a restore ends or drops them, once, before the database gets its place. Every table
stands in exactly one of the two lists below (`tests/sweeps/test_after_restore.py`), so that nobody forgets to decide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessChain
from patient_app.accounts import links, mail, resets, seen_as, sessions, teams
from patient_app.accounts.models import Person
from patient_app.consent import service as consent
from patient_app.core.work import Store, db
from patient_app.follow_up import service as follow_up
from patient_app.push import actions
from patient_app.push import service as push
from patient_app.reminders import over as reminders


@dataclass(frozen=True, slots=True)
class Quiet:
    """Something that is ended: what it is called, where its rows stand, and what ends all of them, returning how many.

    `unless_nothing_lost`: only where something came after the backup, so not when an installation merely moves.
    """

    name: str
    tables: frozenset[str]
    end: Callable[[], int]
    unless_nothing_lost: bool = False


# Of reminders: what is due is looked at anew, from the moment of the restore on.
REMINDERS = frozenset({"occurrence", "reminder", "reminder_settings", "reminder_tick"})

QUIETED = (
    Quiet("signed-in devices: signed out", frozenset({"device_session"}), sessions.end_all),
    Quiet("links and codes: cancelled", frozenset({"one_time_link", "clinic_code"}), links.cancel_all),
    Quiet("requests for a new password: dropped", frozenset({"reset_request"}), resets.drop_requests),
    Quiet(
        "devices that get messages: none, until each is opened by who turned it on",
        frozenset({"push_subscription"}),
        push.retire_all,
    ),
    Quiet("answers on notifications: taken no more", frozenset({"notification_action"}), actions.drop_all),
    Quiet("messages that waited: given up", frozenset({"mail_message"}), mail.give_up_all),
    Quiet("reminders that waited: dropped; calendars: closed", REMINDERS, reminders.quiet_all),
    Quiet("days of quiet: counted from now on", frozenset({"follow_up"}), follow_up.count_anew),
    Quiet(
        "reminders by e-mail: ended; on locked phones: only that there is one",
        frozenset({"reminder"}),
        reminders.make_discreet,
        unless_nothing_lost=True,
    ),
    Quiet(
        "consents: paused, until their patients resume them",
        frozenset({"consent", "consent_event"}),
        consent.pause_after_restore,
        unless_nothing_lost=True,
    ),
    Quiet(
        "places on care teams: closed, until their patients were shown the names",
        frozenset({"team_membership"}),
        teams.show_all_again,
        unless_nothing_lost=True,
    ),
    Quiet(
        "names that supporters see: those of the charts, until their patients choose again",
        frozenset({"support_link"}),
        seen_as.forget_all,
        unless_nothing_lost=True,
    ),
)
# Nothing of these acts by itself or opens anything by being held; with each, why.
LEFT: Mapping[str, str] = {
    "access_chain": "the end of a patient's records",
    "access_record": "what happened",
    "appointment": "when somebody meets whom; reminders of it have rows of their own",
    "appointment_version": "likewise",
    "blood_test": "what a prescriber planned; Today shows it, and nothing is sent",
    "blood_test_version": "likewise",
    "check_in": "what a person wrote",
    "check_in_version": "likewise",
    "concern": "what waits in a list to be seen; nothing is sent to anybody",
    "concern_medicine": "medicines that a sign rests on: history",
    "concern_seen": "who said that they saw it",
    "consent_category": "what a consent covers; its state is what opens",
    "follow_up_told": "who was told, and when; what it opens is a consent's",
    "exercise_assignment": "what a clinician gave, and that it was taken back; reminders of it have rows of their own",
    "exercise_choice": "what a person said of an exercise; it opens nothing without a consent",
    "exercise_plan": "when somebody wants to be reminded; the reminder has a row of its own",
    "exercise_reader": "whom a person chose to show an exercise; it opens nothing without a consent",
    "exercise_run": "what a person did",
    "exercise_version": "likewise",
    "installation": "what the database is for",
    "known_device": "spares a device the slow-down of others' wrong tries, and opens nothing",
    "lesson_assignment": "what a clinician gave; a suggestion is a line on Today, and nothing is sent",
    "learning": "what a person saved and read; a suggestion is a line on Today, and nothing is sent",
    "opening_hours": "what help pages show",
    "own_note": "what a supporter wrote for themselves",
    "own_shelf": "what a supporter saved for themselves",
    "patient": "the chart",
    "person": "accounts and passwords: who changed or lost one after the backup is told of in docs/backup.md",
    "practice": "names",
    "practice_number": "what help pages show",
    "profile": "what a person told of themselves",
    "ran_out_seen": "who said that they saw it",
    "reminder_outage": "when reminders did not run",
    "review": "marks of what a team has looked at",
    "delivery": "what was sent, and when",
    "dose": "what a person logged",
    "dose_version": "likewise",
    "medicine": "what a person takes; reminders of it have rows of their own",
    "medicine_answer": "what a person said to a change",
    "medicine_hours": "when a person eats and sleeps",
    "medicine_version": "what was true of a medicine",
    "response_note": "what a person wrote",
    "response_version": "likewise",
    "safety_plan_step": "what a person wrote",
    "side_effect": "what a person wrote",
    "side_effect_version": "likewise",
    "supply_entry": "what a person said they have",
    "supply_watch": "from when on that is counted",
    "team_note": "what a team wrote",
    "to_raise": "what a person wants to talk about",
    "throttle": "counts that run out",
    "worry": "what a supporter wrote",
    "worry_mute": "a clinician's wish to keep a sender aside for a time",
}


def quiet(store: Store, *, nothing_lost: bool) -> dict[str, int]:
    """End all that must not act, and return how much of each there was."""
    with store.work(writes=True):
        return {each.name: each.end() for each in QUIETED if not (nothing_lost and each.unless_nothing_lost)}


def tell_patients(store: Store, from_day: date, to_day: date) -> None:
    """Add to each patient's access records, which they read, that all went back to an earlier day."""
    with store.work(writes=True):
        query = select(AccessChain.patient_id, Person.practice_id).join(Person, Person.id == AccessChain.patient_id)
        access_log.tell_of_restore(dict(db().execute(query).all()), from_day, to_day)
