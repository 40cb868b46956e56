"""The patient's own pages of exercises: finding one, doing it, reading back what came of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.consent import receipts
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices, outbox
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.keeping import kept_in_each_release, kept_on_phone
from patient_app.core.pages import render_page
from patient_app.profile import service as profiles
from patient_app.skills import (
    assignment_views,
    assignments,
    figures,
    forms,
    library,
    now_views,
    paper_views,
    recording,
    service,
)
from patient_app.skills.answers import Said, lines_of
from patient_app.skills.blueprint import bp
from patient_app.skills.facts import Exercise, FigureKind
from patient_app.skills.forms import ExerciseForm, LinesForm, SharedForm
from patient_app.skills.from_phones import NOTHING_SAID, take_run
from patient_app.skills.parts import parts_of, that_it_was_done
from patient_app.skills.service import OwnRun
from patient_app.skills.words import NEEDS

__all__ = ["assignment_views", "bp", "now_views", "paper_views"]

A_WEEK = timedelta(days=6)  # With the day itself.

outbox.register("skills.save", take_run)

notices.register(
    "skills.show",
    skill_saved=_l("Saved."),
    skill_changed=_l("Changed. The earlier words are kept."),
    skill_lines=_l("Your choice is kept."),
    skill_back=_l("It is back, as it was."),
    skill_shared=_l("Shared, for those with whom you share exercises."),
    skill_private=_l("Only you can see this now."),
    skill_kind_shared=_l("From today on, what you do in this exercise is shared."),
    skill_kind_private=_l("This exercise is yours alone now, but for those you chose one by one."),
)


@bp.get("/skills")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def overview() -> ResponseReturnValue:
    """Show the exercises, found by what a person needs."""
    patient = viewer()
    asks_about_use = profiles.profile_of(patient).asks_about_use
    return render_page(
        "skills/library.html",
        needs=NEEDS,
        found=library.by_need(asks_about_use=asks_about_use),
        given=assignments.standing(patient, _now(patient).day),
    )


@bp.get("/skills/<string:exercise>")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
@kept_in_each_release(lambda: ({"exercise": one.id} for one in library.startable()))
def do(exercise: str) -> ResponseReturnValue:
    """Show an exercise: what it is, how long it takes, when to stop, and its steps."""
    patient = viewer()
    found = assignments.startable(patient, exercise, _now(patient).day)
    return _form_page(patient, found, forms.blank(found))


@bp.post("/skills/<string:exercise>")
@access(Permission.SKILLS_PRACTISE)
def save(exercise: str) -> ResponseReturnValue:
    """Store what was written, finished or not; the same sent again gives the same answer."""
    patient = viewer()
    found = assignments.storable(patient, exercise, _now(patient).day)
    form = forms.blank(found)
    if form.validate():
        try:
            when = moment(clock.now(), form.zone_or(patient.zone), patient.day_start_minutes)
            run_id = recording.record(patient, found, form.id.value, _said(form), when)
            return redirect(url_for("skills.show", run_id=run_id, done="skill-saved"), 303)
        except recording.NothingSaid:
            form.add_error("before", NOTHING_SAID)
        except recording.IdTaken:
            form.renew_id()
    return _form_page(patient, found, form), 422


@bp.get("/skills/done")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def done() -> ResponseReturnValue:
    """Show what the person did, by exercise, with how it was before and after."""
    patient = viewer()
    known = library.all_exercises()
    runs = [run for run in service.own_runs(patient) if run.exercise in known]
    return render_page(
        "skills/done.html",
        groups=figures.groups_of(runs, known),
        closed_until=patient.entries_closed_until,
    )


@bp.get("/skills/runs/<uuid:run_id>")
@access(Permission.SKILLS_PRACTISE)
def show(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show what was written in a run, and who can see it."""
    patient = viewer()
    run, exercise = _own(patient, run_id)
    lines = lines_of(exercise, run.said.answers, run.said.kept)
    in_question = patient.entries_closed_from is not None  # Then sharing names nobody.
    could_see = [] if in_question else receipts.who_sees(patient, run.day, parts_of(run.said))
    may_start = assignments.may_start(patient, exercise, _now(patient).day)
    return render_page(
        "skills/run.html",
        run=run,
        exercise=exercise,
        lines=lines,
        form=LinesForm(kept=run.said.kept).offer({line.field: line.question for line in lines}),
        change=figures.change_of(run, exercise),
        figure=_figure(patient, run, exercise),
        waves={line.field: figures.wave(line.marks) for line in lines if len(line.marks) > 1},
        closed_until=patient.entries_closed_until,
        could_see=could_see,
        disciplines=DISCIPLINE_NAMES,
        kind_shared=service.shared_from(patient, exercise.id) is not None and not in_question,
        when_read=practice.when_read(patient) if run.is_read and could_see else None,
        may_start=may_start,
        told_done=_told_done(patient, run, exercise),
    )


@bp.post("/skills/runs/<uuid:run_id>/lines")
@access(Permission.SKILLS_PRACTISE)
def keep_lines(run_id: uuid.UUID) -> ResponseReturnValue:
    """Keep some lines of a run to oneself, whoever may read the rest."""
    patient = viewer()
    run, exercise = _own(patient, run_id)
    form = LinesForm().offer(dict.fromkeys(run.said.answers, ""))
    if not form.validate():
        abort(400)
    recording.keep_lines(patient, exercise, run_id, frozenset(form.kept.data), _now(patient))
    return redirect(url_for("skills.show", run_id=run_id, done="skill-lines"), 303)


@bp.post("/skills/runs/<uuid:run_id>/shared")
@access(Permission.SKILLS_PRACTISE)
def share_run(run_id: uuid.UUID) -> ResponseReturnValue:
    """Let those with whom exercises are shared read one run, or nobody."""
    shared = _wants_shared()
    recording.set_shared(viewer(), run_id, shared=shared)
    return redirect(url_for("skills.show", run_id=run_id, done="skill-shared" if shared else "skill-private"), 303)


@bp.post("/skills/runs/<uuid:run_id>/kind")
@access(Permission.SKILLS_PRACTISE)
def share_kind(run_id: uuid.UUID) -> ResponseReturnValue:
    """Let them read whatever is done in this exercise from now on, or nothing of it."""
    patient, shared = viewer(), _wants_shared()
    _run, exercise = _own(patient, run_id)
    recording.share_kind(patient, exercise, _now(patient).day if shared else None)
    done = "skill-kind-shared" if shared else "skill-kind-private"
    return redirect(url_for("skills.show", run_id=run_id, done=done), 303)


@bp.get("/skills/runs/<uuid:run_id>/change")
@access(Permission.SKILLS_PRACTISE)
def change(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show the exercise again with what was written in a run."""
    patient = viewer()
    run, exercise = _own(patient, run_id)
    form = forms.filled(exercise, run.said, id=str(run_id), base=str(run.version))
    return _form_page(patient, exercise, form, run)


@bp.post("/skills/runs/<uuid:run_id>/change")
@access(Permission.SKILLS_PRACTISE)
def save_change(run_id: uuid.UUID) -> ResponseReturnValue:
    """Store a change as a new version; one that was changed elsewhere meanwhile is said so, and nothing is lost."""
    patient = viewer()
    run, exercise = _own(patient, run_id)
    form = forms.filled(exercise, run.said, id=str(run_id))
    if form.validate():
        try:
            said = form.said(finished=not _is_later(), kept=run.said.kept)
            base = form.base_version() or run.version
            recording.change(patient, exercise, run_id, said, _now(patient), base=base)
            return redirect(url_for("skills.show", run_id=run_id, done="skill-changed"), 303)
        except recording.NothingSaid:
            form.add_error("before", NOTHING_SAID)
        except recording.Stale:
            form.base.data = str(run.version)
            form.add_error("before", _l("You changed this on another device. Look at it once more, then save."))
    return _form_page(patient, exercise, form, run), 422


@bp.post("/skills/runs/<uuid:run_id>/remove")
@access(Permission.SKILLS_PRACTISE)
def remove(run_id: uuid.UUID) -> ResponseReturnValue:
    """Take a run away; done twice it stays away."""
    recording.remove(viewer(), run_id)
    return redirect(url_for("skills.removed", run_id=run_id), 303)


@bp.get("/skills/runs/<uuid:run_id>/removed")
@access(Permission.SKILLS_PRACTISE)
def removed(run_id: uuid.UUID) -> ResponseReturnValue:
    """Say that it is gone, and offer to bring it back."""
    recording.was_removed(viewer(), run_id)
    return render_page("skills/removed.html", run_id=run_id)


@bp.post("/skills/runs/<uuid:run_id>/bring-back")
@access(Permission.SKILLS_PRACTISE)
def bring_back(run_id: uuid.UUID) -> ResponseReturnValue:
    """Undo taking it away."""
    recording.bring_back(viewer(), run_id)
    return redirect(url_for("skills.show", run_id=run_id, done="skill-back"), 303)


def _own(patient: Viewer, run_id: uuid.UUID) -> tuple[OwnRun, Exercise]:
    run = service.own_run(patient, run_id)
    exercise = library.all_exercises().get(run.exercise)
    if exercise is None:  # Its file was taken away since.
        raise NotFound
    return run, exercise


def _told_done(patient: Viewer, run: OwnRun, exercise: Exercise) -> list[str]:
    """Return who can see that the run was done, since it was given to the patient."""
    if not assignments.is_counted(patient, run.id):
        return []
    return [one.name for one in receipts.who_sees(patient, run.day, [that_it_was_done(exercise)]) if not one.waits]


def _figure(patient: Viewer, run: OwnRun, exercise: Exercise) -> tuple[int, int] | None:
    if exercise.figure is None:
        return None
    if exercise.figure.kind is FigureKind.SLEEP:
        return figures.sleep_of(run.said.answers)
    return figures.rhythm_of(service.own_answers(patient, exercise.id, run.day - A_WEEK, run.day))


def _wants_shared() -> bool:
    form = SharedForm()
    if not form.validate() or form.shared.data is None:  # Two buttons are all that the page offers.
        abort(400)
    return bool(form.shared.data == forms.YES)


def _said(form: ExerciseForm) -> Said:
    return form.said(finished=not _is_later())


def _is_later() -> bool:
    return request.form.get("finish") == forms.LATER


def _form_page(patient: Viewer, exercise: Exercise, form: ExerciseForm, run: OwnRun | None = None) -> str:
    return render_page(
        "skills/exercise.html",
        exercise=exercise,
        form=form,
        run=run,
        asks_about_use=exercise.about_use or profiles.profile_of(patient).asks_about_use,
    )


def _now(patient: Viewer) -> clock.Moment:
    return moment(clock.now(), patient.zone, patient.day_start_minutes)
