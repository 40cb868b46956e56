"""What a telephone number of the practice is for, in words that every language has.

A practice picks one of these, and each patient reads it in their own language. It is kept as its English words: so a
number from before that was named "Front desk" by hand is read in every language too. What is typed by hand instead is
read as it was typed.
"""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

KINDS: dict[str, LazyString] = {
    "Front desk": _l("Front desk"),
    "Nurse": _l("Nurse"),
    "Nurse line": _l("Nurse line"),
    "To make or change a visit": _l("To make or change a visit"),
    "Medicines and refills": _l("Medicines and refills"),
    "After hours": _l("After hours"),
    "Crisis team": _l("Crisis team"),
    "Crisis team, day and night": _l("Crisis team, day and night"),
    "In Spanish": _l("In Spanish"),
}
_BY_WORDS = {kind.casefold(): words for kind, words in KINDS.items()}


def in_own_language(label: str) -> LazyString | str:
    """Return the words for what a number is for, in the language of who reads it; else as they were typed."""
    return _BY_WORDS.get(label.casefold(), label)
