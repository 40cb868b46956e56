"""Takes exercises that were done without a network, and answers to what was given, that waited on a phone.

Exactly what was stored before is answered alike whatever has changed since: the exercise may ask something else by now,
and the clock of the phone may have lost its time.
"""

from __future__ import annotations

import json
import uuid

from flask import url_for
from flask_babel import lazy_gettext as _l

from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.outbox import Item, Refused, SaidAt, id_cannot_be_used
from patient_app.core.work import vault
from patient_app.skills import assignments, forms, recording
from patient_app.skills.assignment_forms import DeclineForm
from patient_app.skills.recording import Sent

NOTHING_SAID = _l("There is nothing to keep yet. Answer one question, or rate how strong it is.")
_OTHER_WORDS = _l("You saved this one before, with other words. Both are kept. Send this one again as a new one.")
_NOT_THERE = _l("This exercise is not offered any more. Your words stay on your phone.")


def take_run(patient: Viewer, item: Item, *, exercise: str) -> str:
    """Store a run of an exercise."""
    try:
        _store(patient, item, exercise)
    except Refused:
        if not recording.was_sent(patient, item.id, _print(item)):
            raise
    return url_for("skills.show", run_id=item.id, done="skill-saved")


def take_decline(patient: Viewer, item: Item, *, assignment_id: uuid.UUID) -> str:
    """Keep that the patient said no to what was given to them, unless they answered later."""
    form = DeclineForm(formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    if not assignments.was_answered(patient, assignment_id, item.id):
        assignments.decline(patient, assignment_id, form.word.data or "", item.moment(patient), SaidAt.by(item))
    return url_for("skills.assignment", assignment_id=assignment_id, done="assignment-declined")


def take_taking_up(patient: Viewer, item: Item, *, assignment_id: uuid.UUID) -> str:
    """Keep that they take it up after all, unless they answered later."""
    if not assignments.was_answered(patient, assignment_id, item.id):
        assignments.take_up(patient, assignment_id, SaidAt.by(item))
    return url_for("skills.assignment", assignment_id=assignment_id, done="assignment-taken-up")


def _store(patient: Viewer, item: Item, name: str) -> None:
    moment = item.moment(patient)
    try:
        exercise = assignments.storable(patient, name, moment.day)
    except NotFound:
        raise Refused([("", _NOT_THERE)]) from None
    form = forms.blank(exercise, formdata=item.fields)
    if not form.validate():
        raise Refused.by(form)
    said = form.said(finished=item.fields.get("finish") != forms.LATER)
    try:
        sent = Sent(item.made.device_seq, item.made.skew_seconds, _print(item))
        recording.record(patient, exercise, item.id, said, moment, sent=sent)
    except recording.NothingSaid:
        raise Refused([("before", NOTHING_SAID)]) from None
    except recording.OtherWords:
        raise Refused([("id", _OTHER_WORDS)]) from None
    except recording.IdTaken:
        raise id_cannot_be_used() from None


def _print(item: Item) -> bytes:
    """Return by what the same words of the same item are known, whatever the form offers when they come again."""
    fields = sorted(item.fields.items(multi=True))
    return vault().keyed_hash("outbox", item.id.bytes + json.dumps(fields).encode("ascii"))
