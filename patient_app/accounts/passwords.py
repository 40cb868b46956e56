"""Passwords: what may become one, how it is kept, and a check that takes as long for nobody as for somebody."""

from __future__ import annotations

import gzip
import threading
import unicodedata
from functools import lru_cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.core.config import Argon2Cost
from patient_app.core.roles import Role
from patient_app.core.work import config

SHORTEST_STAFF = 12
SHORTEST = 10
LONGEST = 256
FEWEST_SIGNS = 3
COMMON = Path(__file__).resolve().parents[1] / "content" / "common-passwords.txt.gz"

# Each hash takes 64 MiB for a fifth of a second: a few at a time, so that a flood of tries cannot take all memory.
_ROOM = threading.BoundedSemaphore(4)


class PasswordRefused(Exception):
    """A new password is too short, too long or too common; `message` says what to do."""

    def __init__(self, message: LazyString) -> None:
        super().__init__()
        self.message = message


def shortest(role: Role) -> int:
    """Return how many letters a new password needs at least."""
    return SHORTEST_STAFF if role.is_staff else SHORTEST


def check_new_password(text: str, role: Role) -> None:
    """Raise `PasswordRefused` unless the text may become a password. Any letters and spaces will do."""
    least = shortest(Role(role))
    if len(text) < least:
        raise PasswordRefused(_l("Use %(least)s letters or more. A few words in a row work well.", least=least))
    if len(text) > LONGEST:
        raise PasswordRefused(_l("Use %(most)s letters or fewer.", most=LONGEST))
    if _tidy(text).casefold().strip() in common_passwords():
        raise PasswordRefused(_l("Many people use this password, so it is easy to guess. Choose another one."))
    if len(set(text)) < FEWEST_SIGNS:
        raise PasswordRefused(_l("This repeats the same letters, so it is easy to guess. Choose another one."))


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the passwords that are tried first by those who guess, in small letters; read at first use."""
    with gzip.open(COMMON, "rt", encoding="utf-8") as lines:
        return frozenset(word for line in lines if (word := line.rstrip("\n").casefold()))


def hash_password(text: str) -> str:
    """Return the Argon2id hash to keep. Slow by design: call it before the unit of work takes the writer lock."""
    with _ROOM:
        return _hasher(config().argon2).hash(_tidy(text))


def verify_password(kept: str | None, text: str) -> bool:
    """Whether the text is the password. Takes the same time when there is no password to compare with."""
    cost = config().argon2
    stand_in = _stand_in(cost)
    with _ROOM:
        try:
            _hasher(cost).verify(kept or stand_in, _tidy(text))
        except (Argon2Error, InvalidHashError):
            return False
    return kept is not None


def is_same(one: str, other: str) -> bool:
    """Whether two texts are one password."""
    return _tidy(one) == _tidy(other)


def needs_new_hash(kept: str | None) -> bool:
    """Whether a hash was made at another cost than today's."""
    return kept is not None and _hasher(config().argon2).check_needs_rehash(kept)


def _tidy(text: str) -> str:
    """Bring the spellings that keyboards differ in to one (é as one sign or as two); drop what is no letter at all."""
    return unicodedata.normalize("NFKC", text).encode("utf-8", "ignore").decode()


@lru_cache(maxsize=4)
def _hasher(cost: Argon2Cost) -> PasswordHasher:
    return PasswordHasher(
        time_cost=cost.time_cost, memory_cost=cost.memory_kib, parallelism=cost.parallelism, hash_len=32, salt_len=16
    )


@lru_cache(maxsize=4)
def _stand_in(cost: Argon2Cost) -> str:
    return _hasher(cost).hash("nobody has this password", salt=b"no salt is secret")
