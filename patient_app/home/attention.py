"""What Today may ask of a person: one next thing, and at most three lines. The one place that decides it.

What concerns the person's safety or who reads their words always comes first and is no prompt; neither is what follows
an entry (`content/rules/after_entry.yaml`): it is about that entry, and most of it is about safety. Of prompts,
which only suggest something, a day shows at most two over all features: what was shown keeps its place all day, and
once it is answered nothing takes it. All else waits in its own page.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

MOST_LINES = 3
MOST_PROMPTS = 2


@dataclass(frozen=True, slots=True)
class Line:
    """One line on Today: a sentence, and where it leads or what its button does.

    `kind` names what it is about (the template words it); `about` is who or what, the first of `count`; `day` is
    a civil date of it; `is_prompt`: it only suggests; `why` says why, where that is not plain; `note` is what
    somebody on the team wrote with it; `lang` is the language of `about`, where it is another than the page's.
    """

    kind: str
    about: str = ""
    more: str = ""
    count: int = 1
    target: uuid.UUID | None = None
    day: date | None = None
    is_prompt: bool = False
    why: str = ""
    note: str = ""
    lang: str = ""

    @property
    def key(self) -> str:
        """By what a prompt is known again on its day, however it is worded by then."""
        return self.kind if self.target is None else f"{self.kind} {self.target}"


def chosen(candidates: Iterable[Line], shown: Collection[str] = ()) -> list[Line]:
    """Return the lines that are shown, in the order given: at most three, and of prompts at most two in a day.

    `shown` holds the keys of the prompts that this day showed already. No more candidates are asked for than can be
    shown: what comes late may be made only when it is wanted.
    """
    today = set(shown)
    lines: list[Line] = []
    for line in candidates:
        if line.is_prompt and line.key not in today and len(today) >= MOST_PROMPTS:
            continue
        if line.is_prompt:
            today.add(line.key)
        lines.append(line)
        if len(lines) == MOST_LINES:
            break
    return lines


def first_shown(lines: Sequence[Line], shown: Collection[str]) -> list[str]:
    """Return the keys of the prompts among these lines that this day shows for the first time."""
    return [line.key for line in lines if line.is_prompt and line.key not in shown]
