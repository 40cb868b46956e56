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
    Category.PLAN: _l("Visits"),
    Category.SAFETY_PLAN: _l("Safety plan"),
}

CATEGORY_HINTS: dict[Category, LazyString] = {
    Category.MOOD: _l(
        "How you feel when you check in: mood, sleep, anxiety, energy. If alcohol and drugs play no part for you, also "
        "what made it harder and what helped."
    ),
    Category.NOTES: _l(
        "The words you write, all of them. A note about alcohol or drugs is only shown where both are shared."
    ),
    Category.SUBSTANCE_USE: _l(
        "Cravings; if you drank or used, what, and how much; what made it harder, and what helped. A law protects this "
        "part more strictly."
    ),
    Category.MEDICATIONS: _l(
        "What you take and what for, each change with its reason, and what you logged of it. A medicine for alcohol or "
        "drugs also needs alcohol and drugs to be shared."
    ),
    Category.SKILLS: _l(
        "Skills you tried, but only those that you show, one by one or by kind, with your words. If one is about "
        "drinking or use, that part has to be shared too."
    ),
    Category.MEASURES: _l("Answers to questionnaires."),
    Category.PLAN: _l(
        "Whom you meet, when and where. Who meets you sees that one all the same. If one is about drinking or drugs, "
        "that part has to be shared too."
    ),
    Category.SAFETY_PLAN: _l(
        "Your plan for hard moments, with the people you named. A step that is about alcohol and drugs also needs "
        "alcohol and drugs to be shared."
    ),
}

# The same for whom alcohol and drugs play no part: these words are not put before them.
HINTS_WITHOUT_USE: dict[Category, LazyString] = {
    **CATEGORY_HINTS,
    Category.MOOD: _l(
        "How you feel when you check in: mood, sleep, anxiety, energy. Also what made it harder and what helped."
    ),
    Category.NOTES: _l("The words you write, all of them."),
    Category.MEDICATIONS: _l("What you take and what for, each change with its reason, and what you logged of it."),
    Category.PLAN: _l("Whom you meet, when and where. Who meets you sees that one all the same."),
    Category.SAFETY_PLAN: _l("Your plan for hard moments, with the people you named."),
    Category.SKILLS: _l("Skills you tried, but only those that you show, one by one or by kind, with your words."),
}

# What is signed has to say what is shared (42 CFR 2.31(a)(3)); a category that is not here says it by its name.
SIGNED_AS: dict[Category, LazyString] = {
    Category.MOOD: _l(
        "Mood, with sleep, anxiety and energy, and, if alcohol and drugs play no part, what made it harder and what "
        "helped"
    ),
    Category.MEDICATIONS: _l("Medicines, with what they are for, each change, its reason, and what I logged"),
    Category.PLAN: _l("Visits, with whom, when and where"),
    Category.SAFETY_PLAN: _l("Safety plan, with the people it names"),
    Category.SKILLS: _l("Skills, with what I wrote in the exercises that I choose to show"),
    Category.SUBSTANCE_USE: _l(
        "Alcohol and drugs, with cravings, use, what and how much, what made it harder and what helped"
    ),
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
