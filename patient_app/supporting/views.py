"""The supporters' pages. Every reading goes through `reading`, which decides and records."""

from __future__ import annotations

import uuid

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.pages import render_page
from patient_app.reading import service as reading
from patient_app.reading import words
from patient_app.supporting import service

bp = Blueprint("supporting", __name__)


@bp.get("/supporting")
@access(Permission.SUPPORTED_READ)
def overview() -> ResponseReturnValue:
    """List the people who confirmed this supporter; no entry is read here."""
    supporter = viewer()
    return render_page(
        "supporting/overview.html",
        people=reading.supported_people(supporter),
        waiting=service.waits_for_confirmation(supporter),
        shared_categories=words.shared_categories,
    )


@bp.get("/supporting/<uuid:patient_id>")
@access(Permission.SUPPORTED_READ, records=True)
def person(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what helps one person, and what they share with this supporter."""
    shared = reading.read_supported(viewer(), patient_id, until=words.until_of(request.args.get("until")))
    return render_page("supporting/person.html", **words.page_words(shared))
