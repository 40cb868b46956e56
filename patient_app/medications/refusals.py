"""What is said of a dose that cannot be logged as it was sent."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

NOTHING_MARKED = _l("Nothing is marked yet. Mark a dose, or leave it for now.")
# The first button of a form is also pressed by Enter in one of its fields.
NOT_ALL_TAKEN = _l("You said that not all of it was taken. Mark each dose, then press Save.")
NOT_DUE = _l("This is not on your list for that day. It may have changed since. Look at the list again.")
NOT_YET = _l("That time has not come yet. Use an earlier one.")
