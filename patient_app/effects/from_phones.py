"""Takes side effects and weekly notes that waited on a phone.

Exactly what was stored before is answered alike whatever has changed since: the person may have taken a medicine off
their list, and the clock of the phone may have lost its time.
"""

from __future__ import annotations

import json

from flask import url_for
from flask_babel import lazy_gettext as _l

from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item, Refused, id_cannot_be_used
from patient_app.core.work import vault
from patient_app.effects import recording, weekly
from patient_app.effects.filling_in import NO_SUCH_MEDICINE, NOTHING_NOTED, NOTHING_NOTICED
from patient_app.effects.forms import SideEffectForm, WeekNoteForm
from patient_app.effects.recording import Sent
from patient_app.medications import regimen

_OTHER_EFFECT = _l("You saved this one before, with other words. Both are kept. Send this one again as a new one.")


def take_side_effect(patient: Viewer, item: Item) -> str:
    """Store a new side effect."""
    try:
        _store_side_effect(patient, item)
    except Refused:
        if not recording.was_sent(patient, item.id, _print(item)):
            raise
    return url_for("effects.show", effect_id=item.id, done="effect-saved")


def take_week_note(patient: Viewer, item: Item) -> str:
    """Store what was written for the note of the week in which it was written."""
    form = WeekNoteForm(formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    if not weekly.was_sent(patient, item.id, form.answers()):
        _store_week_note(patient, item, form)
    return url_for("effects.week_note", done="week-noted")


def _store_side_effect(patient: Viewer, item: Item) -> None:
    moment = item.moment(patient)
    form = SideEffectForm.blank(regimen.own_medicines(patient), moment.day, formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    try:
        private = bool(form.private.data)
        recording.record(patient, item.id, form.said(), moment, private=private, sent=_sent(item))
    except recording.NothingSaid:
        raise Refused([("effect", NOTHING_NOTICED)]) from None
    except recording.NoSuchMedicine:
        raise Refused([("medicine", NO_SUCH_MEDICINE)]) from None
    except recording.OtherWords:
        raise Refused([("id", _OTHER_EFFECT)]) from None
    except recording.IdTaken:
        raise id_cannot_be_used() from None


def _store_week_note(patient: Viewer, item: Item, form: WeekNoteForm) -> None:
    moment = item.moment(patient)
    try:
        written_at = item.made.made_at
        weekly.record(patient, item.id, form.answers(), moment, sent=_sent(item), written_at=written_at)
    except recording.NothingSaid:
        raise Refused([("helps", NOTHING_NOTED)]) from None
    except (recording.IdTaken, recording.OtherWords):
        raise id_cannot_be_used() from None


def _sent(item: Item) -> Sent:
    return Sent(item.made.device_seq, item.made.skew_seconds, _print(item))


def _print(item: Item) -> bytes:
    """Return by what the same words of the same item are known, whatever the form offers when they come again."""
    fields = sorted(item.fields.items(multi=True))
    return vault().keyed_hash("outbox", item.id.bytes + json.dumps(fields).encode("ascii"))
