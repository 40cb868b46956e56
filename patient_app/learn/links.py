"""Where a link of a lesson or of a practice's text may lead, as files write it."""

from __future__ import annotations

import re

from patient_app.learn.facts import Audience

SLUG = re.compile(r"[a-z][a-z0-9-]{2,40}")
_PAGE = re.compile(r"/[a-z0-9/-]*(?:#[a-z-]+)?")


def address(to: str, audience: Audience) -> str | None:
    """Return the address of where a link leads (`exercise:...`, `lesson:...`, `page:/...`); None for any other link."""
    kind, _colon, rest = to.partition(":")
    if kind == "page" and _PAGE.fullmatch(rest):
        return rest
    if not SLUG.fullmatch(rest):
        return None
    if kind == "lesson":
        return f"{'/supporting' if audience is Audience.SUPPORTERS else '/learn'}/lessons/{rest}"
    return f"/skills/{rest}" if kind == "exercise" and audience is Audience.PATIENTS else None
