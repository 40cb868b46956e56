"""The seal of a consent: what was signed, under a key that is not in the main database.

Who can write to the main database alone cannot widen a consent, point it at somebody else or make one up: the seal
would not fit, and what does not fit opens nothing. The state is not under it, since a pause is taken back; `verify`
checks that it follows from the last event.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import select

from patient_app.consent.form_text import digest
from patient_app.consent.models import Consent, ConsentCategory, ConsentEvent, ConsentState
from patient_app.core.work import Store, db, vault

PURPOSE = "consents"
# What the seal covers, beside the categories with their levels.
FACTS = (
    Consent.id,
    Consent.practice_id,
    Consent.patient_id,
    Consent.recipient_id,
    Consent.discipline,
    Consent.starts_at,
    Consent.ends_at,
    Consent.entries_from,
)
# What happened last to a consent, by its state.
LAST_EVENTS = {
    ConsentState.ACTIVE: {"given", "resumed"},
    ConsentState.PAUSED: {"paused"},
    ConsentState.EXPIRED: {"expired"},
    ConsentState.REVOKED: {"ended", "replaced"},
}


def seal(consent: Consent) -> None:
    """Seal a consent as it stands, its categories included; done once, when it is given."""
    facts = [getattr(consent, column.key) for column in FACTS]
    scope = [f"{grant.category}:{grant.level}" for grant in consent.grants]
    consent.seal = _seal_of(facts, [*scope, *telling(consent.tells_after)])


def telling(days: int | None) -> list[str]:
    """Return what the scope of a consent that lets somebody be told holds; nothing for one that opens categories."""
    return [] if days is None else [f"no_check_in:{days}"]


def is_whole(facts: Sequence[object], scope: Iterable[str], kept: bytes | None) -> bool:
    """Whether a row of `FACTS` and its scope ("mood:detail") are what was sealed; without a seal nothing is."""
    return kept is not None and hmac.compare_digest(_seal_of(facts, scope), bytes(kept))


def key_id() -> uuid.UUID:
    """Return the id of the key that seals consents."""
    return vault().system_key().id


def _seal_of(facts: Sequence[object], scope: Iterable[str]) -> bytes:
    sealed = json.dumps([[_plain(fact) for fact in facts], sorted(scope)], separators=(",", ":"))
    return vault().keyed_hash(PURPOSE, sealed.encode())


def _plain(fact: object) -> str | None:
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat()
    return None if fact is None else str(fact)


def seal_all(store: Store) -> int:
    """Seal the consents that were given before there were seals, and return how many: once, as migration 0005 ends.

    The hash of their words was one without a key until then; it is made anew.
    """
    with store.work(writes=True):
        bare = db().scalars(select(Consent).where(Consent.seal.is_(None))).all()
        for consent in bare:
            consent.form_digest = digest(consent.form_text or "")
            seal(consent)
    return len(bare)


def verify(store: Store) -> list[str]:
    """Return a plain sentence, with ids only, for each consent that is not as it was given, paused or ended."""
    with store.work(writes=False):
        scopes: dict[uuid.UUID, list[str]] = {}
        for consent_id, category, level in db().execute(
            select(ConsentCategory.consent_id, ConsentCategory.category, ConsentCategory.level)
        ):
            scopes.setdefault(consent_id, []).append(f"{category}:{level}")
        events = select(ConsentEvent).order_by(ConsentEvent.happened_at, ConsentEvent.id)
        last = {event.consent_id: event.event for event in db().scalars(events)}
        faults = []
        columns = (*FACTS, Consent.tells_after, Consent.seal, Consent.state)
        for *facts, days, kept, state in db().execute(select(*columns).order_by(Consent.id)):
            about = f"Patient {facts[2]}: consent {facts[0]}"
            if not is_whole(facts, [*scopes.get(facts[0], ()), *telling(days)], kept):
                faults.append(f"{about} is not as it was signed.")
            if last.get(facts[0]) not in LAST_EVENTS.get(ConsentState(state), set()):
                faults.append(f"{about} is {state}, which is not what happened to it last.")
    return faults
