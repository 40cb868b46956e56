"""Reads what a phone sends: the envelope, which says whose it is, and the letter in it, which says what was written."""

from __future__ import annotations

import base64
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.datastructures import MultiDict

from patient_app.core import letterbox
from patient_app.core.ids import parse_id
from patient_app.core.letterbox import Unreadable
from patient_app.core.outbox import Item, Made

VERSION = 1
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z", re.ASCII)
_ACTION = re.compile(r"/[\x21-\x7e]{0,500}", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_LETTER = re.compile(r"[A-Za-z0-9_-]*={0,2}", re.ASCII)
MOST_FIELDS = 1000
LONGEST_ZONE = 64
# More than any zone is away from UTC.
_MOST_MINUTES = 24 * 60 - 1
_BIGGEST_SEQ = 2**31 - 1


class Malformed(Exception):
    """An envelope that cannot be read."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What stands outside of a letter."""

    id: uuid.UUID
    person: str
    sent_at: datetime
    letter: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody wrote: the path that the form posts to, and the item."""

    action: str
    item: Item


def id_of(body: bytes) -> uuid.UUID | None:
    """Return the id of an item, if there is any in what was sent."""
    try:
        sent = _json(body)
    except ValueError:
        return None
    return _id(sent.get("id")) if isinstance(sent, dict) else None


def read_envelope(body: bytes) -> Envelope:
    """Return the envelope; raise `Malformed` for anything else."""
    try:
        sent = _json(body)
        entry_id = _id(sent["id"])
        person, letter = sent["person"], sent["letter"]
        is_whole = entry_id is not None and _is_text(_TAG, person) and isinstance(letter, str)
        if sent["v"] is True or sent["v"] != VERSION or not is_whole:
            raise Malformed
        return Envelope(entry_id, person, _instant(sent["sent_at"]), letter)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError):
        raise Malformed from None


def open_envelope(envelope: Envelope, received_at: datetime) -> Letter:
    """Return what is in it; raise `Unreadable` for what does not open, or is not what a phone of ours writes."""
    try:
        said = _json(_opened(envelope))
        fields = _fields(said["fields"])
        fields["id"] = str(envelope.id)
        made = Made(
            made_at=_instant(said["made_at"]),
            sent_at=envelope.sent_at,
            received_at=received_at,
            zone=_short(said["zone"]),
            offset=_number(said["offset"], -_MOST_MINUTES, _MOST_MINUTES),
            device=_known_id(said["device"]),
            device_seq=_number(said["device_seq"], 0, _BIGGEST_SEQ),
        )
        return Letter(_action(said["action"]), Item(envelope.id, fields, made))
    except (ValueError, TypeError, KeyError):
        raise Unreadable from None


def told(letter: Letter) -> dict[str, Any]:
    """Return what is in a letter as a phone keeps it."""
    made = letter.item.made
    return {
        "action": letter.action,
        "fields": list(letter.item.fields.items(multi=True)),
        "made": {
            "made_at": made.made_at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{made.made_at.microsecond // 1000:03d}Z",
            "zone": made.zone,
            "offset": made.offset,
        },
    }


def open_draft(envelope: Envelope) -> dict[str, Any]:
    """Return what is in a draft: the form it belongs to, and its fields; raise `Unreadable` for anything else."""
    try:
        found = _json(_opened(envelope))
        return {"action": _action(found["action"]), "fields": list(_fields(found["fields"]).items(multi=True))}
    except (ValueError, TypeError, KeyError):
        raise Unreadable from None


def _opened(envelope: Envelope) -> bytes:
    if not _is_text(_LETTER, envelope.letter):
        raise Unreadable
    text = envelope.letter.rstrip("=")
    return letterbox.open_letter(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), envelope.person, envelope.id)


def _json(text: bytes) -> Any:
    """Return what a text in JSON says; raise `ValueError` for any other."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError from None


def _is_text(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _instant(text: object) -> datetime:
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError
    return datetime.fromisoformat(text)


def _id(value: object) -> uuid.UUID | None:
    return parse_id(value) if isinstance(value, str) else None


def _known_id(value: object) -> uuid.UUID:
    found = _id(value)
    if found is None:
        raise ValueError
    return found


def _number(value: object, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError
    return value


def _short(value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_ZONE:
        raise ValueError
    return value


def _action(value: object) -> str:
    if not isinstance(value, str) or not _ACTION.fullmatch(value):
        raise ValueError
    return value.partition("?")[0]


def _fields(value: object) -> MultiDict[str, str]:
    if not isinstance(value, list) or len(value) > MOST_FIELDS:
        raise ValueError
    found: MultiDict[str, str] = MultiDict()
    for name, text in value:
        if not isinstance(name, str) or not isinstance(text, str):
            raise TypeError
        found.add(name, text)
    return found
