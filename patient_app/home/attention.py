"""What Today may ask of a person: one next thing, and at most three lines. The one place that decides it.

What concerns the person's safety or who reads their words always comes first and is no prompt. Of prompts, which only
suggest something, a day shows at most two over all features. All else waits in its own page.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

MOST_LINES = 3
MOST_PROMPTS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line on Today: a sentence, and where it leads or what its button does.

    `kind` names what it is about (the template words it); `about` is who or what, the first of `count`; `day` is
    a civil date of it; `is_prompt`: it only suggests.
    """

    kind: str
    about: str = ""
    more: str = ""
    count: int = 1
    target: uuid.UUID | None = None
    day: date | None = None
    is_prompt: bool = False


def chosen(candidates: Sequence[Line]) -> list[Line]:
    """Return the lines that are shown, in the order given: at most three, of which at most two prompts."""
    lines: list[Line] = []
    prompts = 0
    for line in candidates:
        if len(lines) == MOST_LINES or (line.is_prompt and prompts == MOST_PROMPTS):
            continue
        prompts += line.is_prompt
        lines.append(line)
    return lines
