"""Who may read what was written in an exercise, as its author says: of one run, or of the exercise from now on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from patient_app.consent import receipts
from patient_app.consent.receipts import Sees
from patient_app.consent.words import DISCIPLINE_NAMES
from patient_app.core import clock, notices
from patient_app.core.access import Permission, access
from patient_app.core.clock import moment
from patient_app.core.errors import NotFound
from patient_app.core.identity import Viewer, viewer
from patient_app.core.ids import parse_id
from patient_app.skills import forms, library, readers, recording, service
from patient_app.skills.blueprint import bp
from patient_app.skills.forms import SharedForm, WhoForm
from patient_app.skills.parts import parts_of
from patient_app.skills.readers import TEAM, Chosen
from patient_app.skills.service import OwnRun

notices.register(
    "skills.show",
    skill_shared=_l("Shared, for those with whom you share skills."),
    skill_private=_l("Only you can see this now."),
    skill_kind_shared=_l("From today on, what you do in this exercise is shared."),
    skill_kind_private=_l("This exercise is yours alone now, but for those you chose one by one."),
    skill_who=_l("Your choice is kept."),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """Who can read a run: for whom the person said it is, who of these a consent reaches, and whom one could reach.

    `kind` is for whom the exercise as a whole is now. A session in question is told no name; what it wrote is shown to
    nobody, whatever was chosen.
    """

    chosen: Chosen
    kind: Chosen
    reads: list[Sees]
    could: list[Sees]
    form: WhoForm | None
    finished: bool

    @property
    def is_read_by_team(self) -> bool:
        """Whether somebody who gives care reads it."""
        return self.finished and any(one.discipline is not None for one in self.reads)


def standing_of(patient: Viewer, run: OwnRun) -> Standing:
    """Return who can read one of the patient's own runs."""
    if patient.entries_closed_from is not None or run.while_closed:
        return Standing(Chosen(), Chosen(), [], [], None, run.said.finished)
    could = receipts.who_sees(patient, run.day, parts_of(run.said))
    chosen = readers.of_run(patient, run)
    form = WhoForm(readers=chosen.words).offer(_offered(could)) if could else None
    kind = readers.of_kind(patient, run.exercise, _today(patient))
    return Standing(chosen, kind, chosen.among(could), could, form, run.said.finished)


@bp.post("/skills/runs/<uuid:run_id>/shared")
@access(Permission.SKILLS_PRACTISE)
def share_run(run_id: uuid.UUID) -> ResponseReturnValue:
    """Let those of the team with whom exercises are shared read one run, or nobody."""
    shared = _wants_shared()
    recording.set_shared(viewer(), run_id, shared=shared)
    return redirect(url_for("skills.show", run_id=run_id, done="skill-shared" if shared else "skill-private"), 303)


@bp.post("/skills/runs/<uuid:run_id>/kind")
@access(Permission.SKILLS_PRACTISE)
def share_kind(run_id: uuid.UUID) -> ResponseReturnValue:
    """Let them read whatever is done in this exercise from now on, or nobody anything of it."""
    patient, shared = viewer(), _wants_shared()
    run = service.own_run(patient, run_id)
    _choose_for_kind(patient, run, Chosen(team=shared))
    done = "skill-kind-shared" if shared else "skill-kind-private"
    return redirect(url_for("skills.show", run_id=run_id, done=done), 303)


@bp.post("/skills/runs/<uuid:run_id>/who")
@access(Permission.SKILLS_PRACTISE)
def choose_readers(run_id: uuid.UUID) -> ResponseReturnValue:
    """Let the people who are ticked read one run, or what is done in its exercise from now on, and nobody else."""
    patient = viewer()
    run = service.own_run(patient, run_id)
    could = receipts.who_sees(patient, run.day, parts_of(run.said))
    form = WhoForm().offer(_offered(could))
    if not form.validate() or form.of.data is None:  # The page offers nobody else; somebody may have left meanwhile.
        abort(400)
    ids = (parse_id(word) for word in form.readers.data if word != TEAM)
    chosen = Chosen(TEAM in form.readers.data, frozenset(one for one in ids if one is not None))
    if form.of.data == forms.KIND:
        _choose_for_kind(patient, run, chosen)
    else:
        readers.choose_for_run(patient, run_id, chosen)
    return redirect(url_for("skills.show", run_id=run_id, done="skill-who"), 303)


def _choose_for_kind(patient: Viewer, run: OwnRun, chosen: Chosen) -> None:
    exercise = library.all_exercises().get(run.exercise)
    if exercise is None:  # Its file was taken away since.
        raise NotFound
    readers.choose_for_kind(patient, exercise, _today(patient), chosen)


def _offered(could: list[Sees]) -> list[tuple[str, str]]:
    """Return what can be picked: the team, where one of it can read at all, and each person by name."""
    team = any(one.discipline is not None for one in could)
    people = [(str(one.id), _named(one)) for one in could if one.id is not None]
    return [*([(TEAM, gettext("All of my care team with whom I share skills"))] if team else []), *people]


def _named(one: Sees) -> str:
    return one.name if one.discipline is None else f"{one.name}, {DISCIPLINE_NAMES[one.discipline]}"


def _wants_shared() -> bool:
    form = SharedForm()
    if not form.validate() or form.shared.data is None:  # Two buttons are all that the page offers.
        abort(400)
    return bool(form.shared.data == forms.YES)


def _today(patient: Viewer) -> date:
    return moment(clock.now(), patient.zone, patient.day_start_minutes).day
