"""The plain words for categories, disciplines and levels, wherever a person reads about sharing."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.consent.categories import Category, Level
from patient_app.core.roles import Discipline

CATEGORY_NAMES: dict[Category, LazyString] = {
    Category.MOOD: _l("Mood"),
    Category.NOTES: _l("Notes"),
    Category.SUBSTANCE_USE: _l("Alcohol and drugs"),
    Category.MEDICATIONS: _l("Medicines"),
    Category.SKILLS: _l("Skills"),
    Category.MEASURES: _l("Questionnaires"),
    Category.PLAN: _l("Plan"),
    Category.SAFETY_PLAN: _l("Safety plan"),
}

CATEGORY_HINTS: dict[Category, LazyString] = {
    Category.MOOD: _l("How you feel when you check in."),
    Category.NOTES: _l(
        "The words you write, all of them. A note about alcohol or drugs is only shown where both are shared."
    ),
    Category.SUBSTANCE_USE: _l("Cravings, and whether you drank or used. A law protects this part more strictly."),
    Category.MEDICATIONS: _l("What you take and whether you took it."),
    Category.SKILLS: _l("Exercises you did."),
    Category.MEASURES: _l("Answers to questionnaires."),
    Category.PLAN: _l("Your goals and steps."),
    Category.SAFETY_PLAN: _l("Your plan for hard moments."),
}

LEVEL_NAMES: dict[Level, LazyString] = {
    Level.DETAIL: _l("each check-in"),
    Level.SUMMARY: _l("a summary of each week"),
}

DISCIPLINE_NAMES: dict[Discipline, LazyString] = {
    Discipline.PRESCRIBER: _l("prescriber"),
    Discipline.THERAPIST: _l("therapist"),
    Discipline.ADDICTION_SPECIALIST: _l("addiction specialist"),
    Discipline.NURSE: _l("nurse"),
    Discipline.CASE_MANAGER: _l("case manager"),
    Discipline.PEER_SPECIALIST: _l("peer specialist"),
}

YOUR_DISCIPLINE: dict[Discipline, LazyString] = {
    Discipline.PRESCRIBER: _l("Your prescriber"),
    Discipline.THERAPIST: _l("Your therapist"),
    Discipline.ADDICTION_SPECIALIST: _l("Your addiction specialist"),
    Discipline.NURSE: _l("Your nurse"),
    Discipline.CASE_MANAGER: _l("Your case manager"),
    Discipline.PEER_SPECIALIST: _l("Your peer specialist"),
}
