"""Takes check-ins, and changes of them, that waited on a phone.

Exactly what was stored before is answered alike whatever has changed since: the person may have taken a word off their
lists, and the clock of the phone may have lost its time.
"""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

from flask import url_for
from flask_babel import lazy_gettext as _l

from patient_app.checkins import recording, service
from patient_app.checkins.filling_in import NOTHING_LEFT, NOTHING_SAID, PAST_DAYS, asks_about_use, keep_chips
from patient_app.checkins.forms import CheckInForm, day_asked, version_of
from patient_app.checkins.recording import Sent
from patient_app.core import clock
from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.core.work import vault
from patient_app.profile import service as profiles

_OTHER_WORDS = _l("You saved this check-in before, with other words. Both are kept. Send this one again as a new one.")
_NOT_LISTED = _l("This names something that is not on your list any more. Look at it, and send it again.")
_TOO_LONG_AGO = _l("That day is too long ago to fill in.")


def take_check_in(patient: Viewer, item: Item) -> str:
    """Store a new check-in."""
    try:
        _store_check_in(patient, item)
    except Refused:
        if not recording.was_sent(patient, item.id, _print(item)):
            raise
    return url_for("checkins.show_check_in", entry_id=item.id, done="saved")


def take_change(patient: Viewer, item: Item, *, entry_id: uuid.UUID) -> str:
    """Store a change of a check-in; what was changed elsewhere meanwhile is kept too."""
    entry = service.own_check_in(patient, entry_id)
    try:
        _store_change(patient, item, entry)
    except Refused:
        if not recording.was_sent(patient, entry_id, _print(item)):
            raise
    return url_for("checkins.show_check_in", entry_id=entry_id, done="changed")


def _store_check_in(patient: Viewer, item: Item) -> None:
    now, profile = item.moment(patient), profiles.profile_of(patient)
    form = _checked(CheckInForm.blank(profile, formdata=item.fields), item)
    when = _moment(patient, item, form, now)
    try:
        answers = form.answers(about_use=profile.asks_about_use or form.tells_of_use)
        recording.record_check_in(patient, item.id, answers, when, sent=_sent(item))
    except recording.NothingSaid:
        raise Refused([("mood", NOTHING_SAID)]) from None
    except recording.OtherWords:
        raise Refused([("id", _OTHER_WORDS)]) from None
    except recording.IdTaken:
        raise id_cannot_be_used() from None
    keep_chips(patient, form)


def _store_change(patient: Viewer, item: Item, entry: service.OwnCheckIn) -> None:
    item.check_clock()
    profile = profiles.profile_of(patient)
    base = version_of(item.fields.get("base")) or entry.version
    before = service.answers_in(
        patient, entry, base
    )  # What stood on the phone's page, which may not be shown any more.
    form = _checked(CheckInForm.of(profile, before, formdata=item.fields), item)
    try:
        about_use = asks_about_use(profile, before) or form.tells_of_use
        answers = form.answers(about_use=about_use, before=before)
        recording.record_edit(
            patient, entry.id, answers, base=base, sent=_sent(item), recorded_at=item.made.received_at
        )
    except recording.NothingSaid:
        raise Refused([("mood", NOTHING_LEFT)]) from None
    except recording.IdTaken:
        raise id_cannot_be_used() from None
    keep_chips(patient, form)


def _checked(form: CheckInForm, item: Item) -> CheckInForm:
    """Return the form when all that was sent is right, and was read: what is not asked of any more is not dropped."""
    if not form.validate():
        raise Refused.by(form)
    asked = {f"{form.pulls.name}-{said.thing.id}" for said in form.pulls.data}
    sent = {name for name, answer in item.fields.items(multi=True) if answer and name.startswith(f"{form.pulls.name}-")}
    if sent - asked:
        raise Refused([("pulls", _NOT_LISTED)])
    return form


def _moment(patient: Viewer, item: Item, form: CheckInForm, made: Moment) -> Moment:
    """Return when the check-in was made, or noon of the past day that it is for, counted from when it was made."""
    if not form.day.data or form.day.data == made.day.isoformat():
        return made
    day = day_asked(form.day.data, made.day, made.day - timedelta(days=PAST_DAYS))
    if day is None:
        raise Refused([("day", _TOO_LONG_AGO)])
    return clock.noon_of(day, item.made.zone if clock.find_zone(item.made.zone) else patient.zone)


def _sent(item: Item) -> Sent:
    return Sent(item.made.made_at, item.made.device_seq, item.made.skew_seconds, _print(item))


def _print(item: Item) -> bytes:
    """Return by what the same words of the same item are known, whatever the form offers when they come again."""
    fields = sorted(item.fields.items(multi=True))
    return vault().keyed_hash("outbox", item.id.bytes + json.dumps(fields).encode("ascii"))
