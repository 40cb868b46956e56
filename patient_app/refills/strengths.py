"""By which plan a supply is counted: of the strength that is in use, since what is there is of one strength. Pure.

Two tablets of one strength are not one of another, and nobody here works out which would do instead. Where it cannot be
known of which strength something is, nothing is counted, and that is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from patient_app.medications import regimen
from patient_app.medications.due import Version
from patient_app.medications.regimen import OwnVersion
from patient_app.medications.schedule import AsNeeded, Paused


@dataclass(frozen=True, slots=True)
class SupplyPlan:
    """A medicine's plan as its supply is counted by it, on a date.

    `unit` and `strength` are those in use; `strengths` all that its versions name, the one in use first. `versions` use
    up what is of that strength: those of another one take nothing of it, and those that name none cannot be counted.
    `told` are the versions that were held, as they were written, for `using`.
    """

    unit: str
    strength: str
    strengths: tuple[str, ...]
    versions: tuple[Version, ...]
    told: tuple[OwnVersion, ...] = ()

    @property
    def are_several(self) -> bool:
        """Whether there were, or will be, several strengths, so that it matters which one something is of."""
        return len(self.strengths) > 1

    def uses(self, strength: str | None) -> bool | None:
        """Whether something of a strength counts; None where that cannot be known."""
        if not self.are_several:
            return True
        if not strength or not self.strength:
            return None
        return _plain(strength) == _plain(self.strength)

    def using(self, strength: str) -> tuple[Version, ...]:
        """Return the versions as they use up what is of one strength, which may be another than the one in use."""
        return tuple(_as_used(one, strength) for one in self.told)

    def strength_on(self, day: date) -> str:
        """Return which strength is in use at the end of a date, the first one before that; empty where nobody told."""
        return next((one for one in reversed(self.told) if one.since <= day), self.told[0]).said.strength


def plan_of(versions: Sequence[OwnVersion], today: date) -> SupplyPlan:
    """Return the plan of one medicine, by its versions as they were written, on a civil date."""
    holding = _that_last(regimen.in_effect(versions))
    now = next((one for one in reversed(holding) if one.since <= today), holding[0])
    names: dict[str, str] = {}
    for one in (now, *reversed(holding)):
        if one.said.strength:
            names.setdefault(_plain(one.said.strength), one.said.strength)
    are_several = len(names) > 1
    strength = now.said.strength if are_several else next(iter(names.values()), "")
    return SupplyPlan(
        unit=now.schedule.unit,
        strength=strength,
        strengths=tuple(names.values()),
        versions=tuple(_as_used(one, strength if are_several else None) for one in holding),
        told=tuple(holding),
    )


def strength_on(versions: Sequence[OwnVersion], day: date) -> str:
    """Return which strength is in use on a civil date; empty where nobody told."""
    return plan_of(versions, day).strength


def _that_last(versions: Sequence[OwnVersion]) -> list[OwnVersion]:
    """Leave out what was put right on the day on which it began: nothing was taken by it for a day."""
    pairs = zip(versions, [*versions[1:], None], strict=True)
    return [one for one, follower in pairs if follower is None or follower.since > one.since]


def _as_used(version: OwnVersion, strength: str | None) -> Version:
    used = Version(str(version.id), "", version.schedule, version.since, version.minute, version.hours)
    if strength is None or _plain(version.said.strength) == _plain(strength):
        return used
    # Of what is taken as needed nobody can count how much is used: so it is for a strength that was not told.
    return replace(used, schedule=replace(version.schedule, plan=Paused() if version.said.strength else AsNeeded()))


def same(one: str | None, other: str | None) -> bool:
    """Whether two strengths are the same, otherwise written or not."""
    return _plain(one or "") == _plain(other or "")


def _plain(strength: str) -> str:
    return "".join(strength.casefold().split())
