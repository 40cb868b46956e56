"""How the patient is told by which name each of their supporters sees them. The rule itself is `accounts.seen_as`."""

from __future__ import annotations

import uuid

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.accounts.models import SupportState
from patient_app.accounts.people import SupportRow
from patient_app.accounts.seen_as import Way
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer
from patient_app.sharing.service import JustDone, own_supporter

# The word in an address for "the name for this supporter was chosen".
CHOSEN = "named"
_NOW: dict[Way, LazyString] = {
    Way.CHART: _l("%(who)s sees you by the name in your chart: “%(name)s”."),
    Way.CALLED: _l("%(who)s sees you as “%(name)s”."),
    Way.CALLED_AND_PRONOUNS: _l("%(who)s sees you as “%(name)s”, with your pronouns: %(pronouns)s."),
}
# Who is not confirmed yet sees nothing.
_ONCE_CONFIRMED: dict[Way, LazyString] = {
    Way.CHART: _l("Once confirmed, %(who)s sees you by the name in your chart: “%(name)s”."),
    Way.CALLED: _l("Once confirmed, %(who)s sees you as “%(name)s”."),
    Way.CALLED_AND_PRONOUNS: _l("Once confirmed, %(who)s sees you as “%(name)s”, with your pronouns: %(pronouns)s."),
}


def seen_words(row: SupportRow) -> str:
    """Return in one sentence how a supporter of the patient's sees them, or will once they are confirmed."""
    words = _NOW if row.state is SupportState.CONFIRMED else _ONCE_CONFIRMED
    seen = row.seen_as
    return str(words[seen.way]) % {"who": row.name, "name": seen.name, "pronouns": seen.pronouns}


def just_chosen(patient: Viewer, word: str | None, link_id: uuid.UUID | None) -> JustDone | None:
    """Return what to say after the name for a supporter was chosen; None for anything but a tie of the patient's."""
    if word != CHOSEN or link_id is None:
        return None
    try:
        row = own_supporter(patient, link_id)
    except NotFound:
        return None
    return JustDone(f"person:{row.supporter_id}", seen_words(row))
