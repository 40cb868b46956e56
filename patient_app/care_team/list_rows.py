"""The rows of a clinician's list of patients, drawn at once: as a template twenty of them take four times as long."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from markupsafe import Markup, escape

from patient_app.core.i18n import when_made
from patient_app.reading.people import Named
from patient_app.reading.words import CaseloadLine

# Of our own words, which one row says as the other does; what a person wrote is kept by nobody.
_ours = lru_cache(maxsize=512)(escape)


def drawn(lines: Iterable[CaseloadLine], address: str, info: Markup, chevron: Markup) -> Markup:
    """Return the lines of a list as its template puts them into <ul class="rows dense">.

    `address` is that of the list; both icons are drawn already. Whatever a person wrote is escaped here.
    """
    at = escape(address)
    return Markup("\n").join([_row(line, at, info, chevron) for line in lines])


def _row(line: CaseloadLine, address: Markup, info: Markup, chevron: Markup) -> Markup:
    person, newest = line.row.person, line.row.newest
    hard = f'<span class="concern">{info}<span>{_ours(line.hard)}</span></span>' if line.hard else ""
    said = f"<span>{_ours(line.said)}</span>" if line.said else ""
    new = f"<b>{_ours(line.new)}</b>" if line.new else ""
    when = f"<span>{_ours(when_made(newest, 'EEE d MMM'))}</span>" if newest else ""
    row = (
        f'<li class="row case"><a href="{address}/{person.id}">'
        f'<span class="row-main"><span class="row-title">{_who(person)}</span>'
        f'<span class="row-text">{escape(line.chart)}</span></span>'
        f'<span class="case-said">{hard}{said}<span class="row-text">{_ours(line.shares)}</span></span>'
        f'<span class="row-meta">{new}{when}</span>{chevron}</a></li>'
    )
    return Markup(row)  # noqa: S704 - all that is put in was escaped, or drawn by a template.


def _who(person: Named) -> str:
    called = f' <span class="called" dir="auto">“{escape(person.called)}”</span>' if person.called else ""
    pronouns = f' <span class="tag" dir="auto">{escape(person.pronouns)}</span>' if person.pronouns else ""
    return f'<span dir="auto">{escape(person.name)}</span>{called}{pronouns}'
