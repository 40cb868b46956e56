"""The application on a phone: manifest, worker, what it keeps and what waits there, its name on the home screen."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask, Response, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from patient_app.accounts import preferences
from patient_app.core import faces, i18n, keeping, notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.offline import outbox_views
from patient_app.offline.blueprint import bp
from patient_app.offline.forms import FaceForm, SharedForm
from patient_app.offline.guide import likely
from patient_app.offline.manifest import manifest
from patient_app.offline.worker_script import joined

__all__ = ["bp", "outbox_views"]

notices.register(
    "accounts.settings", name_kept=_l("Your choice is kept. An icon you added before may keep its old name.")
)
notices.register(
    "offline.phone",
    shared=_l("This phone keeps nothing to read from now on. What waits to be sent stays locked until it is sent."),
    not_shared=_l("This phone keeps your pages again, locked to you."),
)

# What a page may name; the style guide is for who develops, and readers' pages are not for without a network.
_NOT_NEEDED = frozenset({"css/styleguide.css", "css/staff.css"})
_PUBLIC_PAGES = ("/help", "/locked", "/offline")


def init_app(app: Flask) -> None:
    """Join the worker's script, once all pages are registered. Raise when it cannot be joined."""
    files = app.extensions["static_files"]
    named = [name for name in files.files if _belongs_to_pages(name)]
    titles, bodies = i18n.in_every_language("Reminder"), i18n.in_every_language("You have a reminder")
    settings = {
        "release": files.release,
        "files": [files.address(name) for name in named],
        "public": list(_PUBLIC_PAGES),
        "plain": {language: (title, bodies[language]) for language, title in titles.items()},
        "keep": keeping.addresses(app),
        "lasting": keeping.lasting_addresses(app),
        "start": "/today",
        "signIn": "/sign-in",
    }
    here = Path(app.root_path)
    app.extensions["worker_script"] = joined(
        "main.js", (here.parent / "service_worker", here / "static" / "js" / "phone"), settings
    )


def _belongs_to_pages(name: str) -> bool:
    if name.startswith(("css/", "js/")):
        return name not in _NOT_NEEDED
    return name == "icons/sprite.svg" or (name.startswith("icons/app/") and name.endswith(".svg"))


@bp.get("/sw.js")
@access(Permission.PUBLIC)
def show_worker() -> Response:
    """Give the worker's script: the same bytes whoever asks, and others with each release."""
    response = Response(current_app.extensions["worker_script"], content_type="text/javascript; charset=utf-8")
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/offline")
@access(Permission.PUBLIC)
def no_network() -> ResponseReturnValue:
    """Say that there is no network, and where to go; every phone keeps this page."""
    return render_page("offline/no_network.html")


@bp.get("/locked")
@access(Permission.PUBLIC)
def locked() -> ResponseReturnValue:
    """Ask for the PIN of a phone's lock; every phone keeps this page, and its worker gives it where one is locked."""
    return render_page("offline/locked.html")


@bp.get("/settings/lock")
@access(Permission.PROFILE_MANAGE)
@kept_on_phone
def lock() -> ResponseReturnValue:
    """Set a lock, or take it away: its scripts do that on the phone, the server knows nothing of it."""
    return render_page("offline/lock.html", is_shared=keeping.device_is_shared())


@bp.get("/waiting")
@access(Permission.OUTBOX_SEND)
@kept_on_phone
def waiting() -> ResponseReturnValue:
    """Show what waits on this phone: its scripts fill the list, the server knows nothing of it."""
    return render_page("offline/waiting.html")


@bp.get("/settings/phone")
@access(Permission.ACCOUNT_MANAGE)
@kept_on_phone
def phone() -> ResponseReturnValue:
    """Tell what is kept on this phone, and take it away."""
    return render_page("offline/phone.html", is_shared=keeping.device_is_shared())


@bp.post("/settings/phone")
@access(Permission.ACCOUNT_MANAGE)
def save_phone() -> ResponseReturnValue:
    """Keep nothing to read on this device any more, since several people use it; or keep again."""
    form = SharedForm()
    if not form.validate():  # Two buttons are all that the page offers.
        abort(400)
    is_shared = form.shared.data == "yes"
    response = redirect(url_for("offline.phone", done="shared" if is_shared else "not-shared"), 303)
    assert isinstance(response, Response)  # noqa: S101 - narrows Werkzeug's type to Flask's.
    keeping.say_shared(response, is_shared=is_shared)
    return response


@bp.get("/manifest.webmanifest")
@access(Permission.PUBLIC)
def show_manifest() -> Response:
    """Describe the application under the face that the address names: the same bytes whoever asks."""
    face, locale = faces.named(request.args.get("as")), get_locale()
    address = current_app.extensions["static_files"].address
    language, direction = (str(locale), locale.text_direction) if locale else ("en", "ltr")
    made = json.dumps(manifest(face, address, language, direction), ensure_ascii=False)
    response = Response(made, content_type="application/manifest+json")
    response.headers["Vary"] = "Accept-Language"
    response.add_etag()
    response.make_conditional(request)  # Answers 304 to a browser that has it.
    return response


@bp.get("/install")
@access(Permission.PUBLIC)
def install() -> ResponseReturnValue:
    """Tell how to put the application on a home screen; the reader's own way stands open."""
    ways = likely(request.headers.get("User-Agent", ""), request.headers.get("Sec-CH-UA-Platform", ""))
    return render_page("offline/install.html", likely=ways)


@bp.get("/settings/name")
@access(Permission.ACCOUNT_MANAGE)
def name() -> ResponseReturnValue:
    """Show under which names and icons the application can stand on a phone."""
    return _name_page(FaceForm(shown_as=faces.current().word)), 200


@bp.post("/settings/name")
@access(Permission.ACCOUNT_MANAGE)
def save_name() -> ResponseReturnValue:
    """Keep the choice; this page already bears it."""
    form = FaceForm()
    if not form.validate():
        return _name_page(form), 422
    preferences.show_as(viewer(), form.shown_as.data)
    return redirect(url_for("accounts.settings", done="name-kept"), 303)


def _name_page(form: FaceForm) -> str:
    return render_page("offline/name.html", form=form, faces=list(faces.FACES.values()))
