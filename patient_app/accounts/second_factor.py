"""The second factor: six digits from an app (TOTP, RFC 6238), each accepted once."""

from __future__ import annotations

import base64
import hmac
import uuid
from dataclasses import dataclass
from datetime import datetime

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy import CursorResult, update

from patient_app.accounts import mail, sessions, throttle
from patient_app.accounts.models import Person
from patient_app.core import clock
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.work import config, db, reading, vault

STEP_SECONDS = 30
STEPS_AROUND = 1  # A phone's clock may be off by half a minute.
SECRET_BYTES = 20


class CodeRefused(Exception):
    """The code is wrong, too old, or was used before."""


class SecondFactorNeeded(Exception):
    """Staff cannot sign in without a second factor."""


class NotYet(Exception):
    """A session that began with a clinic code cannot change this while older entries are closed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a person's app needs: the secret to type, as an address that a phone gives to the app, and as a picture.

    The picture is an SVG element without any style.
    """

    secret: str
    address: str
    picture: Markup

    @property
    def spaced(self) -> str:
        """The secret in groups that are easy to type."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


def is_on(person: Person) -> bool:
    """Whether a person turned the second factor on."""
    return person.totp_confirmed_at is not None


def has_second_factor(viewer: Viewer) -> bool:
    """Whether the signed-in person turned the second factor on."""
    with reading() as session:
        return is_on(session.get_one(Person, viewer.id))


def matching_step(secret: str, code: str, after: int) -> int | None:
    """Return the time step for which the code is right and that is later than `after`; else None."""
    digits = "".join(code.split()).replace("-", "")
    now = int(clock.now().timestamp()) // STEP_SECONDS
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        right = pyotp.TOTP(secret).generate_otp(step)
        if hmac.compare_digest(right.encode(), digits.encode("utf-8", "replace")) and step > after:
            found = step
    return found


def accept_code(person: Person, code: str) -> None:
    """Accept a person's code in this unit of work, once; raise `CodeRefused`."""
    step = matching_step(person.totp_secret or "", code, person.totp_last_step) if is_on(person) else None
    if step is None or not _take_step(person.id, step):
        raise CodeRefused


def _take_step(person_id: uuid.UUID, step: int) -> bool:
    """Mark a time step as used; of two requests with the same code one gets it."""
    change = update(Person).where(Person.id == person_id, Person.totp_last_step < step)
    result = db().execute(change.values(totp_last_step=step).execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return result.rowcount == 1


# ------------------------------------------------------------------------------------------------- while signing in
def finish_sign_in(viewer: Viewer, code: str, device_token: str | None) -> tuple[str, str]:
    """Finish a sign-in by a code: return the tokens of the full session and of the device.

    Raise `CodeRefused` or `throttle.TooManyTries`.
    """
    buckets = code_buckets(viewer, device_token)
    throttle.reserve_or_refuse(buckets)
    person = db().get_one(Person, viewer.id, with_for_update=True)
    accept_code(person, code)
    throttle.forget(buckets)
    return sessions.finish_session(person, viewer.session_id), sessions.remember_device(person.id, device_token)


def finish_enrolment(viewer: Viewer, code: str, device_token: str | None) -> tuple[str, str]:
    """Turn the second factor on as the last step of a first sign-in; return both tokens. May raise `CodeRefused`."""
    person = _turn_on(viewer, code)
    return sessions.finish_session(person, viewer.session_id), sessions.remember_device(person.id, device_token)


def code_buckets(viewer: Viewer, device_token: str | None) -> list[throttle.Bucket]:
    """Return where tries with a code are counted: for a device known to the account by itself."""
    with reading() as session:
        known = sessions.knows_device(session, viewer.id, device_token)
    return [throttle.code_bucket(viewer.id, device_token if known else None)]


# ------------------------------------------------------------------------------------------------- turning on and off
def offer(viewer: Viewer) -> Offer:
    """Return the secret that a person may put into their app. Nothing is stored until a code proves that they did.

    The secret follows from this session under a key of ours: the same on each showing, another one in each session.
    """
    with reading() as session:
        person = session.get_one(Person, viewer.id)
        name = person.sign_in_name or person.email or ""
    secret = _secret(viewer)
    address = pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=config().product_name)
    code = segno.make(address, error="m")
    drawn = code.svg_inline(scale=5, border=4, light="#fff", dark="#000", svgclass="qr", lineclass=None)
    return Offer(secret, address, Markup(drawn))  # noqa: S704 - drawn by us; nothing that was typed stands in it.


def turn_on(viewer: Viewer, code: str) -> None:
    """Turn the second factor on in the settings; raise `CodeRefused`, or `NotYet` after a reset by a clinic code."""
    _check_may_change(viewer)
    _turn_on(viewer, code)


def turn_off(viewer: Viewer, code: str, device_token: str | None) -> None:
    """Turn the second factor off by a code of it; where it is off already, nothing is asked and nothing done.

    Raise `CodeRefused` or `TooManyTries`, `SecondFactorNeeded` for staff, `NotYet` after a reset by a clinic code. Call
    it before the unit of work was used.
    """
    if Role(viewer.role).is_staff:
        raise SecondFactorNeeded
    _check_may_change(viewer)
    if not has_second_factor(viewer):
        return
    buckets = code_buckets(viewer, device_token)
    throttle.reserve_or_refuse(buckets)
    person = db().get_one(Person, viewer.id, with_for_update=True)
    accept_code(person, code)
    throttle.forget(buckets)
    person.totp_secret = None
    person.totp_confirmed_at = None
    mail.tell(person, "second_factor_off")


# ------------------------------------------------------------------------------------- after a reset by a clinic code
def set_aside(person: Person, moment: datetime) -> None:
    """Ask for no code any more after a reset by a clinic code at that moment: the app may be lost with the phone.

    Call it once the entries are closed. Where the reset can be taken back, the secret stays (and asks for nothing)
    until `take_back` or `forget_set_aside`, unless the person turns on another one. One that was turned on since an
    earlier reset that is not answered is nothing to go back to: it may be a stranger's.
    """
    since, confirmed = person.entries_closed_from, person.totp_confirmed_at
    is_new = since is not None and since < moment and confirmed is not None and confirmed >= since
    if since is None or is_new or (since == moment and confirmed is None):
        person.totp_secret, person.totp_last_step = None, 0
    person.totp_confirmed_at = None


def take_back(person: Person, since: datetime) -> None:
    """Go back to the second factor from before a reset: what was turned on since goes, what was set aside counts."""
    if person.totp_confirmed_at is None:
        person.totp_confirmed_at = clock.now() if person.totp_secret_sealed is not None else None
    elif person.totp_confirmed_at >= since:
        person.totp_secret = person.totp_confirmed_at = None


def forget_set_aside(person: Person) -> None:
    """Let go of what was set aside: the reset was the person's own."""
    if not is_on(person):
        person.totp_secret = None


def _turn_on(viewer: Viewer, code: str) -> Person:
    secret = _secret(viewer)
    person = db().get_one(Person, viewer.id, with_for_update=True)
    if is_on(person):  # Whoever has only the password cannot put another app in the place of the right one.
        raise CodeRefused
    step = matching_step(secret, code, 0)
    if step is None:
        raise CodeRefused
    person.totp_secret = secret
    person.totp_confirmed_at = clock.now()
    person.totp_last_step = step
    mail.tell(person, "second_factor_on")
    return person


def _check_may_change(viewer: Viewer) -> None:
    if viewer.entries_closed_from is not None:
        raise NotYet


def _secret(viewer: Viewer) -> str:
    """Return the secret offered in this session; it survives the session's going on under a new token.

    The last step used is part of it: who turns the second factor off and on again gets a new secret.
    """
    with reading() as session:
        begun = sessions.begun_at(viewer.session_id, session)
        last_step = session.get_one(Person, viewer.id).totp_last_step
    message = f"{viewer.id} {begun.isoformat()} {last_step}".encode()
    return base64.b32encode(vault().keyed_hash("second factor offer", message)[:SECRET_BYTES]).decode()
