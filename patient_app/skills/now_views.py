"""What helps right now: a few taps, three exercises, and why these. Nothing of what is asked here is stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.core import not_now
from patient_app.core.access import Permission, access
from patient_app.core.identity import viewer
from patient_app.core.keeping import kept_on_phone
from patient_app.core.pages import render_page
from patient_app.profile import service as profiles
from patient_app.skills import figures, library, service
from patient_app.skills.blueprint import bp
from patient_app.skills.facts import Exercise
from patient_app.skills.helping import Now, Offer, offers, on_a_hard_day
from patient_app.skills.words import NEEDS

STRENGTHS = {"3": _l("A little"), "6": _l("Quite a bit"), "9": _l("Very strong")}
MINUTES = {"2": _l("Two minutes"), "5": _l("Five minutes"), "20": _l("More")}
PLACES = {"alone": _l("Alone"), "people": _l("With people")}


@bp.post("/skills/now")
@access(Permission.SKILLS_PRACTISE, reads=True)
def what_helps() -> ResponseReturnValue:
    """Show three exercises for what was said. It is a POST so that what is felt stands in no address."""
    now = _asked()
    return _page(now, nothing_picked=now is None)


@bp.get("/skills/now")
@access(Permission.SKILLS_PRACTISE)
@kept_on_phone
def ask_now() -> ResponseReturnValue:
    """Ask what is felt, how strong it is, how much time there is, and who is around.

    Below stand three for each need, as they come where nothing else is said: a phone keeps them, for a place without a
    network.
    """
    return _page(None)


def _page(now: Now | None, *, nothing_picked: bool = False) -> str:
    patient = viewer()
    offered = library.offered(not_now.of(patient), asks_about_use=profiles.profile_of(patient).asks_about_use)
    known = library.all_exercises()
    runs = [run for run in service.own_runs(patient) if run.exercise in known]
    history = figures.groups_of(runs, known)
    every = [*offered.exercises, *offered.exercises_aside]

    def straight(needs: Iterable[str], exercises: Sequence[Exercise]) -> list[tuple[LazyString, list[Offer]]]:
        return [(NEEDS[need], offers(Now(need), exercises, history)) for need in needs if now is None]

    # A need that is put aside and was picked all the same is asked for by name.
    among = every if now is not None and now.need in offered.needs_aside else offered.exercises
    return render_page(
        "skills/now.html",
        asked=request.form if now is not None else {},
        # Who presses the button and picked nothing gets three all the same: those for a hard day.
        found=offers(now, among, history) if now else on_a_hard_day(among, history) if nothing_picked else [],
        nothing_picked=nothing_picked,
        needs={need: NEEDS[need] for need in offered.needs},
        needs_aside={need: NEEDS[need] for need in offered.needs_aside},
        straight=straight(offered.needs, offered.exercises),
        straight_aside=straight(offered.needs_aside, every),
        strengths=STRENGTHS,
        minutes=MINUTES,
        places=PLACES,
        is_strong=now is not None and request.form.get("strength") == "9",
    )


def _asked() -> Now | None:
    need, strength, minutes = (request.form.get(name) for name in ("need", "strength", "minutes"))
    if need not in NEEDS:
        return None
    return Now(
        need=need,
        strength=int(strength) if strength in STRENGTHS else None,
        minutes=int(minutes) if minutes in MINUTES else None,
        with_people=request.form.get("place") == "people",
    )
