"""What a phone may keep to be read without a network: the one registration of such pages, and whose they are.

A view says so itself, under its access marker:

    @bp.get("/safety")
    @access(Permission.SAFETY_PLAN_MANAGE)
    @kept_on_phone
    def show() -> ...

The worker in the browser (service_worker/) keeps the page, encrypted, each time it is read; an address without a
variable part it also fetches by itself, so that it is there the first time it is needed. Only a patient's own pages
are ever kept, and on a device that several people share none are: there the answer bears no word about keeping.
Readers' pages (clinicians', supporters') cannot be registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, has_request_context, request
from werkzeug.exceptions import HTTPException

from patient_app.core import letterbox
from patient_app.core.access import PERMITTED, Permission, policy_of
from patient_app.core.config import Config
from patient_app.core.errors import UNREACHABLE
from patient_app.core.identity import Stage, Viewer, viewer_or_none
from patient_app.core.ids import parse_id
from patient_app.core.logs import logger
from patient_app.core.roles import Role

# What the worker goes by. The tag says whose a page is, and tells nothing to who reads it.
PERSON, KEEP, KEEP_TOO = "Tandem-Person", "Tandem-Keep", "Tandem-Keep-Too"
# Whoever may open these is a patient, or nobody in particular.
_OWN_PAGES = frozenset({Role.PATIENT})
_SENT_SECONDS = 24 * 60 * 60
_KEPT_SECONDS = 400 * 24 * 60 * 60  # The longest that browsers keep a cookie.

_View = TypeVar("_View", bound=Callable[..., Any])


def kept_on_phone(view: _View) -> _View:
    """Register a view: a patient's phone keeps its page."""
    view.kept_on_phone = True  # type: ignore[attr-defined]
    return view


def kept_in_each_release(values: Callable[[], Iterable[dict[str, str]]]) -> Callable[[_View], _View]:
    """Say of a registered view with a variable part which of its pages a phone fetches by itself, once in a release.

    For pages that hold nothing of a person's and change only with the release; `values` gives what stands in each
    address.
    """

    def mark(view: _View) -> _View:
        view.kept_values = values  # type: ignore[attr-defined]
        return view

    return mark


def keep_too(addresses: Iterable[str]) -> None:
    """Name, on a registered page, other registered pages that a phone is to have with it, and fetches where it has not.

    For pages with a variable part of which one person has some. Those that no page names any more which a phone fetches
    by itself are let go of.
    """
    g.keep_too = " ".join(addresses)


@dataclass(frozen=True, slots=True)
class Phone:
    """What a page tells its scripts: whose it is, to what they seal, and whether this device may keep anything."""

    tag: str
    letterbox: str
    keeps: bool
    is_shared: bool


def init_app(app: Flask) -> None:
    """Say on each page whose it is, and whether it may be kept."""
    app.after_request(_say_whose)
    app.after_request(_say_taken)


def check_registered(app: Flask) -> None:
    """Raise if a page is registered that others than a patient could be shown as their own. Called last."""
    for endpoint in sorted(app.view_functions):
        policy = policy_of(app, endpoint)
        if is_registered(app, endpoint) and policy is not None:
            open_to = PERMITTED[policy.permission]
            if open_to != _OWN_PAGES and policy.permission not in {Permission.PUBLIC, Permission.ACCOUNT_MANAGE}:
                raise RuntimeError(f"{endpoint} cannot be kept on a phone: it is not a patient's own page.")


def is_registered(app: Flask, endpoint: str | None) -> bool:
    """Whether the page of an endpoint may be kept."""
    return getattr(app.view_functions.get(endpoint or ""), "kept_on_phone", False) is True


def addresses(app: Flask) -> list[str]:
    """Return the addresses that a phone fetches by itself: all that are registered and have no variable part."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if is_registered(app, rule.endpoint) and not rule.arguments and "GET" in (rule.methods or ())
    )


def lasting_addresses(app: Flask) -> list[str]:
    """Return the addresses that a phone fetches by itself once in each release (`kept_in_each_release`)."""
    addressed = app.url_map.bind("")
    return sorted(
        addressed.build(endpoint, each)
        for endpoint, view in app.view_functions.items()
        if is_registered(app, endpoint) and hasattr(view, "kept_values")
        for each in view.kept_values()
    )


def is_looked_at() -> bool:
    """Whether somebody opens the page of this request: a phone also fetches registered pages by itself, to have them.

    What a page tells counts as told only where it is looked at. A browser that does not say is taken to show it (before
    Safari 16.4).
    """
    return request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"


def phone() -> Phone | None:
    """Return what the page of this request tells its scripts; None for who is not signed in, or only half-way."""
    person = viewer_or_none() if has_request_context() else None
    if person is None or person.stage is not Stage.FULL or person.superseded:
        return None
    if "phone" not in g:
        g.phone = _phone_of(person)
    told: Phone | None = g.phone
    return told


def _phone_of(person: Viewer) -> Phone | None:
    is_shared = device_is_shared()
    try:
        tag, public_key = letterbox.person_tag(person.id), letterbox.public_key()
    except UNREACHABLE as fault:  # Help must open when everything else is broken.
        logger().error("keys not reached", exc_info=fault)
        return None
    return Phone(tag, public_key, _keeps(person) and not is_shared, is_shared)


def device_is_shared() -> bool:
    """Whether somebody said that several people use this device."""
    return request.cookies.get(cookie_name(_config())) == "yes"


def say_shared(response: Response, *, is_shared: bool) -> None:
    """Have this device remember that several people use it; the word stays when they sign out."""
    response.set_cookie(
        cookie_name(_config()),
        "yes" if is_shared else "",
        max_age=_KEPT_SECONDS if is_shared else 0,
        path="/",
        secure=_config().secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def cookie_name(config: Config) -> str:
    """Return the name of the cookie; only a plain-http localhost goes without the `__Host-` prefix."""
    return "__Host-shared" if config.secure_cookies else "shared"


def _keeps(person: Viewer) -> bool:
    """Whether pages of this person are kept: a patient's, but not while it is in question who they are."""
    return person.role is Role.PATIENT and person.entries_closed_from is None


def _say_whose(response: Response) -> Response:
    told = phone() if request.method == "GET" and response.mimetype == "text/html" else None
    if told is not None:
        response.headers[PERSON] = told.tag
        if told.keeps and response.status_code == HTTPStatus.OK and is_registered(current_app, request.endpoint):
            response.headers[KEEP] = "yes"
            if "keep_too" in g:
                response.headers[KEEP_TOO] = g.keep_too
    return response


def _say_taken(response: Response) -> Response:
    """Name the draft whose form was taken, so that the phone forgets it: in a cookie with its random id, nothing else.

    A form that was refused (422), or came without a session (401), is not taken: its draft stays.
    """
    if request.method == "POST" and response.status_code == HTTPStatus.SEE_OTHER and (sent := _draft_sent()):
        draft = parse_id(sent)
        person = viewer_or_none()
        is_led_away = (
            person is None or person.stage is not Stage.FULL or person.entries_closed_from or person.superseded
        )
        if draft is not None and not is_led_away:
            response.set_cookie(
                _sent_name(_config()),
                str(draft),
                max_age=_SENT_SECONDS,
                path="/",
                secure=_config().secure_cookies,
                samesite="Lax",  # Read by the page's own script, which takes it away: static/js/phone/drafts.js.
            )
    return response


def _draft_sent() -> str | None:
    try:
        return request.form.get("draft")
    except HTTPException:  # Too large to be read, and its view did not have to.
        return None


def _sent_name(config: Config) -> str:
    return "__Host-sent" if config.secure_cookies else "sent"


def _config() -> Config:
    config = current_app.extensions["tandem"].config
    assert isinstance(config, Config)  # noqa: S101 - narrows the type.
    return config
