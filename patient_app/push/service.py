"""Which devices of a person get messages. The truth is here and in the browser; this brings the two together.

A subscription belongs to the session in which it was asked for. While that is live, messages go there; signing out,
there or from elsewhere, ends it in the same moment (the sessions' own rows are asked each time), and it does not come
back by signing in again. A session that goes on under a new token takes its subscription along.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import CursorResult, delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from patient_app.accounts import sessions
from patient_app.accounts.models import DeviceSession, Person, PersonState
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Stage, Viewer
from patient_app.core.ids import new_id
from patient_app.core.keys import KeyGone
from patient_app.core.logs import logger
from patient_app.core.roles import Role
from patient_app.core.vault import Place, SealBroken
from patient_app.core.work import config, connection, db, vault
from patient_app.push import allowed, vapid
from patient_app.push.allowed import NotAllowed
from patient_app.push.devices import Device
from patient_app.push.models import NotificationAction, PushSubscription, Retired
from patient_app.push.outcomes import Outcome, Result

MOST_DEVICES = 10
KEPT_AFTER_END = timedelta(days=90)
_AUTH_BYTES = 16
_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")


class Refused(Exception):
    """A subscription that is not taken: its address is on no list, or its keys are none."""


class NotNow(Exception):
    """Not in a session that began with a clinic code and is in question: whoever made the code may hold the phone."""


class State(StrEnum):
    """What a browser is told about its subscription."""

    ON = "on"
    OFF = "off"  # Turned off, or signed out elsewhere: the browser gives it up.
    NEW_KEY = "new-key"  # Made with a key of ours that is old by now: it is made anew.


@dataclass(frozen=True, slots=True)
class Offered:
    """A subscription as a browser has it; `key` is the key of ours it was made with."""

    endpoint: str
    p256dh: str
    auth: str
    key: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is said of a subscription; `device_id` where it is on."""

    state: State
    device_id: uuid.UUID | None = None


_LIVE = (
    select(
        PushSubscription.id,
        PushSubscription.practice_id,
        PushSubscription.person_id,
        PushSubscription.session_id,
        PushSubscription.browser,
        PushSubscription.created_at,
        PushSubscription.last_seen_at,
        PushSubscription.last_success_at,
        PushSubscription.tested_at,
        PushSubscription.vapid_key,
        PushSubscription.endpoint_sealed,
        PushSubscription.keys_sealed,
        Person.role,
        Person.entries_closed_from,
        Person.entries_closed_until,
        DeviceSession.stage,
        DeviceSession.created_at.label("session_began"),
        DeviceSession.last_seen_at.label("session_seen"),
        DeviceSession.expires_at,
    )
    .join(DeviceSession, DeviceSession.id == PushSubscription.session_id)
    .join(Person, Person.id == PushSubscription.person_id)
    .where(
        PushSubscription.retired_at.is_(None),
        DeviceSession.person_id == PushSubscription.person_id,
        DeviceSession.ended_at.is_(None),
        Person.state == PersonState.ACTIVE,
    )
    .order_by(PushSubscription.last_seen_at.desc(), PushSubscription.id)
)


# --- reading -----------------------------------------------------------------------------------------------------


def devices_of(person_id: uuid.UUID) -> list[Device]:
    """Return the devices that get messages for a person now, the last used first. One statement."""
    moment = clock.now()
    rows = connection().execute(_LIVE.where(PushSubscription.person_id == person_id))
    return [device for row in rows if _is_open(row, moment) and (device := _device(row)) is not None]


def devices_of_many(person_ids: list[uuid.UUID]) -> dict[uuid.UUID, list[Device]]:
    """Return the devices of many people, those without one left out. One statement."""
    moment = clock.now()
    found: dict[uuid.UUID, list[Device]] = {}
    for row in connection().execute(_LIVE.where(PushSubscription.person_id.in_(person_ids))):
        if _is_open(row, moment) and (device := _device(row)) is not None:
            found.setdefault(row.person_id, []).append(device)
    return found


def own_devices(person: Viewer) -> list[Device]:
    """Return the caller's devices that get messages now; none in a session that is in question after a clinic code.

    Whoever came in by the code can take nothing from the devices of before, as with the sessions themselves.
    """
    return [] if person.entries_closed_from is not None else devices_of(person.id)


def own_device(person: Viewer, device_id: uuid.UUID) -> Device:
    """Return one of them; raise `NotFound` for any other."""
    for device in own_devices(person):
        if device.id == device_id:
            return device
    raise NotFound


def newest_key() -> str | None:
    """Return the key that a browser is to subscribe with; None where none was made yet, or the file is broken."""
    keys = vapid.usable_keys(config())
    return keys[0].public if keys else None


def _is_open(row: Any, moment: datetime) -> bool:
    """Whether the session of a subscription is live, and not in question after a clinic code."""
    if Stage(row.stage) is not Stage.FULL:
        return False
    if not sessions.is_live(Role(row.role), Stage.FULL, row.session_seen, row.expires_at, moment):
        return False
    closed_from, until = row.entries_closed_from, row.entries_closed_until
    is_in_question = sessions.begun_after_code(row.session_began, closed_from) and until is not None and moment < until
    return not is_in_question and not sessions.is_superseded(row.session_began, closed_from, until, moment)


def _device(row: Any) -> Device | None:
    """Return the device of a row; None, and a line in the log, where its address cannot be opened any more."""

    def opened(column: str, blob: bytes | None) -> str:
        return vault().open(Place(PushSubscription.__tablename__, column, row.id, row.person_id), blob or b"")

    try:
        endpoint = opened("endpoint_sealed", row.endpoint_sealed)
        keys = json.loads(opened("keys_sealed", row.keys_sealed))
    except (KeyGone, SealBroken) as fault:
        logger().error("device not opened", device_id=str(row.id), fault=type(fault).__name__)
        return None
    return Device(
        id=row.id,
        practice_id=row.practice_id,
        person_id=row.person_id,
        session_id=row.session_id,
        browser=row.browser,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        last_success_at=row.last_success_at,
        tested_at=row.tested_at,
        vapid_key=row.vapid_key,
        endpoint=endpoint,
        p256dh=keys["p256dh"],
        auth=keys["auth"],
    )


# --- what a browser says -----------------------------------------------------------------------------------------


def turn_on(person: Viewer, offered: Offered, browser: str) -> Known:
    """Send messages to this browser from now on: the person asked for it there.

    Asked again it stays the same device. Raise `Refused` and `NotNow`.
    """
    _check(person, offered)
    if offered.key != newest_key():
        return Known(State.NEW_KEY)
    row = _row_of(offered.endpoint)
    if row is not None and row.person_id != person.id:
        _retire(row, Retired.TAKEN)
        row.endpoint_hash = None
        db().flush()
        row = None
    return _put(person, row, offered, browser)


def seen(person: Viewer, offered: Offered, browser: str) -> Known:
    """Take note that a browser is there and has its subscription, and say what to do with it.

    One that is not known is taken: it was made after the backup that was put back since, or its renewal did not get
    through. One of another person ends, for both: that browser is this person's now, and they did not ask for it there.
    Raise `Refused` and `NotNow`.
    """
    _check(person, offered)
    row = _row_of(offered.endpoint)
    if row is not None and row.person_id != person.id:
        if row.retired_at is None:
            _retire(row, Retired.TAKEN)
        return Known(State.OFF)
    if row is not None and _was_ended(row):
        return Known(State.OFF)
    newest = newest_key()
    # While our keys cannot be used, no phone is made to give up what it has.
    is_kept = newest is None and row is not None and row.vapid_key == offered.key
    if offered.key != newest and not is_kept:
        return Known(State.NEW_KEY)
    return _put(person, row, offered, browser)


def renewed(person: Viewer, before: str | None, offered: Offered, browser: str) -> Known:
    """Take the subscription that a browser has in place of the one `before`; it stays the same device."""
    _check(person, offered)
    row = _row_of(before) if before is not None else None
    if row is None or _row_of(offered.endpoint) is not None:
        return seen(person, offered, browser)
    if row.person_id != person.id or _was_ended(row):
        return Known(State.OFF)
    if offered.key not in {key.public for key in vapid.usable_keys(config())}:
        return Known(State.NEW_KEY)
    return _put(person, row, offered, browser)


def turn_off(person: Viewer, device_id: uuid.UUID) -> None:
    """Send nothing to a device any more; done twice it is done once.

    Raise `NotFound` unless it is the person's, and in a session in question.
    """
    row = db().get(PushSubscription, device_id)
    if row is None or row.person_id != person.id or person.entries_closed_from is not None:
        raise NotFound
    if row.retired_at is None:
        _retire(row, Retired.OFF)


def _check(person: Viewer, offered: Offered) -> None:
    if person.entries_closed_from is not None:
        raise NotNow
    if not _KEY.fullmatch(offered.key):
        raise Refused
    try:
        allowed.read(config().push_services).origin_of(offered.endpoint)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(offered.p256dh))
        is_right = len(_bytes(offered.auth)) == _AUTH_BYTES
    except (NotAllowed, ValueError):
        raise Refused from None
    if not is_right:
        raise Refused


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused from None


def _row_of(endpoint: str) -> PushSubscription | None:
    query = select(PushSubscription).where(PushSubscription.endpoint_hash == _hash(endpoint))
    return db().scalar(query.with_for_update())


def _hash(endpoint: str) -> bytes:
    return vault().keyed_hash("push endpoint", endpoint.encode("utf-8", "surrogatepass"))


def _was_ended(row: PushSubscription) -> bool:
    """Whether somebody decided that nothing goes there: not when a session merely ran out, or a backup was put back."""
    if row.retired_at is not None:
        return row.retired_why in {Retired.OFF, Retired.SIGNED_OUT}
    session = db().get(DeviceSession, row.session_id)
    return session is not None and session.ended_at is not None


def _put(person: Viewer, row: PushSubscription | None, offered: Offered, browser: str) -> Known:
    moment = clock.now()
    if row is None:
        _retire_oldest(person.id)
        row = PushSubscription(
            id=new_id(), practice_id=person.practice_id, person_id=person.id, created_at=moment, last_seen_at=moment
        )
        _write(row, person, offered, browser, moment)
        try:
            with db().begin_nested():
                db().add(row)
        except IntegrityError:  # The same browser said so twice at once, and the other one was first.
            return _said_at_once(person, offered, browser)
    _write(row, person, offered, browser, moment)
    db().flush()
    return Known(State.ON, row.id)


def _said_at_once(person: Viewer, offered: Offered, browser: str) -> Known:
    row = _row_of(offered.endpoint)
    if row is None or row.person_id != person.id or _was_ended(row):
        return Known(State.OFF)
    return _put(person, row, offered, browser)


def _write(row: PushSubscription, person: Viewer, offered: Offered, browser: str, moment: datetime) -> None:
    row.session_id, row.vapid_key, row.browser = person.session_id, offered.key, browser[:60]
    row.last_seen_at, row.retired_at, row.retired_why = moment, None, None
    row.endpoint_hash = _hash(offered.endpoint)
    row.endpoint = offered.endpoint
    row.keys = json.dumps({"p256dh": offered.p256dh, "auth": offered.auth})


def _retire_oldest(person_id: uuid.UUID) -> None:
    query = (
        select(PushSubscription)
        .where(PushSubscription.person_id == person_id, PushSubscription.retired_at.is_(None))
        .order_by(PushSubscription.last_seen_at.desc(), PushSubscription.id.desc())
        .offset(MOST_DEVICES - 1)
    )
    for row in db().scalars(query).all():
        _retire(row, Retired.OFF)


def _retire(row: PushSubscription, why: Retired) -> None:
    row.retired_at, row.retired_why = clock.now(), why
    row.endpoint_sealed = row.keys_sealed = None


# --- what comes of sending, and what is over -----------------------------------------------------------------------


def record(device: Device, outcome: Outcome) -> None:
    """Keep what came of sending to a device: it was reached, or is no more. Needs a writing unit.

    A subscription that was renewed meanwhile stays: the answer is about the one before.
    """
    if outcome.result is Result.ACCEPTED:
        change = update(PushSubscription).where(PushSubscription.id == device.id)
        db().execute(change.values(last_success_at=clock.now()))
    elif outcome.result is Result.GONE:
        row = db().get(PushSubscription, device.id, with_for_update=True, populate_existing=True)
        if row is not None and row.retired_at is None and row.endpoint_hash == _hash(device.endpoint):
            _retire(row, Retired.GONE)


def note_tap(person: Viewer, subscription_id: uuid.UUID) -> None:
    """Take note that somebody held the device just now. Needs a writing unit."""
    change = update(PushSubscription).where(
        PushSubscription.id == subscription_id, PushSubscription.person_id == person.id
    )
    db().execute(change.values(last_seen_at=clock.now()))


def follow_session(before: uuid.UUID, after: uuid.UUID) -> None:
    """Let the subscriptions of a session that goes on under a new token go on with it."""
    change = update(PushSubscription).where(PushSubscription.session_id == before)
    db().execute(change.values(session_id=after))


def retire_all() -> int:
    """Send to nobody any more until their phone says that it is still theirs; return how many there were.

    After a restore: a device that was signed out, or changed hands, since the backup would be sent to again.
    """
    change = update(PushSubscription).where(PushSubscription.retired_at.is_(None))
    values = {"retired_at": clock.now(), "retired_why": Retired.RESTORED, "endpoint_sealed": None, "keys_sealed": None}
    return _count(change.values(values))


def prune() -> int:
    """Retire what belongs to a session that was ended, and remove what is over for long; return how many."""
    ended = exists().where(DeviceSession.id == PushSubscription.session_id, DeviceSession.ended_at.is_not(None))
    moment = clock.now()
    values = {"retired_at": moment, "retired_why": Retired.SIGNED_OUT, "endpoint_sealed": None, "keys_sealed": None}
    done = _count(update(PushSubscription).where(PushSubscription.retired_at.is_(None), ended).values(values))
    tapped = exists().where(NotificationAction.subscription_id == PushSubscription.id)
    over = (PushSubscription.retired_at < moment - KEPT_AFTER_END) & ~tapped
    return done + _count(delete(PushSubscription).where(over))


def _count(statement: Any) -> int:
    result = db().execute(statement)
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


sessions.when_renewed(follow_session)
