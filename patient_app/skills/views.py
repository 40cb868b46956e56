"""The patient's own pages of exercises: finding one, doing it, reading back what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from patient_app.accounts import practice
from patient_app.consent import receipts
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, not_now, notices, outbox
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
    drawing,
    figures,
    forms,
    library,
    now_views,
    paper_views,
    plans,
    recording,
    service,
    sharing_views,
)
from patient_app.skills.answers import Said, lines_of
from patient_app.skills.blueprint import bp
from patient_app.skills.facts import Exercise, FigureKind, Kind
from patient_app.skills.forms import ExerciseForm, LinesForm
from patient_app.skills.from_phones import NOTHING_SAID, take_run
from patient_app.skills.parts import that_it_was_done
from patient_app.skills.service import OwnRun
from patient_app.skills.words import NEEDS

__all__ = ["assignment_views", "bp", "now_views", "paper_views", "sharing_views"]

A_WEEK = timedelta(days=6)  # With the day itself.

outbox.register("skills.save", take_run)

notices.register(
    "skills.show",
    skill_saved=_l("Saved."),
    skill_changed=_l("Changed. The earlier words are kept."),
    skill_lines=_l("Your choice is kept."),
    skill_back=_l("It is back, as it was."),
)


@bp.get("/skills")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def overview() -> ResponseReturnValue:
    """Show the exercises, found by what a person needs."""
    patient = viewer()
    aside = not_now.of(patient)
    offered = library.offered(aside, asks_about_use=profiles.profile_of(patient).asks_about_use)
    standing = assignments.standing(patient, _now(patient).day)
    assignment_views.keep_with_it(standing)
    given = [one for one in standing if not aside.covers(one.given.exercise.topics)]
    return render_page(
        "skills/library.html",
        needs=NEEDS,
        found=library.by_need(offered.needs, offered.exercises),
        given=given,
        exercises_aside=offered.exercises_aside,
        given_aside=[one for one in standing if one not in given],
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
            if forms.is_left_blank(request.form):  # There is nothing to keep, and whoever stops may go.
                return redirect(url_for("skills.overview"), 303)
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
    groups = figures.groups_of(runs, known)
    return render_page(
        "skills/done.html",
        groups=groups,
        drawings=[drawing.of_changes(group) for group in groups],
        closed_until=patient.entries_closed_until,
    )


@bp.get("/skills/runs/<uuid:run_id>")
@access(Permission.SKILLS_PRACTISE)
def show(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show what was written in a run, and who can see it."""
    patient = viewer()
    run, exercise = _own(patient, run_id)
    lines = lines_of(exercise, run.said.answers, run.said.kept)
    may_start = assignments.may_start(patient, exercise, _now(patient).day)
    who = sharing_views.standing_of(patient, run)
    return render_page(
        "skills/run.html",
        run=run,
        exercise=exercise,
        lines=lines,
        form=LinesForm(kept=run.said.kept).offer({line.field: line.question for line in lines}),
        change=figures.change_of(run, exercise),
        figure=_figure(patient, run, exercise),
        trials=_trials(patient, run, exercise),
        may_start=may_start,
        waves=figures.waves(lines),
        planned=plans.of_run(run_id) if patient.entries_closed_from is None else [],
        closed_until=patient.entries_closed_until,
        who=who,
        disciplines=DISCIPLINE_NAMES,
        when_read=practice.when_read(patient) if who.is_read_by_team else None,
        told_done=_told_done(patient, run, exercise),
        just_saved_words=request.args.get("done") in {"skill-saved", "skill-changed"},
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


@bp.get("/skills/runs/<uuid:run_id>/again")
@access(Permission.SKILLS_PRACTISE)
def again(run_id: uuid.UUID) -> ResponseReturnValue:
    """Show an exercise of repeated trials with the same ladder and the same step, to be done once more."""
    patient = viewer()
    run, exercise = _own(patient, run_id)
    assignments.startable(patient, exercise.id, _now(patient).day)  # Whoever may not start it may not repeat it.
    figure = exercise.figure
    if figure is None or not figure.of:
        raise NotFound
    repeated = {figure.of, *(asked.id for asked in exercise.fields if asked.kind is Kind.LADDER)}
    same = {name: answer for name, answer in run.said.answers.items() if name in repeated}
    return _form_page(patient, exercise, forms.filled(exercise, Said(same)))


@bp.get("/skills/signs")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def signs() -> ResponseReturnValue:
    """Show the person's own warning signs as a list by itself, as they wrote them last."""
    patient = viewer()
    return render_page("skills/signs.html", found=list(_signs(patient)), closed_until=patient.entries_closed_until)


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
    seeing = receipts.who_sees(patient, run.day, [that_it_was_done(exercise)])
    return [one.name for one in seeing if one.discipline is not None and not one.waits]  # Supporters read none of it.


def _figure(patient: Viewer, run: OwnRun, exercise: Exercise) -> tuple[int, int] | None:
    if exercise.figure is None:
        return None
    if exercise.figure.kind is FigureKind.SLEEP:
        return figures.sleep_of(run.said.answers)
    if exercise.figure.kind is FigureKind.TRIALS:  # Drawn, not counted.
        return None
    return figures.rhythm_of(service.own_answers(patient, exercise.id, run.day - A_WEEK, run.day))


def _trials(patient: Viewer, run: OwnRun, exercise: Exercise) -> drawing.Drawing | None:
    figure = exercise.figure
    if figure is None or figure.kind is not FigureKind.TRIALS or not run.said.answers.get(figure.of):
        return None
    most = next(asked.most for asked in exercise.fields if asked.id == figure.rated)
    told = service.own_told(patient, exercise.id)
    return drawing.of_trials(figures.trials_of(figure, told, run.said.answers), 100 if figure.column else most)


def _signs(patient: Viewer) -> Iterator[tuple[Exercise, date, list[str]]]:
    """Yield the exercises that ask for warning signs, with what was written last and when."""
    for exercise in library.startable():
        named = [asked.id for asked in exercise.fields if asked.signs]
        told = service.own_told(patient, exercise.id) if named else []
        newest = next(((day, answers) for day, answers in reversed(told) if answers.get(named[0])), None)
        if newest is not None:
            yield exercise, newest[0], [line for name in named for line in newest[1].get(name, [])]


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
