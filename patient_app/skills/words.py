"""The plain words around exercises: what they are found by."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.skills.models import Often

# The one that speaks of use.
OF_USE = "pull"
# In the order in which they are shown: what is felt right now comes first.
NEEDS: dict[str, LazyString] = {
    "storm": _l("I feel panicky, or far away"),
    "pull": _l("I feel a pull to drink or use"),
    "thoughts": _l("My thoughts go round and round"),
    "low": _l("I feel low, or nothing gets done"),
    "harsh": _l("I am hard on myself"),
    "problem": _l("There is something to solve"),
    "afraid": _l("I keep away from something"),
    "sleep": _l("Sleep, and the shape of my days"),
    "ahead": _l("I want to be ready for a hard day"),
}
# Of the topics that a person can put aside (content/lessons/paths.toml), those that an exercise can be about; and the
# needs that name one of them.
TOPICS = frozenset({"craving", "lapse", "ocd", "panic", "sleep"})
TOPIC_OF_NEED = {OF_USE: "craving", "sleep": "sleep"}
# How often an exercise that was given is to be done.
OFTEN: dict[Often, LazyString] = {
    Often.ONCE: _l("Once"),
    Often.DAILY: _l("Each day"),
    Often.FIVE_A_WEEK: _l("5 times a week"),
    Often.THREE_A_WEEK: _l("3 times a week"),
    Often.TWO_A_WEEK: _l("2 times a week"),
    Often.WEEKLY: _l("Once a week"),
    Often.WHEN_NEEDED: _l("When it is needed"),
}
