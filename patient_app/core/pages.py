"""Rendering: the edge where a unit of work is finished before a page is made."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, render_template, request
from flask_babel import LazyString, get_locale

from patient_app.core import notices, work
from patient_app.core.identity import Stage, viewer_or_none
from patient_app.core.roles import Role


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One entry of the bottom or side bar."""

    label: LazyString
    endpoint: str
    icon: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """An entry as a page draws it."""

    label: str
    href: str
    icon: str
    current: bool


def render_page(template: str, **context: Any) -> str:
    """Finish the unit of work, then render: a page never shows what could not be committed.

    Templates get plain data; a query from a template fails.
    """
    work.unit().finish()
    return render_template(template, notice=notices.current_notice(), **context)


def init_app(app: Flask, navigation: tuple[NavigationItem, ...]) -> None:
    """Give every template the layout's variables; nothing here asks the database."""
    config = app.extensions["tandem"].config

    def layout() -> dict[str, Any]:
        locale = get_locale()
        return {
            "product_name": config.product_name,
            "quick_exit_url": config.quick_exit_url,
            "demonstration": app.extensions["tandem"].demonstration,
            "page_language": str(locale) if locale else "en",
            "navigation": _navigation(navigation),
            "viewer": viewer_or_none() if request else None,
        }

    app.context_processor(layout)


def _navigation(items: tuple[NavigationItem, ...]) -> list[NavigationLink]:
    person = viewer_or_none() if request else None
    if person is None or person.stage is not Stage.FULL:
        return []
    here = (request.endpoint or "").split(".")[0]
    return [
        NavigationLink(
            label=str(item.label),
            href=_address(item.endpoint, request.script_root),
            icon=item.icon,
            current=item.endpoint == request.endpoint or _is_section(item, here, items),
        )
        for item in items
        if person.role in item.roles
    ]


@lru_cache(maxsize=64)
def _address(endpoint: str, _mounted_at: str) -> str:
    """Build the address of an entry, which has no variable part, once."""
    return current_app.url_for(endpoint)


def _is_section(item: NavigationItem, here: str, items: tuple[NavigationItem, ...]) -> bool:
    """Whether a page below an entry belongs to it: same feature, and no other entry is the page itself."""
    if any(other.endpoint == request.endpoint for other in items):
        return False
    return item.endpoint.split(".")[0] == here
