"""Why a dose was left out, in neutral words. Nobody has to say, and no reason is better than another.

A reason that names drinking or using is `substance_use`: who may not see use reads just "skipped". Words of one's own
may name it too, and nobody looks into them, so they are kept in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import lazy_gettext as _l

LONGEST_WORDS = 200


class Reason(StrEnum):
    """A reason to choose from; the words are in `WORDS`."""

    SIDE_EFFECTS = "side_effects"
    FORGOT = "forgot"
    RAN_OUT = "ran_out"
    FELT_BETTER = "felt_better"
    USE = "use"
    MIXING = "mixing"
    NO_ACCESS = "no_access"
    COST = "cost"
    OTHER = "other"


WORDS = {
    Reason.SIDE_EFFECTS: _l("Side effects"),
    Reason.FORGOT: _l("Forgot"),
    Reason.RAN_OUT: _l("Ran out"),
    Reason.FELT_BETTER: _l("Felt better"),
    Reason.USE: _l("Had been drinking or using"),
    Reason.MIXING: _l("Afraid of mixing"),
    Reason.NO_ACCESS: _l("Could not get to it"),
    Reason.COST: _l("Cost"),
    Reason.OTHER: _l("Something else"),
}
# Afraid of mixing with what, only the person knows; it can name use.
ABOUT_USE = frozenset({Reason.USE, Reason.MIXING})


@dataclass(frozen=True, slots=True)
class Why:
    """Why a dose was left out; `words` are the person's own, and only with `OTHER`."""

    reason: Reason
    words: str = ""

    @property
    def about_use(self) -> bool:
        """Whether reading it needs `substance_use`."""
        return self.reason in ABOUT_USE or bool(self.words)


def offered(*, about_use: bool) -> list[Reason]:
    """Return the reasons to choose from; none that names use, for a person for whom it plays no part."""
    return [reason for reason in Reason if about_use or reason not in ABOUT_USE]


def to_text(why: Why) -> str:
    """Return what is sealed."""
    return f"{why.reason}\n{why.words}" if why.words else why.reason.value


def from_text(text: str) -> Why:
    """Return what was sealed."""
    reason, _, words = text.partition("\n")
    return Why(Reason(reason), words)
