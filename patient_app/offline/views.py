"""The manifest, the page that tells how to put the application on a home screen, and the choice of its name there."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from patient_app.accounts import preferences
from patient_app.core import faces, notices
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.offline.forms import FaceForm
from patient_app.offline.guide import likely
from patient_app.offline.manifest import manifest

bp = Blueprint("offline", __name__)

notices.register(
    "accounts.settings", name_kept=_l("Your choice is kept. An icon you added before may keep its old name.")
)


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
