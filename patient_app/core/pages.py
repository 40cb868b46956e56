"""Rendering: the edge where a unit of work is finished before a page is made."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType
from typing import Any, cast

from flask import Flask, current_app, g, get_template_attribute, render_template, request, url_for
from flask_babel import LazyString, get_locale
from jinja2 import Environment, Template
from jinja2.environment import TemplateModule
from jinja2.runtime import Context, Macro
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]  # The part in C of `escape`.

from patient_app.core import faces, htmx, i18n, keeping, notices, work
from patient_app.core.identity import Stage, viewer_or_none
from patient_app.core.roles import Role


@dataclass(frozen=True, slots=True, eq=False)  # Compared by identity: it is a key in a cache.
class NavigationItem:
    """One entry of the bottom bar on phones and of the side bar, or of the side bar alone (`wide`).

    One of the side bar alone says `within` which entry (by its endpoint) its pages are found on a phone. `holds` are
    pages with no entry of their own that are found there everywhere: their endpoints, or an address that theirs begin
    with.
    """

    label: LazyString
    endpoint: str
    icon: str
    roles: frozenset[Role]
    within: str | None = None
    holds: tuple[str, ...] = ()

    @property
    def wide(self) -> bool:
        """Whether it stands in the side bar alone."""
        return self.within is not None


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """An entry as a page draws it; one with `only` stands in the bar of one width alone: "wide" or "narrow"."""

    label: str
    href: str
    icon: str
    current: bool
    only: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page begins with: what its head links to, and the bar at the top; on the page of help, another one."""

    head: Markup
    top: Markup
    top_on_help: Markup


def render_page(template: str, parts: Sequence[str] = (), /, **context: Any) -> str:
    """Finish the unit of work, then render: a page never shows what could not be committed.

    Templates get plain data; a query from a template fails. `parts` are the blocks that htmx gets when it asks for
    them: the data, and all that was decided and recorded to get it, are those of the whole page.
    """
    work.unit().finish()
    context["notice"] = notices.current_notice()
    if parts:
        g.drawn_in_parts = htmx.PART if htmx.asks_for_part() else htmx.WHOLE
        if g.drawn_in_parts == htmx.PART:
            return htmx.render_parts(template, parts, context)
    return render_template(template, **context)


def _escaped(value: object) -> str:
    """Return what a template writes of a value: what is joined with the rest, and so need not be `Markup` by itself."""
    kind = type(value)
    if kind is Markup:
        return cast("Markup", value)
    if kind is str:
        return _escape_inner(cast("str", value))
    return str(value) if kind is float or kind is int else escape(value)


class _Context(Context):
    """What a template works with; it calls macros and plain functions, which most calls are of, without Jinja's search.

    Jinja looks six times for what a callable wants to be handed. A macro wants always the same, a function says so.
    """

    def call(self, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call as Jinja does."""
        kind = type(called)
        if kind is Macro or (kind is FunctionType and "jinja_pass_arg" not in vars(called)):
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return called(self.eval_ctx, *args, **kwargs) if kind is Macro else called(*args, **kwargs)
        return super().call(called, *args, **kwargs)


class _Template(Template):
    """A template of ours: it writes with `_escaped`, and is always the same to others that import it.

    (No template here is given globals of its own.) Of its macros, those that it names in `drawn_once` are drawn once
    for the same arguments, whatever the language: they hold no words.
    """

    @classmethod
    def _from_namespace(
        cls,
        environment: Environment,
        namespace: MutableMapping[str, Any],
        globals: MutableMapping[str, Any],  # noqa: A002 - as Jinja names it.
    ) -> Template:
        namespace["escape"] = _escaped
        return super()._from_namespace(environment, namespace, globals)

    def _get_default_module(self, _context: Context | None = None) -> TemplateModule:
        if self._module is not None:
            return self._module
        made = super()._get_default_module()
        for name in getattr(made, "drawn_once", ()):
            setattr(made, name, lru_cache(maxsize=256)(getattr(made, name)))
        return made


def init_app(app: Flask, navigation: tuple[NavigationItem, ...]) -> None:
    """Give every template the layout's variables; nothing here asks the database."""
    config = app.extensions["tandem"].config

    def layout() -> dict[str, Any]:
        locale, face = get_locale(), faces.current()
        name, demonstration = face.shown_name, app.extensions["tandem"].demonstration
        return {
            "face": face,
            "frame": _frame(i18n.catalogue(), face.word, name, config.quick_exit_url, demonstration),
            "product_name": name,
            "page_language": str(locale) if locale else "en",
            "navigation": _navigation(navigation),
            "viewer": viewer_or_none() if request else None,
            "phone_says": _phone_says(),
            "phone_lines": _phone_lines(i18n.catalogue()) if keeping.phone() else "",
        }

    app.jinja_env.template_class = _Template
    app.jinja_env.context_class = _Context
    app.jinja_env.globals.update(once=_once, url_for=_url_for)
    app.context_processor(layout)


def _phone_says() -> Markup:
    """Return what the page's scripts are told, as attributes of its body."""
    told = keeping.phone()
    if told is None:
        return Markup()
    more = ' data-keeps="yes"' if told.keeps else ' data-shared="yes"' if told.is_shared else ""
    said = f' data-person="{told.tag}" data-letterbox="{told.letterbox}"{more}'
    return Markup(said)  # noqa: S704 - both are base64 that was made here.


def _url_for(endpoint: str, **values: Any) -> str:
    """Return an address as Flask's own function does; one without anything in it is always the same."""
    return url_for(endpoint, **values) if values else _plain_address(endpoint, request.script_root)


@lru_cache(maxsize=512)
def _plain_address(endpoint: str, _mounted_at: str) -> str:
    return url_for(endpoint)


def _once(macro: Macro, *arguments: Hashable) -> Markup:
    """Return what a macro draws, drawn once for each language: `{{ once(forms.later_parts, of_use) }}`.

    For parts that hold words of ours alone. Nothing that a person wrote, and no address of theirs, may be among the
    arguments: nobody's words stay in memory.
    """
    return _drawn_once(i18n.catalogue(), macro, arguments)


@lru_cache(maxsize=1024)
def _drawn_once(_catalogue: object, macro: Macro, arguments: tuple[Hashable, ...]) -> Markup:
    return cast("Markup", macro(*arguments))


@lru_cache(maxsize=16)
def _phone_lines(_catalogue: object) -> Markup:
    """Draw what a phone may have to say, which is the same for everybody in one language."""
    lines, leaving = (get_template_attribute("layout/_phone.html", part) for part in ("lines", "leaving"))
    drawn: Markup = lines() + leaving()
    return drawn


@lru_cache(maxsize=64)
def _frame(_catalogue: object, face: str, name: str, quick_exit_url: str, demonstration: bool) -> Frame:
    head, top = (get_template_attribute("layout/_frame.html", macro) for macro in ("head", "top"))
    tops = (top(name, quick_exit_url, demonstration, on_help) for on_help in (False, True))
    return Frame(head(faces.named(face), name), *tops)


def _navigation(items: tuple[NavigationItem, ...]) -> Markup:
    person = viewer_or_none() if request else None
    if person is None or person.stage is not Stage.FULL:
        return Markup()
    rule = request.url_rule.rule if request.url_rule else ""
    return _bar(items, person.role, rule, request.script_root, i18n.catalogue())


@lru_cache(maxsize=1024)
def _bar(items: tuple[NavigationItem, ...], role: Role, rule: str, mounted_at: str, _catalogue: object) -> Markup:
    """Draw the bar of one kind of person on one page in one language, which is always the same."""
    drawn: Markup = get_template_attribute("layout/_navigation.html", "bar")(_links(items, role, rule, mounted_at))
    return drawn


def _links(items: tuple[NavigationItem, ...], role: Role, rule: str, mounted_at: str) -> tuple[NavigationLink, ...]:
    """Return the entries of a bar, with the place marked that the page is, or belongs to: one on each width, or none.

    Where these are two, that of the phone stands there twice: marked for the phone, and as ever beside the marked one.
    """
    shown = {item.endpoint: item for item in items if role in item.roles}
    places = {_address(page, mounted_at): name for name, item in shown.items() for page in (name, *item.holds)}
    found = _section(mounted_at + rule, [*places])
    here = places[found] if found else None
    on_phones = shown[here].within if here else None
    return tuple(link for name, item in shown.items() for link in _entry(item, name == here, name == on_phones))


def _address(page: str, mounted_at: str) -> str:
    return mounted_at + page if page.startswith("/") else current_app.url_for(page)


def _entry(item: NavigationItem, here: bool, here_on_phones: bool) -> Iterator[NavigationLink]:
    label, address = str(item.label), current_app.url_for(item.endpoint)
    if here_on_phones:
        yield NavigationLink(label, address, item.icon, True, "narrow")
    yield NavigationLink(label, address, item.icon, here, "wide" if item.wide or here_on_phones else "")


def _section(path: str, addresses: Sequence[str]) -> str | None:
    """Return the entry that a page is, or stands below: of several, the one with the longest address."""
    found = (address for address in addresses if path == address or path.startswith(f"{address}/"))
    return max(found, key=len, default=None)
