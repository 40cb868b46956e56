"""What the patients of the demonstration noticed of their medicines: two side effects, and notes of some weeks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from patient_app.core.clock import Moment
from patient_app.core.identity import Viewer
from patient_app.core.ids import new_id
from patient_app.effects import recording, weekly
from patient_app.effects.models import Source
from patient_app.effects.service import Said
from patient_app.effects.weekly import Answers
from patient_app.medications import regimen

# By patient and medicine: how many days ago it was noticed, what was said, and when it was over, if it is.
NOTICED: dict[tuple[str, str], tuple[int, Said, int | None]] = {
    ("patient", "sertraline"): (76, Said("nausea", severity=1, bother=2, note="Mostly in the morning."), 69),
    ("patient2", "lithium"): (34, Said("shaky", severity=3, bother=3, note="Both hands. I spill my tea."), None),
}
# By patient: so many days ago, how much the medicines help and bother, from 0 to 4, and own words.
WEEKS: dict[str, tuple[tuple[int, Answers], ...]] = {
    "patient": (
        (70, Answers(1, 3, "Sick in the morning, and nothing better yet.")),
        (49, Answers(2, 1)),
        (35, Answers(3, 1, "Two tablets suit me. Sleep comes back.")),
        (14, Answers(3, 0)),
    ),
    "patient2": (
        (41, Answers(2, 1)),
        (27, Answers(3, 2, "Steadier. My hands are the price of it.")),
        (13, Answers(3, 1)),
    ),
    "patient3": (
        (62, Answers(2, 1)),
        (20, Answers(4, 1, "Con la inyección no pienso en eso cada mañana.", words_about_use=True)),
        (6, Answers(4, 0)),
    ),
    "patient4": ((35, Answers(1, 1)), (21, Answers(2, None))),
}


def enter(short: str, patient: Viewer, _prescriber: Viewer, at: Callable[[int], Moment]) -> None:
    """Write what a patient noticed, as if on those days (`at` gives the moments). Needs a writing unit."""
    for medicine in regimen.own_medicines(patient):
        found = NOTICED.get((short, medicine.catalogue or ""))
        if found is not None:
            days_ago, said, over = found
            moment, effect_id, said = at(days_ago), new_id(), replace(said, medicine_id=medicine.id)
            source, when = Source.DEMONSTRATION, moment.occurred_at
            recording.record(patient, effect_id, said, moment, source=source, recorded_at=when)
            if over is not None:
                ended = replace(said, going_on=False)
                recording.change(patient, effect_id, ended, at(over), base=1, recorded_at=at(over).occurred_at)
    for days_ago, answers in WEEKS.get(short, ()):
        moment = at(days_ago)
        weekly.record(patient, new_id(), answers, moment, source=Source.DEMONSTRATION, recorded_at=moment.occurred_at)
