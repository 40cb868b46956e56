"""The words of the mood faces, wherever a mood is asked or read."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

MOODS: dict[int, LazyString] = {
    1: _l("Very low"),
    2: _l("Low"),
    3: _l("In between"),
    4: _l("Good"),
    5: _l("Very good"),
}
