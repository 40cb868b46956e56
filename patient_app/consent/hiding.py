"""Keeping an entry to oneself, taking it away, and opening it again: the same for every kind of entry.

What was hidden is kept with the entry, as between which `recorded_seq` nobody else could see it: so a receipt names
nobody who looked meanwhile (`receipts.Hidden`).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Protocol

from patient_app.accounts.entry_order import next_entry_seq
from patient_app.consent.receipts import Hidden
from patient_app.core import clock


class Hideable(Protocol):
    """A row that its owner can keep to themselves, or take away."""

    @property
    def patient_id(self) -> Any:
        """Whose it is."""

    private: Any
    removed_at: Any
    hidden: Any


def at_first(seq: int, *, private: bool) -> list[list[Any]]:
    """Return what stands in `hidden` of an entry that is new."""
    return [[seq, None, None]] if private else []


def hide_or_open(entry: Hideable, *, private: bool, removed_at: datetime | None) -> int | None:
    """Let nobody else see an entry, or let consents open it again, and keep between which numbers that was.

    Return the `recorded_seq` under which it is open again; None where it was hidden, or nothing changed. Needs a
    writing unit.
    """
    patient_id: uuid.UUID = entry.patient_id
    was_hidden, is_hidden = entry.private or entry.removed_at is not None, private or removed_at is not None
    entry.private, entry.removed_at = private, removed_at
    if was_hidden == is_hidden:
        return None
    seq = next_entry_seq(patient_id)
    if is_hidden:
        entry.hidden = [*entry.hidden, [seq, None, None]]
        return None
    ended = [seq, clock.now().date().isoformat()]
    entry.hidden = [[first, *(ended if until is None else (until, on))] for first, until, on in entry.hidden]
    return seq


def times(kept: Iterable[Iterable[Any]] | None) -> list[Hidden]:
    """Return what stands in `hidden` as receipts ask for it."""
    return [Hidden(first, until, on and date.fromisoformat(on)) for first, until, on in kept or ()]
