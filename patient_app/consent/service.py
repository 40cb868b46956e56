"""Giving, pausing and ending consents. Deciding what they open is in `decisions`.

Only the patient does any of it; but when their account closes or opens again, everything is paused, and when they say
that somebody else was in, what was signed since then is ended.
"""

from __future__ import annotations

import hashlib
import unicodedata
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import format_date, gettext
from sqlalchemy import or_, select

from patient_app.accounts import names, teams
from patient_app.accounts.closing import pauses_sharing
from patient_app.accounts.models import (
    Person,
    PersonState,
    Practice,
    SupportLink,
    SupportState,
    TeamMembership,
)
from patient_app.accounts.security import takes_back_sharing
from patient_app.consent import seals
from patient_app.consent.categories import DETAIL_ONLY, Category, Level, offered
from patient_app.consent.form_text import beside, current_form, digest
from patient_app.consent.models import Consent, ConsentCategory, ConsentEvent, ConsentState, RecipientKind
from patient_app.consent.words import CATEGORY_NAMES, DISCIPLINE_NAMES, LEVEL_NAMES, SIGNED_AS, YOUR_DISCIPLINE
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db, vault

LIVE = (ConsentState.ACTIVE, ConsentState.PAUSED)


class ConsentRefused(Exception):
    """A consent cannot be given like this; `reason` is a word the page turns into a message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody the patient may share with: one person, or everybody of a discipline on the team.

    `people` names who is meant now as a form does: by their accounts. `ids` says who they are, and `introduced` how
    they want to be called and spoken of, in the same order.
    """

    kind: RecipientKind
    person_id: uuid.UUID | None
    discipline: Discipline | None
    title: str
    people: tuple[str, ...]
    ids: tuple[uuid.UUID, ...] = ()
    introduced: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the word by which pages and forms name this recipient."""
        return f"{self.kind}:{self.person_id or self.discipline}"

    @property
    def offered(self) -> tuple[Category, ...]:
        """Return the categories that can be shared with this recipient."""
        return offered(to_team=self.discipline is not None)

    @property
    def named(self) -> str:
        """Return the title, and behind a discipline the names of who is meant now."""
        return self.title if self.discipline is None else f"{self.title} ({', '.join(self.people)})"

    @property
    def also_called(self) -> tuple[tuple[str, str], ...]:
        """Return for whom a form has another name than pages do: that name, and how they want to be called."""
        both = zip(self.people, self.introduced, strict=True) if self.introduced else ()
        return tuple((name, introduced) for name, introduced in both if name != introduced)

    @property
    def fingerprint(self) -> str:
        """Return what tells a page that named these people from one that names others, namesakes too."""
        return hashlib.sha256("\n".join([self.named, *map(str, self.ids)]).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Terms:
    """What a consent opens and for how long; `ends_at` and `entries_from` None mean open ends."""

    grants: Mapping[Category, Level]
    ends_at: datetime | None
    entries_from: date | None


@dataclass(frozen=True, slots=True)
class FormWords:
    """Words of the form, and the language in which they are; and those in the reader's, where that is another."""

    text: str
    language: str
    beside: str = ""
    beside_language: str = ""


@dataclass(frozen=True, slots=True)
class ConsentSummary:
    """One of the patient's own live consents, as their pages show it."""

    id: uuid.UUID
    recipient: Recipient  # As it was signed; `people` is empty.
    paused: bool
    grants: tuple[tuple[Category, Level], ...]
    starts_at: datetime
    ends_at: datetime | None
    entries_from: date | None
    signed_at: datetime


def recipients(patient: Viewer) -> list[Recipient]:
    """Return whom this patient may share with now: the disciplines on their team, then confirmed supporters."""
    people = _team(patient)
    team = [
        Recipient(
            RecipientKind.TEAM,
            None,
            discipline,
            str(YOUR_DISCIPLINE[discipline]),
            people=tuple(person.name or "" for person in people[discipline]),
            ids=tuple(person.id for person in people[discipline]),
            introduced=tuple(names.introduced(names.shown(person), person.pronouns) for person in people[discipline]),
        )
        for discipline in Discipline
        if discipline in people
    ]
    return team + _supporters(patient)


def _team(patient: Viewer) -> dict[Discipline, tuple[Person, ...]]:
    query = (
        select(Person)
        .join(TeamMembership, TeamMembership.clinician_id == Person.id)
        .where(
            TeamMembership.patient_id == patient.id,
            TeamMembership.ended_at.is_(None),
            Person.state == PersonState.ACTIVE,
            Person.practice_id == patient.practice_id,
            Person.discipline.is_not(None),
        )
    )
    team = db().scalars(query).all()
    gone = vault().preload(person.id for person in team)
    team = [person for person in team if person.id not in gone]
    by_name = sorted(team, key=lambda person: (person.name or "", person.id))
    return {
        discipline: tuple(person for person in by_name if person.discipline == discipline)
        for discipline in {Discipline(person.discipline or "") for person in team}
    }


def _supporters(patient: Viewer) -> list[Recipient]:
    links = db().scalars(
        select(SupportLink)
        .where(SupportLink.patient_id == patient.id, SupportLink.state == SupportState.CONFIRMED)
        .order_by(SupportLink.invited_at)
    )
    return [
        Recipient(RecipientKind.PERSON, link.supporter_id, None, link.name or "", (link.name or "",)) for link in links
    ]


def find_recipient(patient: Viewer, key: str) -> Recipient:
    """Return the recipient of that key; raise `NotFound` when the patient cannot share with them."""
    for recipient in recipients(patient):
        if recipient.key == key:
            return recipient
    raise NotFound


def give_consent(
    patient: Viewer, consent_id: uuid.UUID, recipient: Recipient, terms: Terms, *, signature: str
) -> Consent:
    """Store a signed consent; it replaces the patient's earlier ones for the same recipient.

    The members of the team whom it names count as shown to the patient. The same id again gives the same consent.
    Raise `ConsentRefused` with the reason `nothing-chosen`, `not-offered`, `ends-in-past`, `entries-closed`,
    `other-name` (the signature is not the patient's name), `signed-before` (the id was used for other terms) or
    `ended-since` (it was, and does not hold any more), and `NotFound` for an id of somebody else's.
    """
    _check_terms(patient, recipient, terms)
    check_signature(patient, signature)
    # Taking the patient's row first lets one writer at a time change what this patient shares.
    db().scalar(select(Person.id).where(Person.id == patient.id).with_for_update())
    existing = db().get(Consent, consent_id)
    if existing is not None:
        return _same_or_refused(patient, existing, recipient, terms)
    consent = _make(patient, consent_id, recipient, terms, signature)
    keep(patient, consent, recipient)
    return consent


def keep(patient: Viewer, consent: Consent, recipient: Recipient) -> None:
    """Store a consent that was made just now in the place of the patient's earlier ones of its kind."""
    for earlier in live(patient.id, recipient, telling=consent.tells_after is not None):
        earlier.state, earlier.replaced_by, earlier.revoked_at = ConsentState.REVOKED, consent.id, consent.signed_at
        _note(earlier, "replaced", patient.id)
    db().add(consent)
    db().flush()  # Its event refers to it.
    _note(consent, "given", patient.id)
    if recipient.discipline is not None:
        teams.mark_named(patient.id, recipient.ids)


def check_signature(patient: Viewer, signature: str) -> None:
    """Raise `ConsentRefused` for a signature that is not the patient's name."""
    if _loosely(signature) != _loosely(patient.name):
        raise ConsentRefused("other-name")


def _loosely(name: str) -> str:
    """Return a name as two spellings of it are compared: whatever the case, the spaces, the accents and the dots."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    kept = (letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join("".join(kept).split())


def _check_terms(patient: Viewer, recipient: Recipient, terms: Terms) -> None:
    if patient.entries_closed_until is not None:
        raise ConsentRefused("entries-closed")
    if not terms.grants:
        raise ConsentRefused("nothing-chosen")
    for category, level in terms.grants.items():
        if category not in recipient.offered or (category in DETAIL_ONLY and level is not Level.DETAIL):
            raise ConsentRefused("not-offered")
    if terms.ends_at is not None and terms.ends_at <= clock.now():
        raise ConsentRefused("ends-in-past")


def _same_or_refused(patient: Viewer, existing: Consent, recipient: Recipient, terms: Terms) -> Consent:
    if existing.patient_id != patient.id:
        raise NotFound
    same = (
        (existing.recipient_id, existing.discipline) == (recipient.person_id, recipient.discipline)
        and {grant.category: grant.level for grant in existing.grants} == dict(terms.grants)
        and (existing.ends_at, existing.entries_from) == (terms.ends_at, terms.entries_from)
    )
    if not same:
        raise ConsentRefused("signed-before")
    if existing.state not in LIVE:
        raise ConsentRefused("ended-since")
    return existing


def _make(patient: Viewer, consent_id: uuid.UUID, recipient: Recipient, terms: Terms, signature: str) -> Consent:
    form, moment = current_form(), clock.now()
    practice = db().get_one(Practice, patient.practice_id)
    with form.in_its_language():
        purpose, named = _purpose(recipient), recipient_words(recipient, practice.name)
        text = form.fill(
            patient_name=patient.name,
            discloser=practice.name,
            information=_information(terms),
            entries=_entries(terms),
            recipient=named,
            purpose=purpose,
            expiry=_expiry(patient, terms),
            redisclosure=redisclosure(recipient),
        )
    consent = Consent(
        id=consent_id,
        practice_id=patient.practice_id,
        patient_id=patient.id,
        recipient_kind=recipient.kind,
        recipient_id=recipient.person_id,
        discipline=recipient.discipline,
        state=ConsentState.ACTIVE,
        starts_at=moment,
        ends_at=terms.ends_at,
        entries_from=terms.entries_from,
        language=form.language,
        form_version=form.version,
        form_digest=digest(text),
        discloser=practice.name,
        purpose=purpose,
        signed_at=moment,
        signed_session_id=patient.session_id,
        grants=[ConsentCategory(category=category, level=level) for category, level in terms.grants.items()],
    )
    consent.patient_name = patient.name
    consent.recipient_name = named
    consent.signature = signature
    consent.form_text = text
    seals.seal(consent)
    return consent


def preview_text(patient: Viewer, recipient: Recipient) -> FormWords:
    """Return the words of the form as they are before anything is chosen, in the language in which they are signed."""
    practice = db().get_one(Practice, patient.practice_id)

    def elements() -> dict[str, str]:
        return {
            "patient_name": patient.name,
            "discloser": practice.name,
            "information": gettext("what I tick above"),
            "entries": gettext("From the day I choose above."),
            "recipient": recipient_words(recipient, practice.name),
            "purpose": _purpose(recipient),
            "expiry": gettext("as I choose above"),
            "redisclosure": redisclosure(recipient),
        }

    return filled("form", elements)


def filled(name: str, elements: Callable[[], dict[str, str]]) -> FormWords:
    """Return the words of a form with its elements, asked for once in each language in which it is shown."""
    form, other = current_form(name), beside(name)
    with form.in_its_language():
        text = form.fill(**elements())
    if other is None:
        return FormWords(text, form.language)
    with other.in_its_language():
        return FormWords(text, form.language, other.fill(**elements()), other.language)


def _information(terms: Terms) -> str:
    return "; ".join(_signed(category, terms.grants[category]) for category in Category if category in terms.grants)


def _signed(category: Category, level: Level) -> str:
    name = str(SIGNED_AS.get(category, CATEGORY_NAMES[category]))
    return name if category in DETAIL_ONLY else f"{name} ({LEVEL_NAMES[level]})"


def _entries(terms: Terms) -> str:
    if terms.entries_from is None:
        return gettext("Also what I wrote before today.")
    return gettext("Only from %(day)s on.", day=format_date(terms.entries_from, "long"))


def _expiry(patient: Viewer, terms: Terms) -> str:
    if terms.ends_at is None:
        return gettext("when I end it, or when my treatment here ends")
    zone = clock.find_zone(patient.zone)
    return format_date(terms.ends_at.astimezone(zone).date(), "long")


def recipient_words(recipient: Recipient, practice_name: str) -> str:
    """Return how a form names a recipient, in the language of the moment."""
    people = ", ".join(recipient.people)
    if recipient.discipline is None:
        return people
    return gettext(
        "any %(discipline)s on my care team at %(practice)s (now: %(people)s)",
        discipline=str(DISCIPLINE_NAMES[recipient.discipline]),
        practice=practice_name,
        people=people,
    )


def _purpose(recipient: Recipient) -> str:
    if recipient.kind is RecipientKind.TEAM:
        return gettext("my treatment")
    return gettext("at my request, so that they can support me")


def redisclosure(recipient: Recipient) -> str:
    """Return what a form says of passing on, in the language of the moment."""
    if recipient.kind is RecipientKind.TEAM:
        return gettext(
            "My care team may use this for my treatment. They may pass it on as health privacy law (HIPAA) allows, "
            "but not for proceedings against me. What they pass on may then no longer be protected by 42 CFR part 2."
        )
    return gettext(
        "The law does not let this person pass on what they see about alcohol or drug use. A private person may "
        "still do so, and then it may no longer be protected."
    )


def own_consents(patient: Viewer) -> list[ConsentSummary]:
    """Return the patient's live consents (active or paused, not past their end), oldest first."""
    query = select(Consent).where(
        Consent.patient_id == patient.id, Consent.state.in_(LIVE), Consent.tells_after.is_(None)
    )
    moment, query = clock.now(), query.order_by(Consent.signed_at)
    return [_summary(consent) for consent in db().scalars(query) if consent.ends_at is None or consent.ends_at > moment]


def shared_now(patient: Viewer, recipient: Recipient) -> ConsentSummary | None:
    """Return what the patient shares with a recipient now, or paused; None where there is nothing."""
    return next((one for one in own_consents(patient) if one.recipient.key == recipient.key), None)


def _summary(consent: Consent) -> ConsentSummary:
    levels = {grant.category: grant.level for grant in consent.grants}
    return ConsentSummary(
        id=consent.id,
        recipient=signed_for(consent),
        paused=consent.state == ConsentState.PAUSED,
        grants=tuple((category, Level(levels[category])) for category in Category if category in levels),
        starts_at=consent.starts_at,
        ends_at=consent.ends_at,
        entries_from=consent.entries_from,
        signed_at=consent.signed_at,
    )


def signed_for(consent: Consent) -> Recipient:
    """Return whom a consent was signed for, as it was signed; `people` is empty."""
    discipline = Discipline(consent.discipline) if consent.discipline else None
    title = str(YOUR_DISCIPLINE[discipline]) if discipline else consent.recipient_name or ""
    return Recipient(RecipientKind(consent.recipient_kind), consent.recipient_id, discipline, title, ())


def own_consent(patient: Viewer, consent_id: uuid.UUID, *, to_change: bool = False) -> Consent:
    """Return one of the patient's own consents, whatever its state; raise `NotFound` for anything else."""
    query = select(Consent).where(Consent.id == consent_id, Consent.patient_id == patient.id)
    consent = db().scalar(query.with_for_update() if to_change else query)
    if consent is None:
        raise NotFound
    return consent


def pause_consent(patient: Viewer, consent_id: uuid.UUID) -> None:
    """Close what a consent opened until it is resumed; holds from the next request on. Twice is once."""
    consent = own_consent(patient, consent_id, to_change=True)
    if consent.state == ConsentState.ACTIVE:
        consent.state, consent.paused_at = ConsentState.PAUSED, clock.now()
        _note(consent, "paused", patient.id)


def resume_consent(patient: Viewer, consent_id: uuid.UUID) -> None:
    """Open a paused consent again with its unchanged scope; raise `ConsentRefused` while entries are closed."""
    if patient.entries_closed_until is not None:
        raise ConsentRefused("entries-closed")
    consent = own_consent(patient, consent_id, to_change=True)
    if consent.state == ConsentState.PAUSED:
        consent.state, consent.paused_at = ConsentState.ACTIVE, None
        _note(consent, "resumed", patient.id)


def resume_everything(patient: Viewer) -> int:
    """Open all paused consents again and return how many; raise `ConsentRefused` while entries are closed.

    Those that let somebody be told of a silence stay paused: their own page resumes each by itself.
    """
    paused = select(Consent.id).where(
        Consent.patient_id == patient.id, Consent.state == ConsentState.PAUSED, Consent.tells_after.is_(None)
    )
    found = db().scalars(paused).all()
    for consent_id in found:
        resume_consent(patient, consent_id)
    return len(found)


def end_consent(patient: Viewer, consent_id: uuid.UUID) -> None:
    """Revoke a consent for good; holds from the next request on. Twice is once."""
    consent = own_consent(patient, consent_id, to_change=True)
    if consent.state in LIVE:
        consent.state, consent.revoked_at = ConsentState.REVOKED, clock.now()
        _note(consent, "ended", patient.id)


def pause_everything(patient: Viewer) -> int:
    """Pause all active consents at once; return how many there were."""
    return _pause_all(patient.id, patient.id)


@pauses_sharing
def _pause_all(patient_id: uuid.UUID, actor_id: uuid.UUID) -> int:
    """Pause all of a patient's active consents; who did it stands in their history."""
    active = db().scalars(
        select(Consent).where(Consent.patient_id == patient_id, Consent.state == ConsentState.ACTIVE).with_for_update()
    )
    paused = 0
    for consent in active:
        consent.state, consent.paused_at = ConsentState.PAUSED, clock.now()
        _note(consent, "paused", actor_id)
        paused += 1
    return paused


@takes_back_sharing
def take_back_since(patient_id: uuid.UUID, since: datetime) -> None:
    """End what a patient's account signed since a moment, and pause what it resumed: it was somebody else.

    What was ended or replaced since then stays so; only the patient opens more.
    """
    resumed = select(ConsentEvent.consent_id).where(
        ConsentEvent.patient_id == patient_id, ConsentEvent.event == "resumed", ConsentEvent.happened_at >= since
    )
    theirs = select(Consent).where(
        Consent.patient_id == patient_id,
        Consent.state.in_(LIVE),
        or_(Consent.signed_at >= since, Consent.id.in_(resumed)),
    )
    for consent in db().scalars(theirs.with_for_update()):
        if consent.signed_at >= since:
            consent.state, consent.revoked_at = ConsentState.REVOKED, clock.now()
            _note(consent, "ended", patient_id)
        elif consent.state == ConsentState.ACTIVE:
            consent.state, consent.paused_at = ConsentState.PAUSED, clock.now()
            _note(consent, "paused", patient_id)


def pause_after_restore() -> int:
    """Pause every active consent of everybody, and return how many: one may have been ended since the backup.

    Only the patient opens it again. Nobody is named in its history: it was no person's doing.
    """
    active = db().scalars(select(Consent).where(Consent.state == ConsentState.ACTIVE)).all()
    for consent in active:
        consent.state, consent.paused_at = ConsentState.PAUSED, clock.now()
        _note(consent, "paused", None)
    return len(active)


def expire_due(store: Store) -> int:
    """Mark consents past their end as expired (they open nothing from the very moment); return how many."""
    with store.work(writes=True):
        due = db().scalars(select(Consent).where(Consent.state.in_(LIVE), Consent.ends_at <= clock.now()))
        count = 0
        for consent in due:
            consent.state = ConsentState.EXPIRED
            _note(consent, "expired", None)
            count += 1
    return count


def live(patient_id: uuid.UUID, recipient: Recipient, *, telling: bool = False) -> Sequence[Consent]:
    """Return a patient's live consents for a recipient: those that open categories, or those that let them be told."""
    return (
        db()
        .scalars(
            select(Consent).where(
                Consent.patient_id == patient_id,
                Consent.state.in_(LIVE),
                Consent.tells_after.is_not(None) if telling else Consent.tells_after.is_(None),
                Consent.recipient_id.is_not_distinct_from(recipient.person_id),
                Consent.discipline.is_not_distinct_from(recipient.discipline),
            )
        )
        .all()
    )


def _note(consent: Consent, event: str, actor_id: uuid.UUID | None) -> None:
    db().add(
        ConsentEvent(
            id=new_id(),
            consent_id=consent.id,
            patient_id=consent.patient_id,
            happened_at=clock.now(),
            event=event,
            actor_id=actor_id,
        )
    )
