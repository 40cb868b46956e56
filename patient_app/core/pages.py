"""Rendering: the edge where a unit of work is finished before a page is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, get_template_attribute, render_template, request
from flask_babel import LazyString, get_locale
from markupsafe import Markup

from patient_app.core import faces, i18n, notices, work
from patient_app.core.identity import Stage, viewer_or_none
from patient_app.core.roles import Role


@dataclass(frozen=True, slots=True, eq=False)  # Compared by identity: it is a key in a cache.
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
        locale, face = get_locale(), faces.current()
        return {
            "face": face,
            "product_name": face.shown_name,
            "quick_exit_url": config.quick_exit_url,
            "demonstration": app.extensions["tandem"].demonstration,
            "page_language": str(locale) if locale else "en",
            "navigation": _navigation(navigation),
            "viewer": viewer_or_none() if request else None,
        }

    app.context_processor(layout)


def _navigation(items: tuple[NavigationItem, ...]) -> Markup:
    person = viewer_or_none() if request else None
    if person is None or person.stage is not Stage.FULL:
        return Markup()
    rule = request.url_rule.rule if request.url_rule else ""
    return _bar(items, person.role, rule, request.script_root, i18n.catalogue())


@lru_cache(maxsize=512)
def _bar(items: tuple[NavigationItem, ...], role: Role, rule: str, mounted_at: str, _catalogue: object) -> Markup:
    """Draw the bar of one kind of person on one page in one language, which is always the same."""
    drawn: Markup = get_template_attribute("layout/_navigation.html", "bar")(_links(items, role, rule, mounted_at))
    return drawn


def _links(items: tuple[NavigationItem, ...], role: Role, rule: str, mounted_at: str) -> tuple[NavigationLink, ...]:
    shown = [(item, current_app.url_for(item.endpoint)) for item in items if role in item.roles]
    here = _section(mounted_at + rule, [address for _, address in shown])
    return tuple(NavigationLink(str(item.label), address, item.icon, address == here) for item, address in shown)


def _section(path: str, addresses: Sequence[str]) -> str | None:
    """Return the entry that a page is, or stands below: of several, the one with the longest address."""
    found = (address for address in addresses if path == address or path.startswith(f"{address}/"))
    return max(found, key=len, default=None)
