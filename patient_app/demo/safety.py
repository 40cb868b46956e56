"""The safety plan of the first patient of the demonstration, made with her therapist and changed once."""

from __future__ import annotations

from datetime import date

from patient_app.safety.models import Step
from patient_app.safety.plan import Contact, MadeWith, StepWords

# Days ago, and what was written then.
WRITTEN: tuple[tuple[int, Step, StepWords], ...] = (
    (58, Step.SIGNS, StepWords(text="I stop answering messages.\nI feel like a burden.")),
    (58, Step.ALONE, StepWords(text="Walk the dog around the lake.\nA hot shower.\nThe quiet piano record.")),
    (
        58,
        Step.PLACES,
        StepWords(
            text="The reading room in the library.\nThe bench by the lake.",
            contacts=(Contact("My sister Ana", "555 0162"),),
        ),
    ),
    (58, Step.PEOPLE, StepWords(contacts=(Contact("Marcus", "555 0147"), Contact("Ana", "555 0162")))),
    (58, Step.PROFESSIONALS, StepWords(contacts=(Contact("Sam, after group", "555 0118"),))),
    (
        58,
        Step.SAFER,
        StepWords(text="Marcus keeps what I do not want near me.\nNo bottles at home.", about_use=True),
    ),
    (58, Step.MADE, StepWords(made_with=MadeWith.TEAM)),
    (
        30,
        Step.SIGNS,
        StepWords(text="I stop answering messages.\nI feel like a burden.\nI cancel the dog walk."),
    ),
)


def naloxone(today: date) -> StepWords:
    """Return where hers is: it expires in about a year."""
    return StepWords(
        text="Hall table, top drawer. Marcus knows.", expires=f"{today.year + 1}-{today.month:02}", about_use=True
    )
