"""What stands in a message: read by our own worker, and by Safari alone as Declarative Web Push.

What is shown is in `notification`, at the places that Declarative Web Push names (RFC 8030's number marks it), so that
a browser that knows it shows the same without our worker. All else is for the worker: `service_worker/notices.js`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from patient_app.core import letterbox
from patient_app.push.devices import Device

MARK = 8030
LATER_MINUTES = (10, 30, 60)
# Answers to "how are you", in the order in which they find room: most phones show two buttons. The ends of the scale
# are left to the page, where help stands beside them.
MOODS = (4, 2, 3)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person sees on a locked phone, and what a tap does. `path` is the page that a tap on it opens.

    `token` allows Done and Later, once; without one there are no buttons. `tag`: a newer one with the same takes its
    place where the platform can. `moods` are words for answers to "how are you", where the person chose to be asked so.
    """

    title: str
    body: str
    path: str
    tag: str
    language: str = "en"
    direction: str = "ltr"
    token: str | None = None
    moods: Mapping[int, str] | None = None


def payload(notice: Notice, device: Device, origin: str) -> Mapping[str, Any]:
    """Return the message for a device; the words of buttons are in the language of the moment."""
    shown = {
        "title": notice.title,
        "body": notice.body,
        "navigate": origin + notice.path,
        "lang": notice.language,
        "dir": notice.direction,
        "tag": notice.tag,
        "silent": False,
    }
    person = letterbox.person_tag(device.person_id)
    told: dict[str, Any] = {"web_push": MARK, "notification": shown, "person": person}
    if notice.token is not None:
        moods = [[f"mood {mood}", notice.moods[mood]] for mood in MOODS] if notice.moods else []
        buttons = [["done", _("Done")], *([f"later {minutes}", _later(minutes)] for minutes in LATER_MINUTES)]
        told["act"] = {
            "token": notice.token,
            "person": person,
            "buttons": [*moods, *buttons],
            "says": {
                "waits": _("There is no network. It is kept on this phone and sent later."),
                "signed-out": _("You are signed out here, so nothing was saved. Open the app to sign in."),
                "over": _("This was not saved: the reminder is over. Open the app to log it."),
                "lost": _("This could not be saved. Open the app to log it."),
            },
        }
    return told


def _later(minutes: int) -> str:
    return _("Later: %(minutes)s min", minutes=minutes)
