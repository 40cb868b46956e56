"""The words of answers about side effects and of the weekly note, wherever they are asked or read."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

# From the lightest to the strongest; the numbers are what is kept.
SEVERITY: dict[int, LazyString] = {
    1: _l("Mild: I notice it"),
    2: _l("Medium: it gets in the way"),
    3: _l("Strong: it is hard to do things"),
}
STRONG = max(SEVERITY)

BOTHER: dict[int, LazyString] = {
    0: _l("Not at all"),
    1: _l("A little"),
    2: _l("Some"),
    3: _l("A lot"),
    4: _l("More than I can take"),
}
MOST_BOTHER = max(BOTHER)

HELPS: dict[int, LazyString] = {
    0: _l("Not at all"),
    1: _l("A little"),
    2: _l("Some"),
    3: _l("A lot"),
    4: _l("Very much"),
}
