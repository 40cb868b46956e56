"""Sessions are rows on the server: ending a row signs a device out, at its next request, in every process.

The cookie holds 256 random bits, the row their SHA-256. It is `HttpOnly` and `SameSite=Lax`: with `Strict`, a person
who follows a link from an e-mail would land signed out, and the session gains nothing by it, since every request that
changes something is checked by `core.same_origin`. A session is not bound to a network address: phones change theirs
all day. A step that proves more (second factor, password again) ends the row and begins another with a new token.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, CursorResult, Select, delete, or_, select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from patient_app.accounts.models import DeviceSession, KnownDevice, Person
from patient_app.core import changed, clock
from patient_app.core.config import Config
from patient_app.core.errors import NotFound
from patient_app.core.identity import Stage, Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Role
from patient_app.core.work import db

ACTIVITY_INTERVAL = timedelta(minutes=1)
MOST_DEVICES = 10  # Known ones of an account: each has a few tries of its own.
KEPT_AFTER_END = timedelta(days=30)
DEVICE_LIFETIME = timedelta(days=400)  # The longest that browsers keep a cookie.


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lives without a request, and at most."""

    idle: timedelta
    absolute: timedelta


LIFETIMES = {
    Role.ADMINISTRATOR: Lifetime(timedelta(minutes=15), timedelta(hours=12)),
    Role.CLINICIAN: Lifetime(timedelta(minutes=15), timedelta(hours=12)),
    Role.PATIENT: Lifetime(timedelta(days=30), timedelta(days=180)),
    Role.SUPPORTER: Lifetime(timedelta(days=7), timedelta(days=90)),
}
# Half-way through signing in: long enough to fetch a phone, or to install an app.
HALF_WAY = {
    Stage.SECOND_FACTOR: Lifetime(timedelta(minutes=15), timedelta(minutes=15)),
    Stage.ENROL_SECOND_FACTOR: Lifetime(timedelta(minutes=30), timedelta(minutes=30)),
}


def lifetime(role: Role, stage: Stage) -> Lifetime:
    """Return the limits for a kind of person at a stage of signing in."""
    return HALF_WAY.get(stage) or LIFETIMES[role]


def is_live(role: Role, stage: Stage, last_seen_at: datetime, expires_at: datetime, moment: datetime) -> bool:
    """Whether a session that was not ended is inside its idle and absolute limits."""
    return moment < expires_at and moment - last_seen_at < lifetime(role, stage).idle


def begun_after_code(created_at: datetime, entries_closed_from: datetime | None) -> bool:
    """Whether a session began with or after a reset by a clinic code (so it may be a stranger's)."""
    return entries_closed_from is not None and created_at >= entries_closed_from


def is_superseded(
    created_at: datetime, closed_from: datetime | None, closed_until: datetime | None, moment: datetime
) -> bool:
    """Whether a session from before a reset by a clinic code is over: the day in which it could object has passed.

    A new password ends the sessions of before. Here they stay for that day, since they may be the owner's; afterwards
    they can do nothing but say that it was not the person. Where one of them says before that the reset was right,
    nothing is closed any more and they all go on.
    """
    if closed_from is None or closed_until is None:
        return False
    return moment >= closed_until and not begun_after_code(created_at, closed_from)


def token_hash(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def begin_session(
    person: Person, browser: str, stage: Stage, *, begun_at: datetime | None = None, expires_at: datetime | None = None
) -> str:
    """Add a session in this unit of work and return its token, which is kept nowhere else.

    `begun_at` and `expires_at` are given only when a session goes on under a new token.
    """
    moment = clock.now()
    token = secrets.token_urlsafe(32)
    db().add(
        DeviceSession(
            id=new_id(),
            practice_id=person.practice_id,
            person_id=person.id,
            token_hash=token_hash(token),
            stage=stage,
            browser=browser[:60],
            created_at=begun_at or moment,
            last_seen_at=moment,
            confirmed_at=moment,
            expires_at=expires_at or moment + lifetime(Role(person.role), stage).absolute,
        )
    )
    db().flush()
    return token


def renew_session(person: Person, session_id: uuid.UUID) -> str:
    """End a session and go on under a new id and token; it is as old as before and ends when it would have."""
    old = _live_row(session_id, person.id)
    old.ended_at = clock.now()
    token = begin_session(person, old.browser, Stage(old.stage), begun_at=old.created_at, expires_at=old.expires_at)
    fresh_id = db().scalars(select(DeviceSession.id).where(DeviceSession.token_hash == token_hash(token))).one()
    for follow in _followers:
        follow(session_id, fresh_id)
    return token


# What goes on with a session: gets its id and that of the one that takes its place, in the same unit of work.
_followers: list[Callable[[uuid.UUID, uuid.UUID], None]] = []


def when_renewed(follow: Callable[[uuid.UUID, uuid.UUID], None]) -> None:
    """Have a feature that hangs on sessions told when one goes on under a new id."""
    _followers.append(follow)


def finish_session(person: Person, session_id: uuid.UUID) -> str:
    """End a session that was half-way through signing in and begin the full one; return its token."""
    old = _live_row(session_id, person.id)
    old.ended_at = clock.now()
    return begin_session(person, old.browser, Stage.FULL)


def begun_at(session_id: uuid.UUID, session: Session) -> datetime:
    """Return when a session began; it stays the same when the session goes on under a new token."""
    found = session.scalar(select(DeviceSession.created_at).where(DeviceSession.id == session_id))
    if found is None:
        raise NotFound
    return found


def _live_row(session_id: uuid.UUID, person_id: uuid.UUID) -> DeviceSession:
    query = select(DeviceSession).where(
        DeviceSession.id == session_id, DeviceSession.person_id == person_id, DeviceSession.ended_at.is_(None)
    )
    row = db().scalar(query.with_for_update())
    if row is None:  # Ended on another device in this very moment.
        raise NotFound
    return row


def end_session(session_id: uuid.UUID, person_id: uuid.UUID, *, begun_since: datetime | None = None) -> None:
    """Sign out one device of a person; raise `NotFound` unless it is theirs and signed in."""
    row = _live_row(session_id, person_id)
    if begun_since is not None and row.created_at < begun_since:
        raise NotFound
    row.ended_at = clock.now()


def end_session_of_token(token: str | None) -> None:
    """Sign out the device that holds the token, if any does."""
    if token is not None:
        _end(DeviceSession.token_hash == token_hash(token))


def end_other_sessions(
    person_id: uuid.UUID, keep_session_id: uuid.UUID | None, *, begun_since: datetime | None = None
) -> int:
    """Sign out all devices of a person but one, or those begun since a moment only; return how many."""
    conditions = [DeviceSession.person_id == person_id]
    if keep_session_id is not None:
        conditions.append(DeviceSession.id != keep_session_id)
    if begun_since is not None:
        conditions.append(DeviceSession.created_at >= begun_since)
    changed.tell(changed.What.SIGNED_OUT, person_id)
    return _end(*conditions)


def end_all_but(person_id: uuid.UUID, token: str, *, begun_since: datetime | None = None) -> int:
    """Sign out all devices of a person but the one that holds the token, or those begun since a moment only."""
    conditions = [DeviceSession.person_id == person_id, DeviceSession.token_hash != token_hash(token)]
    if begun_since is not None:
        conditions.append(DeviceSession.created_at >= begun_since)
    changed.tell(changed.What.SIGNED_OUT, person_id)
    return _end(*conditions)


def end_all() -> int:
    """Sign out every device of everybody (after a restore: one that was signed out since would be in again)."""
    return _end()


def _end(*conditions: ColumnElement[bool]) -> int:
    change = update(DeviceSession).where(*conditions, DeviceSession.ended_at.is_(None))
    result = db().execute(change.values(ended_at=clock.now()))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


def note_activity(session_id: uuid.UUID) -> None:
    """Write that a session was used just now, unless it was ended in the meantime."""
    change = update(DeviceSession).where(DeviceSession.id == session_id, DeviceSession.ended_at.is_(None))
    db().execute(change.values(last_seen_at=clock.now()))


def sessions_of(person_id: uuid.UUID) -> list[DeviceSession]:
    """Return the devices on which a person is signed in, the last used first."""
    query = (
        select(DeviceSession, Person.role, Person.entries_closed_from, Person.entries_closed_until)
        .join(Person, Person.id == DeviceSession.person_id)
        .where(
            DeviceSession.person_id == person_id,
            DeviceSession.ended_at.is_(None),
            DeviceSession.stage == Stage.FULL,
        )
        .order_by(DeviceSession.last_seen_at.desc(), DeviceSession.id.desc())
    )
    moment = clock.now()
    return [
        row
        for row, role, closed_from, closed_until in db().execute(query)
        if is_live(Role(role), Stage.FULL, row.last_seen_at, row.expires_at, moment)
        and not is_superseded(row.created_at, closed_from, closed_until, moment)
    ]


def others_of(viewer: Viewer) -> list[DeviceSession]:
    """Return the other devices on which the caller is signed in, the last used first."""
    return [row for row in sessions_of(viewer.id) if row.id != viewer.session_id]


def may_end(viewer: Viewer, row: DeviceSession, earliest: datetime | None) -> bool:
    """Whether the caller's session may sign out this other one, where `earliest` is its `newer_than_code`."""
    return row.id != viewer.session_id and (earliest is None or row.created_at >= earliest)


def newer_than_code(viewer: Viewer) -> datetime | None:
    """Return the moment before which this session may sign out no device; None when it may sign out all.

    After a reset by a clinic code the older devices can still say "it was not me"; who came in by the code cannot
    take that from them, however late, until it was answered.
    """
    query = (
        select(Person.entries_closed_from)
        .join(DeviceSession, DeviceSession.person_id == Person.id)
        .where(DeviceSession.id == viewer.session_id, DeviceSession.created_at >= Person.entries_closed_from)
    )
    return viewer.entries_closed_from or db().scalar(query)


def is_undecided(person: Person) -> bool:
    """Whether it is still open if a reset by a clinic code was the person's own.

    So it is in the day in which entries are closed, and afterwards while a device from before is signed in that can say
    so. Where none is, nobody can answer any more, and the next reset counts for itself.
    """
    since, moment = person.entries_closed_from, clock.now()
    if since is None:
        return False
    if person.entries_closed_until is not None and moment < person.entries_closed_until:
        return True
    older = select(DeviceSession.last_seen_at, DeviceSession.expires_at).where(
        DeviceSession.person_id == person.id,
        DeviceSession.created_at < since,
        DeviceSession.ended_at.is_(None),
        DeviceSession.stage == Stage.FULL,
    )
    role = Role(person.role)
    return any(is_live(role, Stage.FULL, seen, expires, moment) for seen, expires in db().execute(older))


def remember_device(person_id: uuid.UUID, token: str | None) -> str:
    """Note that a device signed in to an account; return its token (a new one for a new device)."""
    if token is not None and db().scalar(_device_query(token).limit(1)) is None:
        token = None  # Only tokens that we made count.
    token = token or secrets.token_urlsafe(32)
    if not knows_device(db(), person_id, token):
        _forget_oldest(person_id, MOST_DEVICES - 1)
        # Not new to the account, but too old: it counts from now on.
        db().merge(KnownDevice(token_hash=token_hash(token), person_id=person_id, created_at=clock.now()))
        db().flush()
    return token


def _forget_oldest(person_id: uuid.UUID, left: int) -> None:
    """Leave so many known devices of an account, those that came last."""
    newest = select(KnownDevice.token_hash).where(KnownDevice.person_id == person_id)
    newest = newest.order_by(KnownDevice.created_at.desc(), KnownDevice.token_hash).limit(left)
    db().execute(delete(KnownDevice).where(KnownDevice.person_id == person_id, KnownDevice.token_hash.not_in(newest)))


def knows_device(session: Session, person_id: uuid.UUID, token: str | None) -> bool:
    """Whether a device signed in to this account before."""
    query = _device_query(token or "").where(
        KnownDevice.person_id == person_id, KnownDevice.created_at > clock.now() - DEVICE_LIFETIME
    )
    return session.scalar(query) is not None


def _device_query(token: str) -> Select[datetime]:
    return select(KnownDevice.created_at).where(KnownDevice.token_hash == token_hash(token))


def forget_devices(person_id: uuid.UUID, *, since: datetime | None = None, keep: str | None = None) -> None:
    """Forget the devices that signed in to an account, or did so since a moment, but for the one with a token."""
    conditions = [KnownDevice.person_id == person_id]
    if since is not None:
        conditions.append(KnownDevice.created_at >= since)
    if keep is not None:
        conditions.append(KnownDevice.token_hash != token_hash(keep))
    db().execute(delete(KnownDevice).where(*conditions))


def prune() -> int:
    """Remove sessions that ended long ago and devices whose cookie is gone; return how many sessions."""
    before = clock.now() - KEPT_AFTER_END
    old = or_(DeviceSession.ended_at < before, DeviceSession.expires_at < before)
    result = db().execute(delete(DeviceSession).where(old))
    db().execute(delete(KnownDevice).where(KnownDevice.created_at < clock.now() - DEVICE_LIFETIME))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


# The browser's side ---------------------------------------------------------------------------------------------


def session_cookie_name(config: Config) -> str:
    """Return the name of the session cookie; only a plain-http localhost goes without the `__Host-` prefix."""
    return "__Host-session" if config.secure_cookies else "session"


def device_cookie_name(config: Config) -> str:
    """Return the name of the cookie by which a device is known."""
    return "__Host-device" if config.secure_cookies else "device"


def list_order_cookie_name(config: Config) -> str:
    """Return the name of the cookie that keeps in which order a clinician wants their list on this device."""
    return "__Host-list-order" if config.secure_cookies else "list-order"


def set_session_cookie(response: Response, config: Config, token: str, role: Role, stage: Stage = Stage.FULL) -> None:
    """Give the browser its token. For staff, and half-way through signing in, it goes when the browser is closed."""
    keeps = stage is Stage.FULL and not role.is_staff
    age = LIFETIMES[role].absolute if keeps else None
    _set_cookie(response, config, session_cookie_name(config), token, age)


def set_device_cookie(response: Response, config: Config, token: str) -> None:
    """Let the browser be recognised at the next sign-in. It opens nothing."""
    _set_cookie(response, config, device_cookie_name(config), token, DEVICE_LIFETIME)


def set_list_order_cookie(response: Response, config: Config, order: str) -> None:
    """Let the browser keep the order of a list: one word that tells nothing of anybody."""
    _set_cookie(response, config, list_order_cookie_name(config), order, DEVICE_LIFETIME)


def clear_cookies(response: Response, config: Config) -> None:
    """Take the token back from the browser, and what a list remembers."""
    for name in (session_cookie_name(config), list_order_cookie_name(config)):
        response.delete_cookie(name, path="/", secure=config.secure_cookies, httponly=True, samesite="Lax")


def _set_cookie(response: Response, config: Config, name: str, token: str, age: timedelta | None) -> None:
    response.set_cookie(name, token, max_age=age, path="/", secure=config.secure_cookies, httponly=True, samesite="Lax")


# The first that fits names the browser: most others also say "Chrome" and "Safari".
_BROWSERS = (
    (re.compile(r"Edg(e|A|iOS)?/"), "Edge"),
    (re.compile(r"OPR/|Opera"), "Opera"),
    (re.compile(r"SamsungBrowser/"), "Samsung Internet"),
    (re.compile(r"Firefox/|FxiOS/"), "Firefox"),
    (re.compile(r"Chrome/|CriOS/|Chromium/"), "Chrome"),
    (re.compile(r"Safari/"), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"iPhone|iPod"), "iPhone"),
    (re.compile(r"iPad"), "iPad"),
    (re.compile(r"Android"), "Android"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"Macintosh|Mac OS X"), "Mac"),
    (re.compile(r"CrOS"), "Chromebook"),
    (re.compile(r"Linux"), "Linux"),
)


def browser_label(user_agent: str) -> str:
    """Return "Browser, system" from what a browser says of itself; empty parts are left out."""
    heard = user_agent[:400]
    names = (next((name for sign, name in signs if sign.search(heard)), "") for signs in (_BROWSERS, _SYSTEMS))
    return ", ".join(name for name in names if name)
