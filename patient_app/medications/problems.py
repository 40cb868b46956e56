"""What can be wrong with a schedule that somebody proposes. No words for people: a problem is a code and a field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    """What is wrong with one field."""

    MISSING = "missing"  # needed and not there; an empty list
    UNKNOWN = "unknown"  # a key, a kind or a choice that there is none of
    WRONG_TYPE = "wrong_type"  # text where a number belongs, and the like
    NOT_A_DATE = "not_a_date"
    TOO_FAR_AHEAD = "too_far_ahead"
    TOO_FAR_BACK = "too_far_back"
    END_BEFORE_START = "end_before_start"
    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    TOO_LARGE = "too_large"
    TOO_MANY_DECIMALS = "too_many_decimals"
    TOO_LONG = "too_long"
    NOT_A_TIME = "not_a_time"
    TWICE = "twice"  # two doses at one time, a weekday named again
    TIME_MISSING = "time_missing"  # a dose at no time beside others of its day
    TOO_MANY_TIMES = "too_many_times"
    TOO_MANY_STEPS = "too_many_steps"
    NOT_FROM_PRESCRIBER = "not_from_prescriber"
    FIRST_STEP_NOT_AT_START = "first_step_not_at_start"
    STEPS_NOT_RISING = "steps_not_rising"
    STEP_AFTER_END = "step_after_end"
    UNIT_MISMATCH = "unit_mismatch"
    NEVER_DUE = "never_due"
    GAPS_EXCEED_DAY = "gaps_exceed_day"  # so many in a day, that far apart, need more than a day


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with which field, as a path into the document: "plan.doses.1.amount"; "" is the whole."""

    code: Wrong
    field: str


class NotASchedule(ValueError):
    """A document that is no schedule; `problems` says why, in the order of its fields."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.field or 'document'}: {problem.code}" for problem in problems))
        self.problems = problems
