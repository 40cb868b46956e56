"""Codes handed over in the clinic, to join or to set a new password without e-mail.

A code is twelve letters from an alphabet without look-alikes: four that find the row (no secret) and eight that are
kept only as a keyed hash (39 bits, five tries, fifteen minutes). One member of the staff issues it, with their password
given just now; another one confirms it where the practice has one (see `seconds`). It works for one account, once.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import segno
from sqlalchemy import ColumnElement, CursorResult, and_, or_, select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import addresses, links, mail, names, passwords, second_factor, seconds, sessions, teams
from patient_app.accounts.invitations import SignInNameNeeded
from patient_app.accounts.models import (
    ClinicCode,
    CodePurpose,
    LinkPurpose,
    Patient,
    Person,
    PersonState,
    SecurityNotice,
)
from patient_app.accounts.registry import (
    FOR_CHANGE,
    STAFF,
    Actor,
    IdInUse,
    activate,
    cancel_links,
    find_person,
    store_once,
)
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.roles import Role
from patient_app.core.work import db, unit, vault

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
LOCATOR = 4
SECRET = 8
LIFETIME = timedelta(minutes=15)
TRIES = 5
ENTRIES_CLOSED = timedelta(hours=24)
LINK_ANSWERED = timedelta(days=30)  # How long the address from before can answer by mail for a reset by a link.


class CodeUnusable(Exception):
    """Wrong, used, too old, tried too often, not confirmed yet, or never a code: the reader learns no more."""


class AccountClosed(Exception):
    """The account is closed; it has to be opened again before a code can be issued for it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom a code is about to be issued, and what follows."""

    person_id: uuid.UUID
    name: str
    called: str
    pronouns: str
    chart_number: str
    date_of_birth: date | None
    is_patient: bool
    is_new: bool
    needs_second: bool
    by_own_mail: bool


@dataclass(frozen=True, slots=True)
class Issued:
    """A code that was issued. `text` is there once, in the answer to the first request with the form's id."""

    id: uuid.UUID
    person_id: uuid.UUID
    name: str
    called: str
    pronouns: str
    text: str | None
    needs_second: bool
    by_own_mail: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code that waits for a second member of the staff: for whom it is, and who issued it.

    Whoever needs not know the patient sees initials of the chart's name only, and nothing else of them.
    """

    id: uuid.UUID
    name: str
    called: str
    pronouns: str
    role: Role
    chart_number: str
    date_of_birth: date | None
    purpose: CodePurpose
    issuer_name: str
    is_own: bool
    may_confirm: bool
    minutes_left: int


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code did: whose account it was for, and whether it was a first joining or a new password."""

    person: Person
    purpose: CodePurpose


# ---------------------------------------------------------------------------------------------------------- issuing
def may_issue_for(viewer: Actor, person_id: uuid.UUID) -> Person:
    """Return the person if the caller may issue a code for them; raise `NotFound` otherwise.

    Administrators may for patients and staff, clinicians for patients on whose team they are; nobody for themselves.
    """
    roles = (*STAFF, Role.PATIENT) if viewer.role == Role.ADMINISTRATOR else (Role.PATIENT,)
    person = find_person(viewer, person_id, roles)
    if person.id == viewer.id or viewer.role not in STAFF:
        raise NotFound
    if viewer.role == Role.CLINICIAN and not teams.is_on_team(viewer.id, person.id):
        raise NotFound
    return person


def before_issuing(viewer: Actor, person_id: uuid.UUID) -> Asked:
    """Return what a member of the staff is told before issuing a code; raise `NotFound`."""
    person = may_issue_for(viewer, person_id)
    chart = db().get(Patient, person_id)
    needs_second, by_own_mail = _who_confirms(viewer, person)
    return Asked(
        person_id=person_id,
        name=person.name or "",
        called=person.called or "",
        pronouns=person.pronouns or "",
        chart_number=(chart.chart_number or "") if chart is not None else "",
        date_of_birth=_born(chart),
        is_patient=chart is not None,
        is_new=person.state == PersonState.INVITED,
        needs_second=needs_second,
        by_own_mail=by_own_mail,
    )


def _born(chart: Patient | None) -> date | None:
    return date.fromisoformat(chart.date_of_birth) if chart is not None and chart.date_of_birth else None


def issue(viewer: Actor, person_id: uuid.UUID, code_id: uuid.UUID) -> Issued:
    """Issue a code for a person; open ones before it stop working, and the person has notice at once.

    The same id again returns the same code without its text. Raise `NotFound`, `AccountClosed` or `IdInUse`.
    """
    person = may_issue_for(viewer, person_id)
    db().refresh(person, with_for_update=FOR_CHANGE)  # One code at a time for each person.
    known = db().get(ClinicCode, code_id)
    if known is not None:
        if (known.person_id, known.issued_by) != (person_id, viewer.id):
            raise IdInUse
        return _issued(known, person, None, by_own_mail=_who_confirms(viewer, person)[1])
    if person.state == PersonState.CLOSED:
        raise AccountClosed
    _cancel_open(person_id)
    needs_second, by_own_mail = _who_confirms(viewer, person)
    text = _new_text()
    moment = clock.now()
    code = ClinicCode(
        id=code_id,
        practice_id=viewer.practice_id,
        person_id=person_id,
        purpose=CodePurpose.JOIN if person.state == PersonState.INVITED else CodePurpose.RESET,
        locator=text[:LOCATOR],
        secret_hash=_hash(code_id, text[LOCATOR:]),
        tries_left=TRIES,
        issued_by=viewer.id,
        issued_at=moment,
        expires_at=moment + LIFETIME,
        needs_second=needs_second,
    )
    if not store_once(code):
        raise IdInUse
    _record(code, AccessKind.CODE_ISSUED, viewer.id, viewer.role)
    if person.state == PersonState.INVITED:  # No device has this account yet.
        mail.tell(person, "code_to_join")
    else:
        _ask_about(person, moment)
        addresses.warn(person, "code_issued")
    if by_own_mail:
        _ask_own_mail(person)
    return _issued(code, person, text, by_own_mail=by_own_mail)


def _ask_about(person: Person, moment: datetime) -> None:
    """Ask on every device. A question about a code that was used stays while it can still be answered.

    Who came in by it is asked about codes made since: their answer must not take the place of that one.
    """
    if not (person.security_notice == SecurityNotice.CODE_USED and sessions.is_undecided(person)):
        person.security_notice, person.security_notice_at = SecurityNotice.CODE_ISSUED, moment


def _issued(code: ClinicCode, person: Person, text: str | None, *, by_own_mail: bool) -> Issued:
    return Issued(
        id=code.id,
        person_id=person.id,
        name=person.name or "",
        called=person.called or "",
        pronouns=person.pronouns or "",
        text=None if text is None else in_groups(text),
        needs_second=code.needs_second and code.confirmed_at is None,
        by_own_mail=by_own_mail,
        expires_at=code.expires_at,
    )


def address() -> str:
    """Return where a code is typed."""
    return mail.link_to("/join")


def picture(text: str) -> str:
    """Return the address of a code as a QR picture to scan: an SVG element without any style."""
    code = segno.make(mail.link_to(f"/join/{text}"), error="m")
    return code.svg_inline(scale=5, border=4, light="#fff", dark="#000", svgclass="qr", lineclass=None)


def _new_text() -> str:
    """Return twelve random letters whose first four find no other row."""
    while True:
        text = "".join(secrets.choice(ALPHABET) for _ in range(LOCATOR + SECRET))
        if db().scalar(select(ClinicCode.id).where(ClinicCode.locator == text[:LOCATOR])) is None:
            return text


def _hash(code_id: uuid.UUID, secret: str) -> bytes:
    return vault().keyed_hash("clinic code", code_id.bytes + secret.encode())


def _who_confirms(viewer: Actor, person: Person) -> tuple[bool, bool]:
    """Return whether the code waits to be confirmed, and whether the person's own mail is asked to."""
    staff = seconds.staff_of(viewer.practice_id)
    by_own_mail = seconds.own_mail_counts(person) and not seconds.able(staff, viewer.id, person)
    return by_own_mail or bool(seconds.there(staff, viewer.id, person)), by_own_mail


def _ask_own_mail(person: Person) -> None:
    token = links.make_link(LinkPurpose.CONFIRM_CODE, practice_id=person.practice_id, person_id=person.id, hours=1)
    mail.tell(person, "code_to_confirm", link=mail.link_to(f"/confirm-code/{token}"))


def _cancel_open(person_id: uuid.UUID) -> None:
    links.cancel_links(LinkPurpose.CONFIRM_CODE, person_id=person_id)
    query = update(ClinicCode).where(ClinicCode.person_id == person_id, _open())
    db().execute(query.values(cancelled_at=clock.now()))


def _open() -> ColumnElement[bool]:
    return and_(ClinicCode.used_at.is_(None), ClinicCode.cancelled_at.is_(None), ClinicCode.expires_at > clock.now())


def _record(code: ClinicCode, kind: AccessKind, staff_id: uuid.UUID, staff_role: Role) -> None:
    """Add what staff did to the access records of a patient; staff have none."""
    if db().get(Patient, code.person_id) is None:
        return
    access_log.record(
        [
            access_log.Reading(
                practice_id=code.practice_id,
                patient_id=code.person_id,
                viewer_id=staff_id,
                viewer_role=str(staff_role),
                kind=kind,
            )
        ]
    )


# ------------------------------------------------------------------------------------------------------- confirming
def waiting(viewer: Actor) -> list[Waiting]:
    """Return the practice's codes that wait for a second member of the staff, the oldest first.

    Those that the caller issued are marked; one for the caller's own account is left out. Only staff see any.
    """
    if viewer.role not in STAFF:
        return []
    query = (
        select(ClinicCode, Person, Patient)
        .join(Person, Person.id == ClinicCode.person_id)
        .outerjoin(Patient, Patient.person_id == Person.id)
        .where(ClinicCode.practice_id == viewer.practice_id, ClinicCode.person_id != viewer.id, _unconfirmed())
        .order_by(ClinicCode.issued_at, ClinicCode.id)
    )
    # Only patients have a chart.
    rows: list[tuple[ClinicCode, Person, Patient | None]] = [
        (code, person, chart) for code, person, chart in db().execute(query)
    ]
    if not rows:
        return []
    issuers = {
        person.id: person
        for person in db().scalars(select(Person).where(Person.id.in_({code.issued_by for code, _, _ in rows})))
    }
    gone = vault().preload([viewer.practice_id, *issuers, *(person.id for _, person, _ in rows)])
    rows = [row for row in rows if not {row[0].issued_by, row[1].id} & gone]
    staff = seconds.staff_of(viewer.practice_id)
    own_patients = set(db().scalars(teams.patients_with(viewer.id)))
    waiting_codes = []
    for code, person, chart in rows:
        knows = chart is None or viewer.role == Role.ADMINISTRATOR or person.id in own_patients
        waiting_codes.append(
            Waiting(
                id=code.id,
                name=(person.name or "") if knows else initials(person.name or ""),
                called=(person.called or "") if knows else "",
                pronouns=(person.pronouns or "") if knows else "",
                role=Role(person.role),
                chart_number=(chart.chart_number or "") if chart is not None and knows else "",
                date_of_birth=_born(chart) if knows else None,
                purpose=CodePurpose(code.purpose),
                issuer_name=names.shown(issuers[code.issued_by]),
                is_own=code.issued_by == viewer.id,
                may_confirm=viewer.id in {each.id for each in seconds.able(staff, code.issued_by, person)},
                minutes_left=max(1, (code.expires_at - clock.now()) // timedelta(minutes=1)),
            )
        )
    return waiting_codes


def initials(name: str) -> str:
    """Return the first letters of a name's words, which tell who was told of a code that it is this one."""
    return " ".join(f"{word[0].upper()}." for word in name.split())


def _unconfirmed() -> ColumnElement[bool]:
    return and_(_open(), ClinicCode.needs_second, ClinicCode.confirmed_at.is_(None))


def confirm(viewer: Actor, code_id: uuid.UUID) -> None:
    """Confirm a code that somebody else issued for a third person; from now on it works. Confirmed twice is confirmed.

    Raise `NotFound` for one's own, for one's own account, for whoever cannot be the second person, and for codes that
    do not wait any more.
    """
    code = _of_practice(viewer, code_id)
    if viewer.id in {code.issued_by, code.person_id}:
        raise NotFound
    if code.confirmed_by == viewer.id:
        return
    person, staff = db().get_one(Person, code.person_id), seconds.staff_of(viewer.practice_id)
    if viewer.id not in {each.id for each in seconds.able(staff, code.issued_by, person)}:
        raise NotFound
    change = update(ClinicCode).where(ClinicCode.id == code_id, _unconfirmed())
    if _changed(change.values(confirmed_by=viewer.id, confirmed_at=clock.now())) != 1:
        raise NotFound
    _record(code, AccessKind.CODE_CONFIRMED, viewer.id, viewer.role)


def confirm_by_mail(token: str) -> None:
    """Confirm the code that waits for the owner of a staff account by the link from their mail.

    Raise `links.LinkUnusable`, also when the code does not wait any more; then nothing is used up.
    """
    with db().begin_nested():
        owner_id = links.use_link(token, LinkPurpose.CONFIRM_CODE).person_id
        change = update(ClinicCode).where(ClinicCode.person_id == owner_id, _unconfirmed())
        if _changed(change.values(confirmed_by=owner_id, confirmed_at=clock.now())) != 1:
            raise links.LinkUnusable


def cancel(viewer: Actor, code_id: uuid.UUID) -> None:
    """Make a code stop working: who issued it may, and who could confirm it. Cancelled twice is cancelled."""
    code = _of_practice(viewer, code_id)
    if code.person_id == viewer.id:
        raise NotFound
    db().execute(update(ClinicCode).where(ClinicCode.id == code_id, _open()).values(cancelled_at=clock.now()))


def _of_practice(viewer: Actor, code_id: uuid.UUID) -> ClinicCode:
    code = db().get(ClinicCode, code_id)
    if code is None or code.practice_id != viewer.practice_id or viewer.role not in STAFF:
        raise NotFound
    return code


# ------------------------------------------------------------------------------------------------------------ using
def read_code(text: str) -> str | None:
    """Return the twelve letters of a typed or scanned code, or None for what is no code."""
    letters = "".join(letter for letter in text.upper() if letter not in "- \t\n")
    if len(letters) != LOCATOR + SECRET or any(letter not in ALPHABET for letter in letters):
        return None
    return letters


def in_groups(letters: str) -> str:
    """Return a code as it is shown: XXXX-XXXX-XXXX."""
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def redeem(text: str, *, sign_in_name: str, password: str) -> Redeemed:
    """Join, or set a new password, by a code. Call it before the unit of work was used.

    Raise `CodeUnusable`, `PasswordRefused`, and at a first joining `SignInNameNeeded` or `SignInNameTaken`. A wrong
    code costs a try whatever becomes of the request; a right one that was refused for another reason costs none.
    """
    code_id, role = _evaluate(text)
    passwords.check_new_password(password, role)
    password_hash = passwords.hash_password(password)
    with db().begin_nested():
        used = update(ClinicCode).where(ClinicCode.id == code_id, _works()).values(used_at=clock.now())
        if _changed(used) != 1:
            raise CodeUnusable
        code = db().get_one(ClinicCode, code_id, populate_existing=True)
        person = db().get_one(Person, code.person_id, with_for_update=FOR_CHANGE, populate_existing=True)
        if code.purpose == CodePurpose.JOIN:
            _join(person, sign_in_name, password_hash)
        else:
            _reset(person, password_hash)
    issuer = db().get_one(Person, code.issued_by)
    _record(code, AccessKind.CODE_USED, issuer.id, Role(issuer.role))
    return Redeemed(person, CodePurpose(code.purpose))


def _evaluate(text: str) -> tuple[uuid.UUID, Role]:
    """Return whose account a right code is for; raise `CodeUnusable`.

    In a transaction of its own, so that the count holds whatever follows. The try is counted first, by one conditional
    statement: of any number of requests at once no more than five get as far as comparing. A right code gives the try
    back, since who holds it needs no more guessing.
    """
    letters = read_code(text)
    if letters is None:
        raise CodeUnusable
    found: tuple[uuid.UUID, Role] | None = None
    with unit().store.work(writes=True):
        row = ClinicCode.locator == letters[:LOCATOR]
        counted = update(ClinicCode).where(row, _works(), ClinicCode.tries_left > 0)
        if _changed(counted.values(tries_left=ClinicCode.tries_left - 1)) == 1:
            query = select(ClinicCode, Person.role).join(Person, Person.id == ClinicCode.person_id)
            code, role = db().execute(query.where(row)).one()
            if hmac.compare_digest(code.secret_hash, _hash(code.id, letters[LOCATOR:])):
                code.tries_left = ClinicCode.tries_left + 1
                found = code.id, Role(role)
    if found is None:
        raise CodeUnusable
    return found


def _works() -> ColumnElement[bool]:
    return and_(_open(), or_(ClinicCode.needs_second.is_(False), ClinicCode.confirmed_at.is_not(None)))


def _join(person: Person, sign_in_name: str, password_hash: str) -> None:
    if person.state != PersonState.INVITED:
        raise CodeUnusable
    name = sign_in_name.strip() or person.email
    if not name:
        raise SignInNameNeeded
    activate(person, name, password_hash)
    addresses.joined_by_code(person)


def _reset(person: Person, password_hash: str) -> None:
    """Set the new password, and ask for no second factor: it may be lost with the phone.

    For staff, what is closed is what patients share with them; and those patients find it in their access log.
    """
    if person.state != PersonState.ACTIVE:
        raise CodeUnusable
    moment = clock.now()
    if person.entries_closed_until == clock.NO_END:
        # What came in by a link to an address that staff set waits for this code, and must not profit by it.
        sessions.end_other_sessions(person.id, None, begun_since=person.entries_closed_from)
    close_entries(person, moment)
    if person.role == Role.CLINICIAN:
        _tell_patients(person)
    sessions.forget_devices(person.id)
    person.password_hash, person.password_changed_at = password_hash, moment
    second_factor.set_aside(person, moment)
    cancel_links(person.id)


def _tell_patients(clinician: Person) -> None:
    access_log.record(
        [
            access_log.Reading(
                practice_id=clinician.practice_id,
                patient_id=patient_id,
                viewer_id=clinician.id,
                viewer_role=str(clinician.role),
                kind=AccessKind.STAFF_CODE_USED,
            )
            for patient_id in sorted(set(db().scalars(teams.patients_with(clinician.id))))
        ]
    )


def close_entries(person: Person, moment: datetime, *, by_link: bool = False) -> None:
    """Close a patient's older entries, or what staff may read, to the new device for a day.

    An old device, or the mail, opens them before. Only the address that is known to be the person's own gets the link
    that opens. After a reset by a link to an address that staff set no time opens them, since nobody but who set it may
    have had a part: only an old device does, the address from before, or a code and its day.

    Call it before the new password is set. Until a reset was answered (`sessions.is_undecided`), another one changes
    neither the moment it counts from nor the password to go back to: both are those from before the first, so that who
    came in by the first never counts as the owner. Devices that were signed in stay so, and are asked.
    """
    if not sessions.is_undecided(person):
        person.entries_closed_from = moment
        person.password_hash_before_code = person.password_hash
    person.entries_closed_until = clock.NO_END if by_link else moment + ENTRIES_CLOSED
    person.security_notice, person.security_notice_at = SecurityNotice.CODE_USED, moment
    own = addresses.proven_address(person)
    if own:
        link = mail.link_to(f"/open-entries/{_open_entries_link(person, by_link=by_link)}")
        template = "code_used_staff" if person.role in STAFF else "code_used"
        template = "link_used" if by_link else template
        mail.queue_mail(person.id, own, template, language=person.language, link=link)
    if person.email != own:
        mail.tell(person, "link_used_new_address" if by_link else "code_used_new_address")


def _open_entries_link(person: Person, *, by_link: bool) -> str:
    return links.make_link(
        LinkPurpose.OPEN_ENTRIES,
        practice_id=person.practice_id,
        person_id=person.id,
        hours=(LINK_ANSWERED if by_link else ENTRIES_CLOSED) // timedelta(hours=1),
    )


def _changed(statement: object) -> int:
    result = db().execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)
