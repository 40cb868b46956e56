"""The supporters' pages. Every reading goes through `reading`, which decides and records."""

from __future__ import annotations

import uuid

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from patient_app.accounts import practice
from patient_app.consent.categories import Category
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer, viewer_or_none
from patient_app.core.pages import render_page
from patient_app.reading import service as reading
from patient_app.reading import silence, skill_words, skills, words
from patient_app.supporting import guide, service
from patient_app.supporting.words import in_kind_words, which_days

bp = Blueprint("supporting", __name__)

# The patient's "See what they see" draws the same part of a page, and is to say the same.
bp.add_app_template_filter(in_kind_words)
bp.add_app_template_filter(which_days)
# Read at start: a missing or broken file is noticed before anybody needs it.
guide.tonight()
guide.poison_help()


@bp.get("/supporting")
@access(Permission.SUPPORTED_READ)
def overview() -> ResponseReturnValue:
    """List the people who confirmed this supporter; no entry is read here."""
    supporter = viewer()
    people = reading.supported_people(supporter)
    return render_page(
        "supporting/overview.html",
        people=people,
        waiting=service.waits_for_confirmation(supporter),
        told=silence.waiting(supporter),
        shared_categories=words.shared_categories,
        protected=service.scope_of_substance_use(people),
        tonight=guide.tonight(),
    )


@bp.get("/supporting/<uuid:patient_id>")
@access(Permission.SUPPORTED_READ, records=True)
def person(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show what one person asks of this supporter, and what they share."""
    shared = reading.read_supported(viewer(), patient_id, until=words.until_of(request.args.get("until")))
    shows_skills = Category.SKILLS in shared.grants.categories
    return render_page(
        "supporting/person.html", tonight=guide.tonight(), shows_skills=shows_skills, **words.page_words(shared)
    )


@bp.get("/supporting/<uuid:patient_id>/skills")
@access(Permission.SUPPORTED_READ, records=True)
def exercises(patient_id: uuid.UUID) -> ResponseReturnValue:
    """Show the exercises that one person chose to show to this supporter."""
    shared = skills.read_skills(viewer(), patient_id)
    return render_page("supporting/skills.html", patient_id=patient_id, **skill_words.page_words(shared))


@bp.get("/supporting/told")
@access(Permission.SUPPORTED_READ, records=True)
def told() -> ResponseReturnValue:
    """Show what this supporter was told when somebody did not check in, because that person asked for it."""
    return render_page(
        "follow_up/told.html",
        found=silence.told_to(viewer()),
        page="supporting.person",
        back=url_for("supporting.overview"),
        back_label=_("People I support"),
    )


@bp.get("/supporting/worried")
@access(Permission.SUPPORTED_READ)
def worried() -> ResponseReturnValue:
    """Ask first whether anyone is in danger now; nothing is sent from here."""
    return render_page("supporting/worried.html", about=request.args.get("about", ""))


@bp.get("/supporting/worried/now")
@access(Permission.PUBLIC)
def danger() -> ResponseReturnValue:
    """Show what to do when somebody else is in danger now: like the help page, also without sign-in or database."""
    person = viewer_or_none()
    reachable = practice.reachable(person.practice_id if person else None, ask=not g.get("database_failed"))
    return render_template("supporting/danger.html", poison=guide.poison_help(), reachable=reachable)
