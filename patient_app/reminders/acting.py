"""What is done when a person taps on a notification: the reminder, the doses that it was about, or how they are.

It may come twice for one occurrence, from two devices, and late, from a phone that had no network.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, timedelta

from flask import url_for

from patient_app.accounts.entry_order import lock_entries
from patient_app.checkins import recording as checkins
from patient_app.checkins.answers import Answers
from patient_app.checkins.models import Source as CheckInSource
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.outbox import Item
from patient_app.core.work import vault
from patient_app.medications import dose_log, doses
from patient_app.medications.dose_log import Sent, Slot, Told
from patient_app.medications.models import DoseState, Source
from patient_app.push import actions
from patient_app.push.actions import Over
from patient_app.reminders import handling, own, sources
from patient_app.reminders.handling import PutOffTooOften
from patient_app.reminders.models import Handled, Kind, Occurrence

_SETTLED = frozenset({DoseState.TAKEN, DoseState.SKIPPED})


class Reminders:
    """Does what `push.actions` was tapped for; a subject is an occurrence."""

    def done(self, patient: Viewer, subject_id: uuid.UUID, tap_id: uuid.UUID, moment: Moment, item: Item | None) -> str:
        """Settle the reminder, and log the doses of its slot that nothing was said of yet as taken, as of the tap.

        Raise `Over` where none of them is taken afterwards: whoever tapped is told that nothing was saved.
        """
        try:
            lock_entries(patient.id)  # As the list of doses does: entries first, then the reminder.
            occurrence = handling.settle(own.asking(patient), subject_id, Handled.NOTIFICATION)
            is_done = occurrence.kind != Kind.DOSES or _log_doses(patient, occurrence, tap_id, moment, item)
        except (NotFound, dose_log.NotDue, dose_log.IdTaken, dose_log.OtherWords):
            raise Over from None
        if not is_done:
            raise Over
        return url_for("reminders.history")

    def later(self, patient: Viewer, subject_id: uuid.UUID, minutes: int, moment: Moment, item: Item | None) -> str:
        """Have it come again; a tap that waited until that time was over puts nothing off."""
        tapped = moment.occurred_at if item is None else item.made.really_at
        if clock.now() - tapped >= timedelta(minutes=minutes):
            raise Over
        try:
            handling.put_off(own.asking(patient), subject_id, minutes)
        except (NotFound, PutOffTooOften):
            raise Over from None
        return url_for("reminders.history")

    def mood(self, patient: Viewer, subject_id: uuid.UUID, mood: int, moment: Moment, item: Item | None) -> str:
        """Keep how somebody is as a check-in like any other, one for each reminder: a second answer corrects it.

        Raise `Over` where it cannot be kept: a second answer that waited on a phone corrects nothing.
        """
        try:
            lock_entries(patient.id)
            occurrence = handling.settle(own.asking(patient), subject_id, Handled.NOTIFICATION)
            if occurrence.kind != Kind.CHECK_IN:
                raise Over
            checkins.record_check_in(
                patient,
                _check_in_of(occurrence),
                Answers(mood=mood, about_use=False),
                moment,
                source=CheckInSource.NOTIFICATION,
                sent=_sent_check_in(item),
            )
        except (NotFound, checkins.IdTaken, checkins.OtherWords):
            raise Over from None
        return url_for("reminders.history")


def done_here(patient: Viewer, occurrence_id: uuid.UUID) -> None:
    """Settle a reminder in the application, and log its doses that nothing was said of yet as taken now.

    Done twice it is done once. Needs a writing unit; raise `NotFound` for one that is not the patient's.
    """
    lock_entries(patient.id)
    occurrence = handling.settle(own.asking(patient), occurrence_id, Handled.IN_APP)
    if occurrence.kind == Kind.DOSES:
        now = clock.moment(clock.now(), patient.zone, patient.day_start_minutes)
        try:
            _log_doses(patient, occurrence, new_id(), now, None, source=Source.FORM)
        except dose_log.NotDue:
            raise NotFound from None


def _check_in_of(occurrence: Occurrence) -> uuid.UUID:
    """Return the id of the check-in that answers a reminder: always the same one, and sorted by when it was due."""
    milliseconds = int(occurrence.due_at.timestamp() * 1000) & ((1 << 48) - 1)
    digest = hashlib.sha256(b"check-in" + occurrence.id.bytes).digest()
    value = milliseconds << 80 | int.from_bytes(digest[:10], "big")
    value = value & ~(0xF << 76) | 0x8 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def _sent_check_in(item: Item | None) -> checkins.Sent | None:
    sent = _sent(item)
    if sent is None:
        return None
    return checkins.Sent(sent.edited_at, sent.device_seq, sent.clock_skew, sent.sent_print)


def _log_doses(
    patient: Viewer,
    occurrence: Occurrence,
    tap_id: uuid.UUID,
    moment: Moment,
    item: Item | None,
    *,
    source: Source = Source.NOTIFICATION,
) -> bool:
    """Log them, and return whether one of them is taken then."""
    whose, day = own.whose(patient), occurrence.local_day
    together = sources.doses_at(handling.rule_of(occurrence), whose, day, occurrence.slot)
    known = _states(patient, day)
    taps = {}
    for dose in together:
        slot = Slot(uuid.UUID(dose.medicine), dose.local_date, dose.slot)
        if known.get((slot.medicine_id, slot.slot)) not in _SETTLED:
            amount = None if dose.amount is None else int(dose.amount * 1000)
            taps[slot] = Told(DoseState.TAKEN, moment, amount)
    if taps:
        # The tap's id stands for the form's: what was undone meanwhile can be said again from another device.
        dose_log.log_due(patient, tap_id, taps, moment, sent=_sent(item), source=source)
        known = _states(patient, day)
    return any(known.get((uuid.UUID(dose.medicine), dose.slot)) is DoseState.TAKEN for dose in together)


def _states(patient: Viewer, day: date) -> dict[tuple[uuid.UUID, str | None], DoseState]:
    return {(one.medicine_id, one.slot): one.state for one in doses.logged_between(patient, day, day)}


def _sent(item: Item | None) -> Sent | None:
    if item is None:
        return None
    printed = vault().keyed_hash("notification", item.id.bytes)
    return Sent(item.made.made_at, item.made.device_seq, item.made.skew_seconds, printed)


actions.register(Reminders())
