"""Every exercise is a whole file in both languages, plain to read; a wrong one is refused with one sentence."""

from __future__ import annotations

import pytest

from patient_app.consent.categories import Category
from patient_app.core.danger_words import DANGER, HOPE
from patient_app.learn import spanish_age, word_rules
from patient_app.learn.reading_age import prose
from patient_app.learn.spanish_rules import SPANISH_SAFE
from patient_app.learn.word_rules import SAFE, TELLING_AT_HOME, TELLING_IN_TITLE, Text
from patient_app.skills import files
from patient_app.skills.facts import Exercise, Start
from patient_app.skills.files import FOLDER, WrongExercise, read_exercise
from tests.features.skills.filling import example
from tests.sweeps.content_texts import toml_words
from tests.sweeps.test_plays_no_part import WORDS as OF_USE

EXERCISES = files.exercises()
# What CLINICAL facts ask each exercise to say before it starts, and who may start it. A file without its row fails.
ALONE, ASSIGNED, TOGETHER = Start.ALONE, Start.ASSIGNED, Start.WITH_CLINICIAN
ASKED: dict[str, tuple[Start, set[str]]] = {
    "body-signals": (TOGETHER, {"clinician", "medical", "stop"}),
    "both-sides": (ALONE, {"made_up_mind", "withdrawal"}),
    "brave-steps": (ASSIGNED, {"clinician", "no_trauma", "not_now", "stop", "real_danger"}),
    "coping-card": (ALONE, {"not_a_safety_plan"}),
    "daily-rhythm": (ALONE, {"no_grade", "shifts", "high_and_awake"}),
    "five-senses": (ALONE, {"eyes_open", "swap_sense", "cold_water"}),
    "four-checks": (ALONE, {"eating"}),
    "hold-off": (ASSIGNED, {"clinician", "not_now", "stop"}),
    "kind-pause": (ALONE, {"may_hurt", "eyes_open"}),
    "one-time": (ALONE, {"strong_pull", "no_amounts"}),
    "problem-steps": (ALONE, {"loss", "safety"}),
    "ready-plan": (ALONE, {"tolerance", "naloxone", "together"}),
    "ride-the-wave": (ALONE, {"leave_place", "withdrawal", "not_when_used"}),
    "say-no": (ALONE, {"unsafe_person"}),
    "sleep-notes": (ALONE, {"no_less_sleep", "high_and_awake", "guess"}),
    "sleep-window": (TOGETHER, {"clinician", "bipolar", "medical", "withdrawal", "driving"}),
    "slow-breath": (ALONE, {"breath_panic", "own_pace", "not_in_exposure", "eyes_open"}),
    "small-thing": (ALONE, {"bipolar", "places"}),
    "thought-record": (ALONE, {"crisis", "true_danger", "ocd", "high_mood", "grief"}),
    "what-matters": (ALONE, {"own", "bipolar"}),
    "worry-time": (ALONE, {"crisis", "real_danger"}),
}
ABOUT_USE = {"both-sides", "one-time", "ready-plan", "ride-the-wave", "say-no"}
each = pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda exercise: exercise.id)


def texts(exercise: Exercise, language: str) -> list[Text]:
    """Return all that the file says in one language."""
    source = (FOLDER / f"{exercise.id}.toml").read_text(encoding="utf-8")
    return [Text(f"{exercise.id}.toml", line, words) for line, words in toml_words(source, language)]


def test_each_file_has_its_row_here() -> None:
    assert set(ASKED) == set(EXERCISES)


@each
def test_every_caution_is_there_and_nobody_starts_alone_what_needs_a_clinician(exercise: Exercise) -> None:
    start, cautions = ASKED[exercise.id]
    assert exercise.start is start
    assert {caution.id for caution in exercise.cautions} == cautions
    assert exercise.category is (Category.SUBSTANCE_USE if exercise.id in ABOUT_USE else Category.SKILLS)


@each
def test_spanish_reads_at_primary_school_by_both_formulas(exercise: Exercise) -> None:
    blocks = [text.words for text in texts(exercise, "es")]
    for chosen in (blocks, prose(blocks)):
        assert spanish_age.fernandez_huerta(chosen) >= spanish_age.LEAST_FERNANDEZ
        assert spanish_age.szigriszt_pazos(chosen) >= spanish_age.LEAST_INFLESZ


@each
def test_english_reads_at_grade_6_and_keeps_the_words_of_this_house(exercise: Exercise) -> None:
    found = texts(exercise, "en")
    assert not word_rules.too_hard(exercise.id, [text.words for text in found])
    assert not word_rules.too_long(found, 20)
    assert not word_rules.broken(found, word_rules.WORDS)
    assert len(found) == len(texts(exercise, "es"))


@each
def test_where_suicide_is_named_there_is_hope_and_nothing_of_how(exercise: Exercise) -> None:
    for language, safe in (("en", SAFE), ("es", SPANISH_SAFE)):
        found = texts(exercise, language)
        if any(DANGER.search(text.words) for text in found):
            assert exercise.speaks_of_danger
            assert any(HOPE.search(text.words) for text in found)
            assert not word_rules.broken(found, safe)


@each
def test_no_word_of_use_is_put_before_whom_it_plays_no_part_for(exercise: Exercise) -> None:
    if not exercise.about_use:
        options = (option.words for asked in exercise.fields for option in asked.options)
        rating = (exercise.rating.ask, exercise.rating.low, exercise.rating.high)
        shown = [words.en for words in (*exercise.texts, *options, *rating) if not words.about_use]
        assert [words for words in shown if OF_USE.search(words)] == []


@each
def test_its_name_in_an_address_tells_nothing(exercise: Exercise) -> None:
    address = [Text(exercise.id, 1, exercise.id.replace("-", " "))]
    assert not word_rules.broken(address, [TELLING_IN_TITLE, TELLING_AT_HOME])


WHOLE = example()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("version = 1\n", "", "lacks version"),
        ("version = 1", "version = 0", "version has to be from 1 to 9999"),
        ("version = 1", "version = true", "version is of the wrong kind"),
        ("version = 1", "version = 1\nextra = 1", "does not know extra"),
        ('category = "skills"', 'category = "mood"', "has to be skills or substance_use"),
        ('start = "alone"', 'start = "anyone"', "knows no 'anyone'"),
        ("minutes = [1, 3]", "minutes = [3, 1]", "two numbers"),
        ("minutes = [1, 3]", "minutes = [1, 300]", "at most 90"),
        ('needs = ["storm"]', 'needs = ["stormy"]', "knows no stormy"),
        ('needs = ["storm"]', "needs = []", "empty list"),
        ("rating.most = 10", "rating.most = 11", "10 or 100"),
        (', es = "Mire por la ventana"', "", "has to be written in en and es"),
        ('es = "Mire por la ventana"', 'es = " "', "is empty"),
        ('kind = "text"', 'kind = "essay"', "knows no 'essay'"),
        ('kind = "text"', 'kind = "chips"', "lacks options"),
        ('id = "sky"', 'id = "Sky"', "short word"),
        ('id = "sky"', 'id = "left"', "stands twice"),
        ("on = 2026-11-29", 'on = "soon"', "of the wrong kind"),
        ('state = "not_reviewed"', 'state = "fine"', "knows no 'fine'"),
        ("year = 2014", "year = 14", "from 1950 to 2100"),
        ("[[steps]]", "[steps", "document: "),
        ('better = "less"', 'figure = {kind = "sleep", label = {en = "a", es = "a"}}', "needs the fields"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_one_sentence(old: str, new: str, told: str) -> None:
    assert old in WHOLE
    with pytest.raises(WrongExercise, match=told):
        read_exercise("document", WHOLE.replace(old, new, 1))


@pytest.mark.parametrize(
    ("word", "spoken"),
    [("sol", 1), ("casa", 2), ("quiere", 2), ("guitarra", 3), ("día", 2), ("aire", 2), ("leer", 2), ("cuidado", 3),
     ("ayuda", 3), ("muy", 1), ("país", 2), ("miedo", 2), ("pingüino", 3), ("10:30", 1)],
)  # fmt: skip
def test_spanish_syllables_are_counted_as_they_are_spoken(word: str, spoken: int) -> None:
    assert spanish_age.syllables(word) == spoken


def test_the_spanish_formulas_are_those_that_were_published() -> None:
    # 2 sentences, 8 words, 13 syllables: by hand from the two papers.
    sample = ["La niña come pan. El perro come carne."]
    assert spanish_age.fernandez_huerta(sample) == pytest.approx(206.84 - 60 * 13 / 8 - 1.02 * 4, abs=0.01)
    assert spanish_age.szigriszt_pazos(sample) == pytest.approx(206.835 - 62.3 * 13 / 8 - 4, abs=0.01)
    hard = ["La administración extraordinaria determinará indefectiblemente responsabilidades institucionales."]
    assert spanish_age.fernandez_huerta(hard) < 0
