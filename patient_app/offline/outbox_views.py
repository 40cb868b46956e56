"""Where phones send what was written without a network: one item a request, answered in JSON.

`docs/offline.md` has the protocol. A phone lets go of an item only when it is told `stored`, with the item's id.
"""

from __future__ import annotations

import hmac
import uuid
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, json, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from patient_app.core import clock, outbox, work
from patient_app.core.access import Permission, access
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.letterbox import Unreadable, person_tag
from patient_app.core.outbox import Refused
from patient_app.offline import reading_items
from patient_app.offline.blueprint import bp
from patient_app.offline.reading_items import Envelope, Letter, Malformed

LARGEST_ITEM = 1024 * 1024
JSON = "application/json"


class _NotTaken(Exception):
    """An item that is not stored, and the answer to it."""

    def __init__(self, result: str, status: HTTPStatus, item_id: uuid.UUID | None, **more: Any) -> None:
        super().__init__()
        self.answer = _answer(item_id, result, **more), status


def _signed_out() -> ResponseReturnValue:
    """Answer whoever is not signed in, or not fully: the item waits until they are."""
    item_id = None
    with suppress(RequestEntityTooLarge, Malformed):
        item_id = reading_items.id_of(_body()) if request.mimetype == JSON else None
        if item_id is not None:
            _waits(reading_items.read_envelope(_body()).person)
    return _answer(item_id, "signed-out"), HTTPStatus.UNAUTHORIZED


def _waits(tag: str) -> None:
    """End the request's unit of work, which stores nothing, and say that entries of a person wait on a phone."""
    store = work.unit().store
    work.end()
    outbox.say_waiting(store, tag)


@bp.post("/outbox")
@access(Permission.OUTBOX_SEND, turned_away=_signed_out)
def take_from_outbox() -> ResponseReturnValue:
    """Take one item; the same one sent again gets the same answer."""
    received_at = clock.now()
    try:
        envelope = _envelope()
        return _answer(envelope.id, "stored", next=_taken(viewer(), envelope, received_at))
    except _NotTaken as refusal:
        return refusal.answer


def _envelope() -> Envelope:
    if request.mimetype != JSON:
        raise _NotTaken("malformed", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, None)
    try:
        body = _body()
    except RequestEntityTooLarge:
        raise _NotTaken("malformed", HTTPStatus.REQUEST_ENTITY_TOO_LARGE, None) from None
    try:
        return reading_items.read_envelope(body)
    except Malformed:
        raise _NotTaken("malformed", HTTPStatus.BAD_REQUEST, reading_items.id_of(body)) from None


@bp.post("/outbox/open")
@access(Permission.ACCOUNT_MANAGE, turned_away=_signed_out, reads=True)
def open_letter() -> ResponseReturnValue:
    """Give words that a phone sealed back to who wrote them: a draft, once they signed in again. Stores nothing.

    While it is in question who signed in, as after a clinic code, they stay sealed: a thief of the phone may be asking.
    """
    try:
        envelope = _envelope()
        _must_be_of(viewer(), envelope)
        if viewer().entries_closed_from is not None:
            raise _NotTaken("not-yet", HTTPStatus.CONFLICT, envelope.id)
        return _answer(envelope.id, "opened", entry=reading_items.open_draft(envelope))
    except Unreadable:
        return _answer(None, "unreadable")
    except _NotTaken as refusal:
        return refusal.answer


def _must_be_of(person: Viewer, envelope: Envelope) -> None:
    if not hmac.compare_digest(person_tag(person.id), envelope.person):
        raise _NotTaken("other-person", HTTPStatus.CONFLICT, envelope.id)


def _taken(patient: Viewer, envelope: Envelope, received_at: datetime) -> str:
    """Store an item, and return the address of the page that tells of it."""
    _must_be_of(patient, envelope)
    letter, closed = None, patient.entries_closed_from
    try:
        letter = reading_items.open_envelope(envelope, received_at)
        # Written before the session that is in question, by what is sealed: when it was sent anybody can say.
        if closed is not None and letter.item.made.made_at < closed:
            _waits(envelope.person)
            raise _NotTaken("not-yet", HTTPStatus.CONFLICT, envelope.id)
        return _take(patient, letter)
    except Unreadable:
        result, errors = "unreadable", [("", _("We could not read what your phone sent. It stays on your phone."))]
    except Refused as refusal:
        result, errors = "refused", refusal.errors
    except NotFound:
        told = _("What this belongs to is not there any more. Your words stay on your phone.")
        result, errors = "refused", [("", told)]
    _waits(envelope.person)  # Nothing is stored of what is refused.
    # Its writer may have signed out since, and the phone cannot read it any more: so they get their words back.
    more = {"entry": reading_items.told(letter)} if letter and closed is None else {}
    raise _NotTaken(result, HTTPStatus.OK, envelope.id, errors=errors, **more)


def _take(patient: Viewer, letter: Letter) -> str:
    """Give an item to what is registered for its form; raise `Unreadable` for a form that may not be sent later."""
    try:
        endpoint, view_args = current_app.url_map.bind("").match(letter.action, method="POST")
    except HTTPException:  # Also one that leads elsewhere.
        raise Unreadable from None
    taking = outbox.taking_of(endpoint)
    if taking is None:
        raise Unreadable
    return taking(patient, letter.item, **view_args)


def _body() -> bytes:
    request.max_content_length = LARGEST_ITEM
    return request.get_data()


def _answer(item_id: uuid.UUID | None, result: str, **more: Any) -> Response:
    told = {"v": reading_items.VERSION, "id": str(item_id) if item_id else None, "result": result, **more}
    return Response(json.dumps(told), content_type=JSON)
