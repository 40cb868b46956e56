"""What the patient's pages about sharing are made of. Deciding who may read is `consent`'s, reading is `reading`'s."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby

from babel.lists import format_list
from flask_babel import LazyString, get_locale, gettext
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from patient_app.access_log.models import AccessKind, AccessRecord
from patient_app.accounts import people, teams
from patient_app.accounts.models import Person, SupportLink, SupportState
from patient_app.accounts.names import with_called
from patient_app.accounts.people import SupportRow
from patient_app.consent import service as consents
from patient_app.consent import telling
from patient_app.consent.categories import Category
from patient_app.consent.decisions import Reader
from patient_app.consent.models import ConsentState
from patient_app.consent.service import ConsentSummary, Recipient
from patient_app.consent.words import CATEGORY_NAMES, DISCIPLINE_NAMES
from patient_app.core import clock
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.core.ids import parse_id
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import db, vault
from patient_app.follow_up import service as follow_up
from patient_app.reading.words import category_words, day_words, last_day_words

LOG_LINES = 100
LARGEST_SEQ = 2**31  # What the databases can compare with; an address may ask for anything.

SENTENCES: dict[AccessKind, LazyString] = {
    AccessKind.DETAIL: _l("%(who)s read your %(what)s."),
    AccessKind.MEDICINES: _l("%(who)s read your %(what)s on the page of your medicines."),
    AccessKind.CONCERN: _l("%(who)s saw in a list that you noted a sign that cannot wait, or that a medicine ran out."),
    AccessKind.APPOINTMENTS: _l("%(who)s read your %(what)s on the page of your visits."),
    AccessKind.VISITS: _l("%(who)s saw your visit with them in the list of their day."),
    AccessKind.EFFECTS: _l("%(who)s read your %(what)s on the page of side effects."),
    AccessKind.SKILLS: _l("%(who)s read your %(what)s on the page of your exercises."),
    AccessKind.LESSONS: _l("%(who)s read your %(what)s on the page of lessons that were given to you."),
    AccessKind.CASELOAD: _l("%(who)s saw your %(what)s in a list."),
    AccessKind.SILENCE: _l("%(who)s read that you had not checked in for some days, and what you ask for then."),
    AccessKind.CODE_ISSUED: _l("%(who)s made a code with which you can sign in."),
    AccessKind.CODE_CONFIRMED: _l("%(who)s agreed to a code with which you can sign in."),
    AccessKind.CODE_USED: _l("A code was used to sign in to your account. %(who)s had made it."),
    AccessKind.STAFF_CODE_USED: _l(
        "%(who)s, on your care team, got a new password with a code from the practice. Ask them if that was right."
    ),
    AccessKind.TEAM_JOINED: _l("%(who)s joined your care team."),
    AccessKind.TEAM_LEFT: _l("%(who)s left your care team."),
    AccessKind.EMAIL_CHANGED: _l("%(who)s changed your e-mail address."),
    AccessKind.ACCOUNT_CLOSED: _l("%(who)s closed your account. All that you shared was paused."),
    AccessKind.ACCOUNT_REOPENED: _l("%(who)s opened your account again. All that you shared stays paused."),
    AccessKind.RESTORED: _l(
        "A fault on our side: we had to put everything back to an earlier day. What was written after that is gone. "
        "We are sorry. All that you shared was paused. You can open it again."
    ),
}
WITH_DAYS = frozenset({AccessKind.RESTORED})
NOTHING_SHARED = _l("%(who)s opened your page. Nothing on it was shared with them.")
# Other things may be shared with them, that stand elsewhere.
NO_MEDICINES_SHARED = _l("%(who)s opened the page of your medicines. None were shared with them.")
NO_SKILLS_SHARED = _l("%(who)s opened the page of your exercises. None were shared with them.")
ONLY_THEIR_LESSONS = _l("%(who)s opened the page of lessons that were given to you. It showed those from them.")
NO_EFFECTS_SHARED = _l("%(who)s opened the page of your side effects. None were shared with them.")
# Whoever you meet sees your visits with them, whatever is shared.
ONLY_THEIR_APPOINTMENTS = _l("%(who)s opened the page of your visits. It showed your visits with them.")
_WITHOUT = {
    AccessKind.DETAIL: NOTHING_SHARED,
    AccessKind.MEDICINES: NO_MEDICINES_SHARED,
    AccessKind.APPOINTMENTS: ONLY_THEIR_APPOINTMENTS,
    AccessKind.EFFECTS: NO_EFFECTS_SHARED,
    AccessKind.SKILLS: NO_SKILLS_SHARED,
    AccessKind.LESSONS: ONLY_THEIR_LESSONS,
}


@dataclass(frozen=True, slots=True)
class Card:
    """One recipient as the patient's page shows them; `consent` is None where nothing was agreed.

    `still_there` is False for somebody who left the team or whose support ended: a consent for them opens nothing now.
    """

    key: str
    title: str
    people: tuple[str, ...]
    still_there: bool
    consent: ConsentSummary | None
    support: SupportRow | None
    words: tuple[str, ...]
    closed: tuple[str, ...]
    until: str
    # Members of the team who cannot read yet, since their names were not shown.
    waiting: tuple[str, ...] = ()

    @property
    def anchor(self) -> str:
        """The place of this card on its page."""
        return anchor(self.key)

    @property
    def names(self) -> tuple[str, ...]:
        """What is agreed on, without how much of it."""
        return tuple(str(CATEGORY_NAMES[category]) for category, _ in self.consent.grants) if self.consent else ()

    @property
    def is_paused(self) -> bool:
        """Whether it can be resumed."""
        return self.still_there and self.consent is not None and self.consent.paused

    @property
    def shares(self) -> bool:
        """Whether anything is open now."""
        return self.still_there and self.consent is not None and not self.consent.paused


@dataclass(frozen=True, slots=True)
class NewMember:
    """Somebody on the team whose name the patient was not shown yet; `reads_from` is by the patient's wall clock.

    `shared` says whether anything is shared with that discipline now.
    """

    membership_id: uuid.UUID
    name: str
    discipline: Discipline
    reads_from: datetime | None
    reads_already: bool
    shared: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Who sees what now, and what waits for an answer."""

    cards: tuple[Card, ...]
    new_members: tuple[NewMember, ...]
    to_confirm: tuple[SupportRow, ...]
    invited: tuple[SupportRow, ...]
    # Who is told when it gets quiet.
    told: tuple[str, ...] = ()

    @property
    def shares_anything(self) -> bool:
        """Whether there is something to pause."""
        return bool(self.told) or any(card.consent is not None and not card.consent.paused for card in self.cards)

    @property
    def all_paused(self) -> bool:
        """Whether everything that was agreed is paused, so that it can be resumed at once."""
        return not self.shares_anything and any(card.is_paused for card in self.cards)


@dataclass(frozen=True, slots=True)
class JustDone:
    """What the patient did a moment ago, told at the card it was done to; `undo` is what resumes it, if anything."""

    key: str
    text: str
    undo: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class SignedCopy:
    """A consent as it was signed; `language` is that of its words."""

    text: str
    language: str
    signature: str
    signed_at: datetime
    form_version: str
    state: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened, in plain words, by the patient's wall clock; `days` says which days were read."""

    at: datetime
    text: str
    days: str


def wall_clock(at: datetime, zone: str) -> datetime:
    """Return a moment as the (naive) wall clock of a zone shows it."""
    return at.astimezone(clock.find_zone(zone) or UTC).replace(tzinfo=None)


# --- Who sees what ----------------------------------------------------------------------------------------------------


def overview(patient: Viewer, *, asks_about_use: bool) -> Overview:
    """Return everything that the page about sharing shows.

    For whom alcohol and drugs play no part it does not name them as what nobody sees.
    """
    supporters = people.supporters_of(patient)
    new = teams.count_as_notice(patient.id, teams.new_members_for(patient.id))  # The page names them all.
    waiting = {
        discipline: tuple(member.name for member in new if member.discipline == discipline and not member.reads)
        for discipline in {member.discipline for member in new}
    }
    cards = tuple(_cards(patient, supporters, waiting))
    if not asks_about_use:
        use = str(CATEGORY_NAMES[Category.SUBSTANCE_USE])
        cards = tuple(replace(card, closed=tuple(word for word in card.closed if word != use)) for card in cards)
    shared = {card.consent.recipient.discipline for card in cards if card.consent is not None and card.shares}
    return Overview(
        cards=cards,
        new_members=tuple(_new_member(patient, member, shared=member.discipline in shared) for member in new),
        to_confirm=tuple(row for row in supporters if row.state is SupportState.ACCEPTED),
        invited=tuple(row for row in supporters if row.state is SupportState.INVITED),
        told=follow_up.names_told(patient),
    )


def _cards(
    patient: Viewer, supporters: Sequence[SupportRow], waiting: Mapping[Discipline, tuple[str, ...]]
) -> Iterable[Card]:
    live = {summary.recipient.key: summary for summary in consents.own_consents(patient)}
    ties = {f"person:{row.supporter_id}": row for row in supporters if row.state is SupportState.CONFIRMED}
    for recipient in consents.recipients(patient):
        card = _card(patient, recipient, live.pop(recipient.key, None), ties.get(recipient.key))
        yield card if recipient.discipline is None else replace(card, waiting=waiting.get(recipient.discipline, ()))
    for summary in live.values():  # Never hidden from the patient, though nobody can use them now.
        yield _card(patient, summary.recipient, summary, None, still_there=False)


def paused_cards(patient: Viewer, consent_id: uuid.UUID | None = None) -> list[Card]:
    """Return what is paused: one consent of the patient's own, or all of them. Raise `NotFound` for another's."""
    if consent_id is not None:
        consents.own_consent(patient, consent_id)
    supporters = people.supporters_of(patient)
    paused = [card for card in _cards(patient, supporters, {}) if card.consent is not None and card.consent.paused]
    return [card for card in paused if consent_id is None or (card.consent and card.consent.id == consent_id)]


def _card(
    patient: Viewer,
    recipient: Recipient,
    consent: ConsentSummary | None,
    support: SupportRow | None,
    *,
    still_there: bool = True,
) -> Card:
    open_now = {category for category, _ in consent.grants} if consent else set()
    return Card(
        key=recipient.key,
        title=recipient.title,
        people=(support.introduced,) if support and support.introduced else recipient.introduced,
        still_there=still_there,
        consent=consent,
        support=support,
        words=tuple(category_words(consent.grants)) if consent else (),
        closed=tuple(str(CATEGORY_NAMES[category]) for category in recipient.offered if category not in open_now),
        until=_until(consent, patient.zone) if consent else "",
    )


def _until(consent: ConsentSummary, zone: str) -> str:
    since = (
        gettext("Also what you wrote before.")
        if consent.entries_from is None
        else gettext("From %(day)s on.", day=_day(consent))
    )
    until = (
        gettext("Open until you end it.")
        if consent.ends_at is None
        else gettext("Until %(day)s.", day=last_day_words(consent.ends_at, zone))
    )
    return f"{since} {until}"


def _day(consent: ConsentSummary) -> str:
    return day_words(consent.entries_from) if consent.entries_from else ""


def _new_member(patient: Viewer, member: teams.TeamMember, *, shared: bool) -> NewMember:
    return NewMember(
        membership_id=member.membership_id,
        name=member.introduced,
        discipline=member.discipline,
        reads_from=None if member.reads_from is None else wall_clock(member.reads_from, patient.zone),
        reads_already=member.reads,
        shared=shared,
    )


def anchor(key: str) -> str:
    """Return the place on the page of the recipient of that key."""
    return f"to-{key.replace(':', '-')}"


def anchor_of(patient: Viewer, consent_id: uuid.UUID) -> str:
    """Return the place on the page of the recipient of one of the patient's own consents; raise `NotFound`."""
    return anchor(consents.signed_for(consents.own_consent(patient, consent_id)).key)


_DONE: dict[str, tuple[ConsentState, LazyString]] = {
    "paused": (
        ConsentState.PAUSED,
        _l("%(who)s sees nothing from now on. They get no message. They can see that nothing is shared now."),
    ),
    "resumed": (ConsentState.ACTIVE, _l("%(who)s can see it again: %(what)s.")),
    "ended": (
        ConsentState.REVOKED,
        _l("Ended. %(who)s sees nothing from now on. They get no message. They can see that nothing is shared now."),
    ),
}


def just_done(patient: Viewer, word: str | None, consent_id: uuid.UUID | None) -> JustDone | None:
    """Return what to say after pausing, resuming or ending a consent; None where that is not how it stands."""
    state, words = _DONE.get(word or "", (None, None))
    if state is None or consent_id is None:
        return None
    try:
        consent = consents.own_consent(patient, consent_id)
    except NotFound:
        return None
    if consent.state != state:
        return None
    recipient = consents.signed_for(consent)
    levels = {grant.category: grant.level for grant in consent.grants}
    what = ", ".join(category_words((one, levels[one]) for one in Category if one in levels))
    undo = consent_id if state is ConsentState.PAUSED else None
    return JustDone(recipient.key, str(words) % {"who": recipient.title, "what": what}, undo)


def name_of_tie(patient: Viewer, link_id: uuid.UUID | None) -> str | None:
    """Return the patient's own word for a supporter of theirs, also once the tie has ended; None for anything else."""
    tie = None if link_id is None else db().get(SupportLink, link_id)
    return tie.name if tie is not None and tie.patient_id == patient.id else None


def cannot_read_yet(patient: Viewer, recipient: Recipient) -> tuple[str, ...]:
    """Return the members of the team whom a recipient stands for and who do not read yet."""
    if recipient.discipline is None:
        return ()
    team = teams.team_of(patient.id)
    return tuple(one.name for one in team if one.discipline == recipient.discipline and not one.reads)


def confirm_supporter(patient: Viewer, link_id: uuid.UUID) -> None:
    """Confirm that the person who accepted is whom the patient meant; raise `NotFound`. They begin with nothing.

    What was agreed for the same person before the tie ended does not come back by that.
    """
    was = own_supporter(patient, link_id).state
    tie = people.confirm_supporter(patient, link_id)
    if was is not SupportState.CONFIRMED:
        _end_consents_for(patient, tie.supporter_id)


@dataclass(frozen=True, slots=True)
class Picture:
    """By whom a patient looks at what a recipient sees.

    `reader` is one person where one is meant, so that what is for them by name is there too; `others` are the people
    whose own pictures can be looked at instead, as (id, name).
    """

    reader: Reader
    name: str
    others: tuple[tuple[uuid.UUID, str], ...]


def picture_of(patient: Viewer, recipient: Recipient, named: str | None = None) -> Picture:
    """Return the reader by whom a patient sees what a recipient sees; raise `NotFound` for a name that is none of them.

    Behind a discipline one of its people can be named; where there is only one, it is them.
    """
    people = dict(zip(recipient.ids, recipient.introduced, strict=True)) if recipient.discipline else {}
    meant = next(iter(people)) if len(people) == 1 else None
    if named is not None:
        meant = parse_id(named)
        if meant not in people:
            raise NotFound
    role = Role.SUPPORTER if recipient.person_id else Role.CLINICIAN
    reader = Reader(recipient.person_id or meant, patient.practice_id, role, recipient.discipline, patient.id)
    others = tuple((one, name) for one, name in people.items() if one != meant)
    return Picture(reader, people[meant] if meant else "", others)


def end_support(patient: Viewer, link_id: uuid.UUID) -> None:
    """End the tie to a supporter, or take an invitation back, and every consent that names this supporter.

    Raise `NotFound` for anything but the patient's own. A supporter who is invited again later starts with nothing.
    """
    _end_consents_for(patient, people.end_support(patient, link_id).supporter_id)


def _end_consents_for(patient: Viewer, supporter_id: uuid.UUID | None) -> None:
    given = [(one.recipient, one.id) for one in consents.own_consents(patient)]
    given += [(one.recipient, one.id) for one in telling.own_tellings(patient)]
    for recipient, consent_id in given:
        if supporter_id is not None and recipient.person_id == supporter_id:
            consents.end_consent(patient, consent_id)


def own_supporter(patient: Viewer, link_id: uuid.UUID) -> SupportRow:
    """Return one of the patient's supporters or open invitations; raise `NotFound`."""
    found = next((row for row in people.supporters_of(patient) if row.link_id == link_id), None)
    if found is None:
        raise NotFound
    return found


def signed_copy(patient: Viewer, consent_id: uuid.UUID) -> SignedCopy:
    """Return the words that the patient signed; raise `NotFound` for anything but their own."""
    signed = consents.own_consent(patient, consent_id)
    return SignedCopy(
        text=signed.form_text or "",
        language=signed.language,
        signature=signed.signature or "",
        signed_at=wall_clock(signed.signed_at, patient.zone),
        form_version=signed.form_version,
        state=_state_words(ConsentState(signed.state), signed.ends_at),
    )


def _state_words(state: ConsentState, ends_at: datetime | None) -> str:
    if state is ConsentState.REVOKED:
        return gettext("Ended")
    if state is ConsentState.EXPIRED or (ends_at is not None and ends_at <= clock.now()):
        return gettext("Its time is over")
    return gettext("Paused") if state is ConsentState.PAUSED else gettext("It holds")


# --- Who has looked ---------------------------------------------------------------------------------------------------


def who_looked(patient: Viewer, before: int | None = None) -> tuple[list[LogLine], int | None]:
    """Return what others did, newest first, and the number by which to ask for what came earlier, if anything did."""
    query = select(AccessRecord).where(AccessRecord.patient_id == patient.id).order_by(AccessRecord.seq.desc())
    if before is not None and before < LARGEST_SEQ:
        query = query.where(AccessRecord.seq < max(before, 0))
    records = list(db().scalars(query.limit(LOG_LINES + 1)))
    earlier = records[LOG_LINES - 1].seq if len(records) > LOG_LINES else None
    records = records[:LOG_LINES]
    names = _names({record.viewer_id for record in records})
    together = groupby(records, key=lambda record: (record.recorded_at, record.viewer_id, record.kind))
    return [_line(patient, list(same), names) for _, same in together], earlier


def _names(ids: set[uuid.UUID]) -> dict[uuid.UUID, Person]:
    there = ids - vault().preload(ids)
    return {person.id: person for person in db().scalars(select(Person).where(Person.id.in_(there)))}


def _line(patient: Viewer, same: Sequence[AccessRecord], names: dict[uuid.UUID, Person]) -> LogLine:
    """Put the records of one reading (one for each consent it relied on) into one line."""
    first = same[0]
    read = {category for record in same for category in record.categories}
    what = [str(CATEGORY_NAMES[category]).lower() for category in Category if category in read]
    return LogLine(
        at=wall_clock(first.recorded_at, patient.zone),
        text=_sentence(AccessKind(first.kind), _who(first, names.get(first.viewer_id)), what),
        days=_days_read(first) if what or first.kind in WITH_DAYS else "",
    )


def _who(record: AccessRecord, person: Person | None) -> str:
    discipline = record.viewer_role if record.viewer_role in set(Discipline) else person and person.discipline
    if discipline:
        work = str(DISCIPLINE_NAMES[Discipline(discipline)])
    else:
        work = gettext("your supporter") if record.viewer_role == Role.SUPPORTER else gettext("administrator")
    # As the account has it, since this is a record; with the name that the patient knows from every other page.
    name = with_called(person.name or "", person.called) if person else gettext("Somebody whose account is gone")
    return gettext("%(name)s, %(work)s,", name=name, work=work)


def _sentence(kind: AccessKind, who: str, what: Sequence[str]) -> str:
    words = SENTENCES[kind] if what else _WITHOUT.get(kind, SENTENCES[kind])
    return str(words) % {"who": who, "what": _and(what)}


def _and(what: Sequence[str]) -> str:
    return str(format_list(list(what), locale=get_locale() or "en"))


def _days_read(record: AccessRecord) -> str:
    if record.from_day is None or record.to_day is None:
        return ""
    return gettext("Days: %(first)s to %(last)s", first=day_words(record.from_day), last=day_words(record.to_day))
