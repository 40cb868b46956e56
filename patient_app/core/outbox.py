"""Forms that a phone may send later: what was written without a network, and came in when there was one again.

A feature registers the endpoint that a form posts to, with what takes such an item (`register`); `offline` receives
items, opens them, and calls it. The rules that hold for every item are here:

* An item has an id that is made on the phone. It may come any number of times, also at once, and is stored once; so
  whatever takes it must know it again, and gives the same address each time.
* Its time is the phone's (`made_at`), in the zone the phone was in. It never expires.
* A clock that is wrong by more than `SKEW_NOTICED` is kept beside the entry and shown, never corrected. One that is
  wrong by more than `SKEW_TAKEN` is refused, unless the item was stored already.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from patient_app.core import clock
from patient_app.core.access import PERMITTED, policy_of
from patient_app.core.clock import Moment
from patient_app.core.forms import Form
from patient_app.core.identity import Viewer
from patient_app.core.roles import Role
from patient_app.core.work import Store

SKEW_NOTICED = timedelta(minutes=5)
SKEW_TAKEN = timedelta(days=1)
# Nothing can have been written before there was this application: a clock that says so lost its time.
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)

_CLOCK = _l("The time on your phone looks wrong. What you wrote stays on your phone. Set the time, then send it again.")
_ID = _l("This could not be saved as it is. It stays on your phone. Please send it again.")


class Refused(Exception):
    """What was sent cannot be stored as it is; `errors` says why, beside the fields, in the person's language.

    Final until the person changes something: the phone keeps it, and does not try by itself.
    """

    def __init__(self, errors: Iterable[tuple[str, LazyString | str]]) -> None:
        super().__init__()
        self.errors = [(field, str(message)) for field, message in errors]

    @classmethod
    def by(cls, form: Form) -> Refused:
        """Return what a form says that was found wrong."""
        return cls((field, message) for field, messages in form.errors.items() for message in messages)


def id_cannot_be_used() -> Refused:
    """Return the one refusal for an id that is somebody else's, of something that was deleted, or used before."""
    return Refused([("id", _ID)])


@dataclass(frozen=True, slots=True)
class Made:
    """When and where something was written, by the phone's clock; and how wrong that was when it was sent."""

    made_at: datetime
    sent_at: datetime
    received_at: datetime
    zone: str
    offset: int
    device: uuid.UUID
    device_seq: int

    @property
    def ahead(self) -> timedelta:
        """How far the phone's clock is ahead of ours; behind, when it is less than nothing.

        Where it was put back between writing and sending, what was written says more than what was sent: nothing is
        written later than it is received.
        """
        return max(self.sent_at, self.made_at) - self.received_at

    @property
    def really_at(self) -> datetime:
        """When it was written by our clock, as far as is known: the phone's own time, put right by `ahead`.

        For what has to be in time, never for what an entry says of itself.
        """
        return self.made_at - self.ahead

    @property
    def skew_seconds(self) -> int | None:
        """What is kept of `ahead`; None for a clock that is right enough."""
        return int(self.ahead.total_seconds()) if abs(self.ahead) > SKEW_NOTICED else None

    @property
    def clock_is_wrong(self) -> bool:
        """Whether the clock is too wrong to take its word for when something was."""
        return abs(self.ahead) > SKEW_TAKEN or self.made_at < EARLIEST


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waited on a phone: its id, the fields of the form in their order, and when it was made.

    The field `id` of the form is always the item's own.
    """

    id: uuid.UUID
    fields: MultiDict[str, str]
    made: Made

    def moment(self, patient: Viewer) -> Moment:
        """Return when it was made, as it was for the person; raise `Refused` when the phone's clock is too wrong.

        What knows the item already gives its answer without asking for this: then the clock does not matter.
        """
        self.check_clock()
        made = self.made
        return clock.moment(made.made_at, made.zone, patient.day_start_minutes, offset=made.offset)

    def check_clock(self) -> None:
        """Raise `Refused` when the phone's clock is too wrong."""
        if self.made.clock_is_wrong:
            raise Refused([("", _CLOCK)])


@dataclass(frozen=True, slots=True)
class SaidAt:
    """When something was said that replaces what was said before, and by which item of a phone, if by one.

    For what has a last word and no versions: what was written later holds, in whatever order it arrives.
    """

    at: datetime
    item: uuid.UUID | None = None

    @classmethod
    def now(cls) -> SaidAt:
        """Return this moment, for what is said by a form."""
        return cls(clock.now())

    @classmethod
    def by(cls, item: Item) -> SaidAt:
        """Return when an item was written; raise `Refused` when the phone's clock is too wrong."""
        item.check_clock()
        return cls(item.made.really_at, item.id)

    def is_news_to(self, at: datetime | None, item: uuid.UUID | None) -> bool:
        """Whether it is to replace what was last said then, by that item: not where it is that, or is older."""
        if self.item is not None and self.item == item:
            return False
        return at is None or self.at >= at


# Takes the items of one form: gets who sent it, the item, and by name what stands in the form's address. Stores it once
# and returns the address of the page that tells of it, or raises `Refused`. The unit of work is a writing one.
Taking = Callable[..., str]

_TAKING: dict[str, Taking] = {}


def register(endpoint: str, taking: Taking) -> None:
    """Let the form that posts to this endpoint be sent later: `register("checkins.save_check_in", take_check_in)`.

    Its form is made from the item's fields (`formdata=item.fields`), never from the request, and the feature's own
    service stores it. The endpoint is one for patients that asks for no recent password; `check_registered` says so.
    """
    _TAKING[endpoint] = taking


def taking_of(endpoint: str) -> Taking | None:
    """Return what takes the items of a form; None when it may not be sent later."""
    return _TAKING.get(endpoint)


# Hears, with the store and the tag of a person, that entries of theirs wait on a phone and were not taken.
Waiting = Callable[[Store, str], None]

_HEARING: list[Waiting] = []


def on_waiting(hear: Waiting) -> None:
    """Have a function called when a phone sent what was not taken; it opens units of work of its own."""
    if hear not in _HEARING:
        _HEARING.append(hear)


def say_waiting(store: Store, tag: str) -> None:
    """Say that entries of a person wait. Called when the request's own unit of work has ended."""
    for hear in _HEARING:
        hear(store, tag)


def check_registered(app: Flask) -> None:
    """Raise if a registered endpoint is none that items may come to. Called when the application is made."""
    posted = {rule.endpoint for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    wrong = []
    for endpoint in _TAKING:
        policy = policy_of(app, endpoint)
        fits = policy is not None and Role.PATIENT in PERMITTED[policy.permission] and not policy.step_up
        if endpoint not in posted or not fits:
            wrong.append(endpoint)
    if wrong:
        raise RuntimeError(f"No forms that a patient may send later: {sorted(wrong)}")
