"""What a test sees of the application: a client that behaves as a browser, and pages that are checked on arrival.

Whatever a test is about, every answer has the security headers, and every page holds what a page must hold: `check`
lists what is wrong and what to do about it.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit
from xml.etree.ElementTree import Element

import brotli
import yaml
from flask import Flask
from flask.testing import FlaskClient
from html5lib.html5parser import ParseError
from werkzeug.test import TestResponse

from tests.html import parse

HELP_LINES = Path(__file__).resolve().parents[1] / "patient_app" / "content" / "help_lines.yaml"

# The whole strings, on purpose a second time: a change in the application is to be noticed here.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
        "object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types tandem-worker; "
        "report-uri /csp-report; report-to csp"
    ),
    "Reporting-Endpoints": 'csp="/csp-report"',
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=(), browsing-topics=()"
    ),
    "X-Robots-Tag": "noindex, nofollow",
    "Server": "web",
}
# On a page that loads htmx, and on no other.
POLICY_WITH_PARTS = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types tandem-worker tandem-parts; report-uri /csp-report; report-to csp"
)
# What a browser with htmx sends to get a part of a page.
ASKING_FOR_PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
PRIVATE = "no-store"
_UNPACK: dict[str, Callable[[bytes], bytes]] = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}
FOR_A_YEAR = "public, max-age=31536000, immutable"
# Kept, and asked for again each time; it tells of nobody.
ASKED_AGAIN = {"/manifest.webmanifest": "no-cache", "/sw.js": "no-cache"}
# What stands ready on every page for what a phone may have to say; a script shows what is true.
_UNTIL_TRUE = frozenset({"phone-lines", "leaving"})

_SPACE = re.compile(r"\s+")
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "poster", "data", "{http://www.w3.org/1999/xlink}href"})
_NOT_LABELLED = frozenset({"hidden", "submit", "button", "reset", "image"})
_AROUND_A_PART = '<!DOCTYPE html><html lang="en">{}</html>'
_WITHOUT_BODY = frozenset({204, 301, 302, 303, 304, 307, 308})


class PageBroken(AssertionError):
    """An answer lacks what every answer must have."""


@dataclass
class FormOnPage:
    """A form as a browser would send it."""

    action: str
    method: str
    element: Element
    values: list[tuple[str, str]] = field(default_factory=list)
    controls: dict[str, Element] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of all fields, in their order, each once."""
        return list(self.controls)

    def name_of(self, **attributes: str) -> str | None:
        """Return the name of the first field with these attributes (`type="password"`)."""
        for name, element in self.controls.items():
            if all(element.get(key.replace("_", "-")) == value for key, value in attributes.items()):
                return name
        return None

    def filled(self, **answers: Any) -> dict[str, list[str]]:
        """Return what is sent when these fields are changed; None or an empty list leaves a field out."""
        sent: dict[str, list[str]] = {}
        for name, value in self.values:
            sent.setdefault(name, []).append(value)
        for name, answer in answers.items():
            if name not in self.controls:
                raise PageBroken(f"The form for {self.action} has no field {name!r}, only {self.names}")
            sent[name] = [] if answer is None else [answer] if isinstance(answer, str) else [str(a) for a in answer]
        return {name: values for name, values in sent.items() if values}


class Page(TestResponse):
    """An answer of the application, with eyes for HTML."""

    @property
    def is_page(self) -> bool:
        """Whether the answer is a page of ours (and not a redirect's few words)."""
        return self.mimetype == "text/html" and self.status_code not in _WITHOUT_BODY and self.request.method != "HEAD"

    @property
    def is_part(self) -> bool:
        """Whether the answer is a part of a page, for htmx to put in place."""
        return "X-Page-Part" in self.headers

    @property
    def html(self) -> str:
        """The page as it was written, compressed or not."""
        unpack = _UNPACK[self.headers.get("Content-Encoding", "")]
        return unpack(self.get_data()).decode("utf-8")

    @cached_property
    def document(self) -> Element:
        """The parsed page, which nobody changes; what a strict parser objects to is a failure."""
        try:
            return parse(_AROUND_A_PART.format(self.html) if self.is_part else self.html)
        except ParseError as error:
            raise PageBroken(f"{self.request.path}: this is not valid HTML: {error}") from None

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Return all elements with this tag and these attributes (`class_name` and `for_` are spelled so)."""
        wanted = {_ATTRIBUTE_NAMES.get(key, key.replace("_", "-")): value for key, value in attributes.items()}
        return [
            element
            for element in self.document.iter(tag)
            if all(
                value in (element.get(key) or "").split() if key == "class" else element.get(key) == value
                for key, value in wanted.items()
            )
        ]

    def one(self, tag: str, **attributes: str) -> Element:
        """Return the only such element; fail when there is none or more than one."""
        found = self.all(tag, **attributes)
        if len(found) != 1:
            raise PageBroken(f"{self.request.path}: expected one <{tag}> with {attributes}, found {len(found)}")
        return found[0]

    def by_id(self, name: str) -> Element | None:
        """Return the element with that id, or None."""
        return next((element for element in self.document.iter() if element.get("id") == name), None)

    @property
    def words(self) -> str:
        """The text that a person can read, spaces tidied."""
        return tidy(" ".join(visible_texts(self.document)))

    @property
    def own_parts(self) -> list[Element]:
        """The page itself and what stands beside it on a wide screen, without what surrounds every page."""
        return [self.one("main"), *self.all("aside", class_name="beside")]

    @property
    def main_words(self) -> str:
        """The text of the page itself, without what surrounds it on every page."""
        return tidy("".join(_texts_shown(self.one("main"))))

    @property
    def title(self) -> str:
        """The words in the browser's tab."""
        return text_of(self.one("title"))

    @property
    def heading(self) -> str:
        """The words of the one h1."""
        return text_of(self.one("h1"))

    @property
    def errors(self) -> dict[str, str]:
        """The messages beside fields, by the field's id."""
        return {
            (element.get("id") or "").removesuffix("-error"): text_of(element)
            for element in self.document.iter("p")
            if (element.get("id") or "").endswith("-error")
        }

    @property
    def links(self) -> list[str]:
        """The addresses of all links."""
        return [element.get("href") or "" for element in self.document.iter("a")]

    @property
    def shown_links(self) -> set[str]:
        """The addresses of the links of the page itself that are seen as it arrives: none that a script would show."""
        shown = (element for part in self.own_parts for element in _shown(part))
        return {element.get("href") or "" for element in shown if element.tag == "a"}

    @property
    def forms(self) -> list[FormOnPage]:
        """All forms of the page that send something, filled as they arrived."""
        sending = (element for element in self.document.iter("form") if element.get("method") != "dialog")
        return [_form_of(element, self.request.path) for element in sending]

    def form(self, *, action: str | None = None, field: str | None = None) -> FormOnPage:
        """Return the first form that goes to this address or has this field (by default: the first in the page)."""
        for found in self.forms:
            if (action is None or found.action == action) and (field is None or field in found.controls):
                return found
        raise PageBroken(f"{self.request.path}: no form for action={action} field={field}; {self.words[:300]}")


_ATTRIBUTE_NAMES = {"class_name": "class", "for_": "for"}


class Client(FlaskClient):
    """A browser without scripts: says where a request comes from, keeps cookies, and checks every answer."""

    def __init__(self, app: Flask, *, origin: str | None = None, checked: bool = True) -> None:
        super().__init__(app, Page, use_cookies=True)
        self.origin = origin or app.extensions["tandem"].config.origin
        self.checked = checked
        self.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request and check the answer."""
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", self.origin)
        page = super().open(*args, **kwargs)
        if self.checked and isinstance(page, Page):
            check(page, self.application.extensions["tandem"].config.quick_exit_url)
        return page

    def get(self, *args: Any, **kwargs: Any) -> Page:
        """Fetch a page."""
        return self.open(*args, method="GET", **kwargs)  # type: ignore[no-any-return]

    def post(self, *args: Any, **kwargs: Any) -> Page:
        """Send a form."""
        return self.open(*args, method="POST", **kwargs)  # type: ignore[no-any-return]

    def submit(self, form: FormOnPage, /, **answers: Any) -> Page:
        """Send a form of a page with these answers."""
        data = form.filled(**answers)
        if form.method == "get":
            return self.get(form.action, query_string=data)
        return self.post(form.action, data=data)

    def follow(self, page: Page) -> Page:
        """Go where a redirect leads; fail when it is none."""
        if page.location is None:
            raise PageBroken(f"{page.request.path} answered {page.status_code} and leads nowhere: {page.words[:300]}")
        return self.get(page.location)


def tidy(text: str) -> str:
    """Return the text with its spaces tidied."""
    return _SPACE.sub(" ", text).strip()


def text_of(element: Element) -> str:
    """Return the words inside an element, spaces tidied."""
    return tidy("".join(element.itertext()))


def _shown(element: Element) -> Iterator[Element]:
    """Yield an element and what is in it, without what is hidden and what is a pattern for a script."""
    if callable(element.tag) or element.tag == "template" or element.get("hidden") is not None:
        return
    yield element
    for child in element:
        yield from _shown(child)


def _texts_shown(element: Element) -> Iterator[str]:
    """Yield the pieces of text inside an element, in their order, but for what stands ready and is not shown."""
    if element.get("id") in _UNTIL_TRUE:
        return
    yield element.text or ""
    for child in element:
        if not callable(child.tag):
            yield from _texts_shown(child)
        yield child.tail or ""


def visible_texts(element: Element) -> Iterator[str]:
    """Yield every text a person can see or hear, attributes that are read aloud included."""
    if callable(element.tag) or element.tag in {"script", "style", "template"} or element.get("id") in _UNTIL_TRUE:
        return
    for name in ("aria-label", "alt", "title", "placeholder"):
        if element.get(name):
            yield tidy(element.get(name) or "")
    if element.text and element.text.strip():
        yield tidy(element.text)
    for child in element:
        yield from visible_texts(child)
        if child.tail and child.tail.strip():
            yield tidy(child.tail)


def _form_of(element: Element, path: str) -> FormOnPage:
    form = FormOnPage(
        action=urljoin(path, element.get("action") or path),
        method=(element.get("method") or "get").lower(),
        element=element,
    )
    for control in element.iter():
        name = control.get("name")
        if name and control.tag in {"input", "select", "textarea", "button"}:
            form.controls.setdefault(name, control)
            form.values.extend((name, value) for value in _sent_by(control))
    return form


def _sent_by(control: Element) -> list[str]:
    """Return what a browser sends for a control that nobody touched; a named button counts as pressed last of all."""
    if control.tag == "textarea":
        text = "".join(control.itertext())
        return [text.removeprefix("\n")]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [text_of(option) if option.get("value") is None else option.get("value", "") for option in chosen]
    if control.tag == "button":
        return []
    kind = control.get("type") or "text"
    if kind in {"radio", "checkbox"}:
        return [control.get("value", "on")] if control.get("checked") is not None else []
    return [] if kind in {"submit", "button", "file"} else [control.get("value", "")]


@lru_cache(maxsize=1)
def help_addresses() -> frozenset[str]:
    """Return the addresses of help lines: the only places outside that a page may lead to."""
    return frozenset(_web_addresses(yaml.safe_load(HELP_LINES.read_text(encoding="utf-8"))))


def _web_addresses(part: object) -> Iterator[str]:
    if isinstance(part, str) and part.startswith("https://"):
        yield part
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _web_addresses(value)
    elif isinstance(part, Iterable) and not isinstance(part, str):
        for value in part:
            yield from _web_addresses(value)


def check(page: Page, quick_exit_url: str) -> None:
    """Raise `PageBroken` with everything that is wrong with an answer."""
    problems = list(header_problems(page))
    if page.is_page:
        for rule in _RULES_OF_PARTS if page.is_part else _RULES:
            problems += rule(page)
        problems += _foreign_addresses(page, quick_exit_url)
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise PageBroken(f"{page.request.method} {page.request.path} ({page.status_code}):\n{listed}")


def header_problems(page: TestResponse) -> Iterator[str]:
    """Yield each security header that is not exactly as it must be."""
    for name, value in HEADERS.items():
        sent = page.headers.getlist(name)
        if name == "Content-Security-Policy" and _has_parts(page):
            value = POLICY_WITH_PARTS  # noqa: PLW2901 - the one header with two forms.
        if sent != [value]:
            yield f"header {name} is {sent}, not [{value!r}] (core/headers.py)"
    if (_has_parts(page) or page.headers.get("X-Page-Part")) and "HX-Request" not in page.vary:
        yield "the same address answers with a page and with a part of it, and Vary does not say so (core/headers.py)"
    kept = page.headers.get("Cache-Control")
    is_good = page.status_code in {200, 304} and page.request.method in {"GET", "HEAD"}
    is_file = is_good and page.request.path.startswith("/static/")
    right = FOR_A_YEAR if is_file else ASKED_AGAIN.get(page.request.path, PRIVATE) if is_good else PRIVATE
    if kept != right:
        yield f"Cache-Control is {kept!r}: pages are never stored, files of a release for a year (core/headers.py)"
    for name in ("X-Powered-By", "Access-Control-Allow-Origin"):
        if name in page.headers:
            yield f"header {name} tells or opens what it need not; take it out"


def _has_parts(page: TestResponse) -> bool:
    """Whether a page loads htmx. What HEAD would answer cannot be seen, so its policy is taken at its word."""
    if page.request.method == "HEAD":
        return "HX-Request" in page.vary and "tandem-parts" in page.headers.get("Content-Security-Policy", "")
    return isinstance(page, Page) and page.is_page and LOADS_HTMX in page.html


def heading_and_title(page: Page) -> list[str]:
    """Return what is wrong with a page's one heading and its title, which begins alike."""
    headings, titles = page.all("h1"), page.all("title")
    if len(headings) != 1 or len(titles) != 1:
        return [f"a page has one h1 and one title; here are {len(headings)} and {len(titles)}"]
    heading, title = (
        text_of(headings[0]),
        text_of(titles[0]).removeprefix("Please check: ").removeprefix("Revise esto: "),
    )
    if not heading:
        return ["the h1 is empty; give the page a heading block"]
    if not title.startswith(heading) and not heading.startswith(title.split(" · ")[0]):
        return [f"the title {title!r} does not begin with the heading {heading!r}; leave the title to layout/base.html"]
    return []


SVG = "{http://www.w3.org/2000/svg}svg"
# How the way to help is called, in each language.
HELP_NOW = {"en": "Help now", "es": "Ayuda ya"}


def _language(page: Page) -> list[str]:
    found = page.one("html").get("lang")
    return [] if found else ["<html> has no lang; extend layout/base.html"]


def _help_link(page: Page) -> list[str]:
    words = HELP_NOW.get(page.one("html").get("lang") or "", "Help now")
    found = [a for a in page.all("a", href="/help") if words in text_of(a)]
    return [] if found else [f"there is no link `{words}` to /help; extend layout/base.html"]


def _ids(page: Page) -> list[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for element in page.document.iter():
        name = element.get("id")
        if name is not None:
            (twice if name in seen else seen).add(name)
    problems = [f"ids that occur twice: {sorted(twice)}; give repeated forms a prefix"] if twice else []
    for element in page.document.iter():
        for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls", "aria-details"):
            missing = [name for name in (element.get(attribute) or "").split() if name not in seen]
            if missing:
                problems.append(f"{attribute} names {missing}, and no element has this id")
    return problems


def _forms(page: Page) -> list[str]:
    return [
        f"a form needs action and method; this one has {dict(element.attrib)}"
        for element in page.document.iter("form")
        if element.get("method") != "dialog"  # Sends nothing: a script reads it.
        if not element.get("action") or (element.get("method") or "").lower() not in {"get", "post"}
    ]


def _labels(page: Page) -> list[str]:
    named = {label.get("for") for label in page.document.iter("label") if text_of(label)}
    inside = {control for label in page.document.iter("label") if text_of(label) for control in label.iter()}
    problems = []
    for control in page.document.iter():
        if control.tag not in {"input", "select", "textarea"} or control.get("type") in _NOT_LABELLED:
            continue
        if (
            control.get("id") in named
            or control in inside
            or control.get("aria-label")
            or control.get("aria-labelledby")
        ):
            continue
        problems.append(
            f"<{control.tag} name={control.get('name')!r}> has no label; use a macro of components/forms.html"
        )
    problems += [
        f"<{element.tag} href={element.get('href')!r}> has no words"
        for element in page.document.iter()
        if element.tag in {"button", "a"} and not text_of(element) and not element.get("aria-label")
    ]
    return problems


def _drawings(page: Page) -> list[str]:
    """Return each drawing that nobody who listens learns of, and each of data that has no table to be read instead."""
    shown = [one for one in page.document.iter(SVG) if one.get("aria-hidden") != "true"]
    figures = [one for one in page.document.iter("figure") if one.find(f".//{SVG}") is not None]
    if not (shown or figures):
        return []
    around = {child: parent for parent in page.document.iter() for child in parent}
    problems = []
    for drawing in shown:
        image = _image_around(drawing, around)
        if image is None or not _name(page, image):
            problems.append(f"an <svg class={drawing.get('class')!r}> is neither aria-hidden nor an image with a name")
        elif image is drawing and not _as_words(page, drawing, list(around[drawing])):
            problems.append(f"what {_name(page, drawing)!r} draws stands in no table or list next to it")
    problems += [
        f"a figure has no table with headings of its rows: {text_of(one)[:80]!r}"
        for one in figures
        if one.get("role") != "img" and not any(_has_headings(table) for table in one.iter("table"))
    ]
    return problems


def _image_around(drawing: Element, around: Mapping[Element, Element]) -> Element | None:
    """Return what a listener meets as one image: the drawing, or what it stands in."""
    part: Element | None = drawing
    while part is not None and part.get("role") != "img":
        part = around.get(part)
    return part


def _name(page: Page, element: Element) -> str:
    named_by = [page.by_id(name) for name in (element.get("aria-labelledby") or "").split()]
    return tidy(element.get("aria-label") or " ".join(text_of(one) for one in named_by if one is not None))


def _as_words(page: Page, drawing: Element, beside: list[Element]) -> bool:
    """Whether a drawing leads to a table of what it draws, or a list of it comes next."""
    details = page.by_id(drawing.get("aria-details") or "")
    if details is not None:
        return any(_has_headings(table) for table in details.iter("table"))
    after = beside[beside.index(drawing) + 1 :]
    return bool(after) and after[0].tag == "ul" and len(after[0]) > 0


def _has_headings(table: Element) -> bool:
    """Whether a table has rows, and each begins with a heading of its own."""
    rows = [row for body in table.iter("tbody") for row in body]
    return bool(rows) and all(row[0].get("scope") == "row" and text_of(row[0]) for row in rows)


def _inline(page: Page) -> list[str]:
    problems = []
    for element in page.document.iter():
        if callable(element.tag):  # A comment.
            continue
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            problems.append(f"inline <{element.tag}>: put it into a file under static/")
        problems += [
            f"inline {name}= on <{element.tag}>: put it into a file under static/"
            for name in element.attrib
            if name == "style" or re.match(r"on[a-z]+$|hx-on", name)
        ]
    return problems


def _parts(page: Page) -> list[str]:
    """Return where htmx is needed, or would do anything but what the link or the form itself does."""
    problems = []
    for element in page.document.iter():
        names = [name for name in element.attrib if name.startswith(("hx-", "data-hx-"))]
        problems += [f"{name} on <{element.tag}> is none of {sorted(OF_HTMX)}" for name in names if name not in OF_HTMX]
        asked = {name: element.get(name) for name in names if name in {"hx-get", "hx-post"}}
        own = {"a": {"hx-get": element.get("href")}, "form": {"hx-post": element.get("action")}}.get(element.tag, {})
        if asked and (asked != own or (element.tag == "form" and element.get("method") != "post")):
            problems.append(f"<{element.tag}> asks htmx for {asked}, and by itself for {own}")
        if names and not page.is_part:
            if LOADS_HTMX not in page.html:
                problems.append(f"<{element.tag}> has {names}, and the page does not load htmx")
            places = [element.get(f"{name}:inherited") or "" for name in ("hx-target", "hx-select-oob")]
            ids = [place.split(":")[0].removeprefix("#") for place in ",".join(places).split(",") if place]
            missing = [place for place in ids if page.by_id(place) is None]
            if missing:
                problems.append(f"htmx is to replace {missing}, and no element has this id")
    return problems


LOADS_HTMX = "/js/parts.js"
OF_HTMX = frozenset(
    {
        "hx-get",
        "hx-post",
        "hx-push-url",
        "hx-push-url:inherited",
        "hx-select-oob:inherited",
        "hx-swap:inherited",
        "hx-sync:inherited",
        "hx-target:inherited",
    }
)


def _foreign_addresses(page: Page, quick_exit_url: str) -> list[str]:
    allowed = help_addresses() | {quick_exit_url}
    problems = []
    for element in page.document.iter():
        for name, value in element.attrib.items():
            if name not in _ADDRESSES or (value in allowed and element.tag == "a"):
                continue
            parts = urlsplit(value)
            if parts.scheme in {"tel", "sms", "mailto", "otpauth"} and element.tag == "a":
                continue
            if element.tag == "a" and _says_where(element, parts):
                continue
            if parts.scheme or parts.netloc or value.startswith("//"):
                problems.append(f"<{element.tag} {name}={value!r}> leads to another origin")
    return problems


def _says_where(element: Element, parts: SplitResult) -> bool:
    """Whether a link that somebody typed shows the host it leads to, over https, and tells that host nothing."""
    host, is_open = parts.hostname or "", element.get("rel") == "noreferrer noopener external"
    return is_open and parts.scheme == "https" and bool(host) and host in text_of(element)


_RULES_OF_PARTS = (_forms, _labels, _drawings, _inline, _parts)
_RULES = (heading_and_title, _language, _help_link, _ids, *_RULES_OF_PARTS)
