"""What filling in a check-in means wherever it is done: on a page, or on a phone that sends it later."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.checkins.answers import Answers
from patient_app.checkins.forms import CheckInForm
from patient_app.core.identity import Viewer
from patient_app.profile import service as profiles
from patient_app.profile.service import Profile

# A day is filled in afterwards this far back: what lies further is not remembered well enough to help anybody.
PAST_DAYS = 14
NOTHING_SAID = _l("Answer at least one question. Any one is fine.")
NOTHING_LEFT = _l("Answer at least one question. Or delete this check-in instead.")


def asks_about_use(profile: Profile, answers: Answers) -> bool:
    """Whether use is asked of: also where the person now says that it plays no part, but an old entry tells of it."""
    told = answers.craving is not None or answers.use is not None or bool(answers.things)
    return profile.asks_about_use or told or answers.note_about_use


def keep_chips(patient: Viewer, form: CheckInForm) -> None:
    """Offer the person's own words as chips the next time; a list that is full is no reason to refuse a check-in."""
    own = form.own_chips()
    if own["triggers"] or own["helpers"]:
        profiles.add_own_where_there_is_room(patient, **own)
