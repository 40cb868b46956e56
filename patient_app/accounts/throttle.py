"""Slows down guessing, by rows in the database, so that it holds in every process. Nobody is ever locked out for good.

A try is counted and committed before the password is looked at: guesses sent at the same time cannot slip through.
A stranger who guesses for hours must slow down themselves, not the owner. So

* tries with a name are counted by the network they come from: only there does each one wait longer and longer;
* a device that signed in to the account before is counted by itself, and is not slowed by its network;
* what many share (an account from all networks, a network with all names) is counted with a wide limit, and above it a
  share of the tries, drawn by lot, is still looked at: whoever takes every free moment cannot keep others out for sure;
* signing in, joining and asking for a new password have counts of their own.

Buckets are keyed hashes: the table tells nobody who tried what.
"""

from __future__ import annotations

import ipaddress
import math
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from patient_app.accounts.models import Throttle
from patient_app.core import clock, work
from patient_app.core.work import db, unit, vault

FORGOTTEN_AFTER = timedelta(hours=1)
_DOUBLINGS = 20  # More would only make large numbers: every limit is reached by then.
_TRY_AGAIN_AFTER = 5  # What is said to whoever was not drawn; their next try may be.


class TooManyTries(Exception):
    """Too many tries; the next one is looked at after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Limit:
    """Some tries are free, then each waits twice as long as the one before, up to `longest` seconds.

    A `shared` limit has several people behind it: above it one in `one_in` tries is looked at, and a success forgives
    no more than the try itself.
    """

    free: int
    longest: int
    one_in: int = 1

    @property
    def shared(self) -> bool:
        """Whether several people may stand behind it."""
        return self.one_in > 1


OWN = Limit(free=5, longest=900)
ACCOUNT = Limit(free=20, longest=4, one_in=8)
NETWORK = Limit(free=60, longest=1, one_in=4)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where tries are counted, and how many are too many."""

    key: bytes
    limit: Limit = OWN

    def wait_after(self, tries: int) -> timedelta:
        """Return how long to wait after so many tries until the next."""
        over = tries - self.limit.free
        return timedelta() if over < 0 else timedelta(seconds=min(2 ** min(over, _DOUBLINGS), self.limit.longest))


class Kind(StrEnum):
    """What is tried; each has counts of its own in a network."""

    SIGN_IN = "sign in"
    JOIN = "join"
    FORGOT = "forgot"


def sign_in_buckets(sign_in_index: bytes, network: str, known_device: str | None) -> list[Bucket]:
    """Return where a try with a sign-in name is counted; `known_device` is the token of a device known to the account.

    A known device is not slowed by its network either: the stranger may be in the next room. Known devices of one
    account have a count together too, since one of them may be in the wrong hands.
    """
    if known_device is not None:
        return [
            _bucket(b"device", sign_in_index, known_device.encode()),
            _bucket(b"devices", sign_in_index, of=ACCOUNT),
        ]
    return [
        _bucket(b"account", sign_in_index, network_of(network).encode()),
        _bucket(b"account", sign_in_index, of=ACCOUNT),
        network_bucket(Kind.SIGN_IN, network),
    ]


def code_bucket(person_id: uuid.UUID, known_device: str | None) -> Bucket:
    """Return where tries with a code of the second factor are counted."""
    return _bucket(b"second factor", person_id.bytes, (known_device or "").encode())


def link_bucket(token: str) -> Bucket:
    """Return where tries with the link of an invitation are counted."""
    return _bucket(b"link", token.encode("utf-8", "surrogatepass"))


def network_bucket(kind: Kind, address: str) -> Bucket:
    """Return where tries of a network are counted, in each hour anew."""
    hour = int(clock.now().timestamp()) // int(FORGOTTEN_AFTER.total_seconds())
    return _bucket(b"network", kind.encode(), network_of(address).encode(), str(hour).encode(), of=NETWORK)


def network_of(address: str) -> str:
    """Return the network of an address: /24 of IPv4, /64 of IPv6, which is what one customer of a provider has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    bits = 24 if isinstance(parsed, ipaddress.IPv4Address) else 64
    return str(ipaddress.ip_network((parsed, bits), strict=False))


def _bucket(*parts: bytes, of: Limit = OWN) -> Bucket:
    return Bucket(vault().keyed_hash("throttle", b"\x00".join(parts)), of)


def reserve(buckets: Sequence[Bucket]) -> int:
    """Count a try in all buckets and return 0; or count nothing and return the seconds to wait.

    Commits in a transaction of its own: call it before the unit of work was used.
    """
    moment = clock.now()
    with work.reading() as session:  # Refusals, which a flood is made of, take no writer lock.
        rows = _rows(session, buckets)
        wait = _wait(buckets, rows, moment) or _drawn(buckets, rows, moment)
    if wait:
        return wait
    with unit().store.work(writes=True):
        for bucket in sorted(buckets, key=lambda each: each.key):  # In one order, so that nobody waits in a circle.
            _make_row(db(), bucket, moment)
        rows = _rows(db(), buckets, lock=True)
        wait = _wait(buckets, rows, moment)
        if not wait:
            for row in rows.values():
                row.tries = _counted(row, moment) + 1
                row.last_at = max(row.last_at, moment)
    return wait


def reserve_or_refuse(buckets: Sequence[Bucket]) -> None:
    """Count a try; raise `TooManyTries` when it has to wait."""
    wait = reserve(buckets)
    if wait:
        raise TooManyTries(wait)


def forget(buckets: Sequence[Bucket]) -> None:
    """Forgive, in this unit of work, after a success: all tries of an account or device, this one of a network."""
    own = [bucket.key for bucket in buckets if not bucket.limit.shared]
    shared = [bucket.key for bucket in buckets if bucket.limit.shared]
    if own:
        db().execute(delete(Throttle).where(Throttle.bucket.in_(own)))
    if shared:
        change = update(Throttle).where(Throttle.bucket.in_(shared), Throttle.tries > 0)
        db().execute(change.values(tries=Throttle.tries - 1))


def prune() -> int:
    """Remove what is forgotten; return how many rows."""
    result = db().execute(delete(Throttle).where(Throttle.last_at < clock.now() - FORGOTTEN_AFTER))
    assert isinstance(result, CursorResult)  # noqa: S101 - narrows the type that `execute` declares.
    return int(result.rowcount)


def _make_row(session: Session, bucket: Bucket, moment: datetime) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = insert(Throttle).values(bucket=bucket.key, tries=0, last_at=moment)
    session.execute(row.on_conflict_do_nothing())


def _rows(session: Session, buckets: Sequence[Bucket], *, lock: bool = False) -> dict[bytes, Throttle]:
    query = select(Throttle).where(Throttle.bucket.in_([bucket.key for bucket in buckets])).order_by(Throttle.bucket)
    if lock:
        query = query.with_for_update()
    return {row.bucket: row for row in session.scalars(query)}


def _counted(row: Throttle, moment: datetime) -> int:
    return 0 if moment - row.last_at > FORGOTTEN_AFTER else row.tries


def _wait(buckets: Sequence[Bucket], rows: dict[bytes, Throttle], moment: datetime) -> int:
    """Return the longest wait that any bucket asks for, in whole seconds."""
    longest = 0.0
    for bucket in buckets:
        row = rows.get(bucket.key)
        pause = bucket.wait_after(_counted(row, moment)) if row is not None else timedelta()
        if row is not None and pause:  # Without a pause, a try of the same moment that was counted first asks for none.
            longest = max(longest, (row.last_at + pause - moment).total_seconds())
    return math.ceil(longest)


def _drawn(buckets: Sequence[Bucket], rows: dict[bytes, Throttle], moment: datetime) -> int:
    """Draw a lot for each shared bucket that is over its limit; return 0, or the seconds to name to whoever lost."""
    for bucket in buckets:
        row = rows.get(bucket.key)
        over = row is not None and _counted(row, moment) >= bucket.limit.free
        if over and secrets.randbelow(bucket.limit.one_in):
            return _TRY_AGAIN_AFTER
    return 0
