"""Takes doses that were logged without a network and waited on a phone.

Exactly what was stored before is answered alike, whatever the plan says by now and however wrong the clock has gone.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta

from flask import url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.core.work import vault
from patient_app.medications import dose_log, tapping
from patient_app.medications.dose_forms import AsNeededForm, DayForm, DoseForm
from patient_app.medications.dose_log import Sent, Slot
from patient_app.medications.dose_words import advice_words
from patient_app.medications.refusals import NOT_ALL_TAKEN, NOT_DUE, NOT_YET, NOTHING_MARKED
from patient_app.medications.tapping import Done, Tap

# The page of all medicines.
LIST = "medications.show_list"
# What was sent at once can still be asked about. What came later is written down as it is.
_ASKS_WITHIN = timedelta(seconds=20)
_OTHER_WORDS = _l("You wrote this down before, with other words. It stays on your phone. Send it again as a new one.")

_Form = DayForm | DoseForm | AsNeededForm


def take_day(patient: Viewer, item: Item, *, day: str) -> str:
    """Log what was due together."""
    form, which = DayForm(formdata=item.fields), _day(day)
    return _taken(patient, item, form, which, lambda tap: tapping.log_day(tap, form, which))


def take_dose(patient: Viewer, item: Item, *, day: str, medicine_id: uuid.UUID, slot: str) -> str:
    """Log one dose."""
    form, which = DoseForm(formdata=item.fields), Slot(medicine_id, _day(day), slot)
    return _taken(patient, item, form, which.plan_date, lambda tap: tapping.log_dose(tap, form, which))


def take_as_needed(patient: Viewer, item: Item, *, needed_id: uuid.UUID) -> str:
    """Write one down that was taken as needed, or take one back. One that waited is never asked about."""
    form = AsNeededForm(formdata=item.fields)
    is_fresh = abs(item.made.received_at - item.made.made_at) < _ASKS_WITHIN
    try:
        return _taken(
            patient, item, form, None, lambda tap: tapping.log_as_needed(tap, form, needed_id, warns=is_fresh)
        )
    except tapping.Warned as warned:
        words = advice_words(warned.one, item.made.offset)
        raise Refused([("anyway", " ".join([*words, gettext("You can write it down all the same.")]))]) from None


def _taken(patient: Viewer, item: Item, form: _Form, day: date | None, log: Callable[[Tap], Done]) -> str:
    printed = _print(item)
    try:
        done = _logged(patient, item, form, printed, log)
    except (Refused, NotFound):  # The medicine may have been taken off the list since.
        if not dose_log.was_sent(patient, printed):
            raise
        done = Done("doses-saved", None)
    if day is None or form.is_from_today:
        return url_for(LIST, done=done.word)
    return url_for("doses.show_day", day=day.isoformat(), done=done.word)


def _logged(patient: Viewer, item: Item, form: _Form, printed: bytes, log: Callable[[Tap], Done]) -> Done:
    if not form.validate():
        raise Refused.by(form)
    now = item.moment(patient)
    sent = Sent(item.made.made_at, item.made.device_seq, item.made.skew_seconds, printed)
    try:
        return log(Tap(patient, now, sent, item.made.received_at))
    except tapping.NothingMarked:
        raise Refused([("dose", NOTHING_MARKED)]) from None
    except tapping.NotAllTaken:
        raise Refused([("dose", NOT_ALL_TAKEN)]) from None
    except tapping.NotYet:
        raise Refused([("time", NOT_YET)]) from None
    except dose_log.NotDue:
        raise Refused([("", NOT_DUE)]) from None
    except dose_log.OtherWords:
        raise Refused([("id", _OTHER_WORDS)]) from None
    except dose_log.IdTaken:
        raise id_cannot_be_used() from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound from None


def _print(item: Item) -> bytes:
    """Return by what the same words of the same item are known."""
    fields = sorted(item.fields.items(multi=True))
    return vault().keyed_hash("dose outbox", item.id.bytes + json.dumps(fields).encode("ascii"))
