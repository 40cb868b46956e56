"""A wrong file of content/medicines/ stops the start, with one plain sentence that says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from patient_app.medications.files import FOLDER, load
from patient_app.medications.rows import WrongContent

REVIEW = "    review: {source: labelling, reviewed_on: 2026-11-23, state: not_reviewed}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a copy of the folder that may be spoilt."""
    return Path(shutil.copytree(FOLDER, tmp_path / "medicines"))


def spoil(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


# (file, what stands there, what is put there, what is said)
SPOILT = [
    ("medicines.yaml", REVIEW, "", "medicines.yaml, sertraline has no review."),
    ("medicines.yaml", "source: labelling, ", "", "sertraline: review has no source."),
    ("medicines.yaml", "reviewed_on: 2026-11-23, ", "", "review has no reviewed_on."),
    ("medicines.yaml", "reviewed_on: 2026-11-23", "reviewed_on: lately", "reviewed_on is not a day: 'lately'."),
    ("medicines.yaml", "state: not_reviewed}", "state: fine}", "state is not known: 'fine'."),
    ("medicines.yaml", ", state: not_reviewed}", "}", "review has no state."),
    ("medicines.yaml", "source: labelling", "source: a friend", "not in sources.yaml: 'a friend'."),
    ("medicines.yaml", "state: not_reviewed}", "state: signed}", "is signed and says by whom, or neither."),
    ("medicines.yaml", "state: not_reviewed}", "state: verified, signed_by: Dr. Lee}", "says by whom, or neither."),
    ("medicines.yaml", "onset: {code: weeks_2_6, ", "onset: {code: soon, ", "onset names 'soon', which does not"),
    ("medicines.yaml", "onset: {code: weeks_2_6, review: ", "onset: {code: weeks_2_6, revue: ", "onset has no review."),
    ("medicines.yaml", "codes: [nausea, ", "codes: [nauseous, ", "effects names 'nauseous', which does not exist."),
    ("medicines.yaml", "codes: [nausea, ", "codes: [nausea, nausea, ", "says something twice in codes."),
    ("medicines.yaml", "codes: [under_25, ", "codes: [gambling, ", "cautions names 'gambling', which does not exist."),
    ("medicines.yaml", "stopping: {code: taper", "stopping: {code: slow", "stopping names 'slow'"),
    ("medicines.yaml", "class: ssri", "class: sri", "a class that is not in classes.yaml: 'sri'."),
    (
        "medicines.yaml",
        "for_substance_use: not_usual",
        "for_substance_use: no",
        "for_substance_use is not a text: False.",
    ),
    (
        "medicines.yaml",
        "for_substance_use: not_usual",
        "for_substance_use: rarely",
        "for_substance_use is not known: 'rarely'.",
    ),
    ("medicines.yaml", "code: 36437,", "code: 36437a,", "code is not a whole number: '36437a'."),
    ("medicines.yaml", "code: 36437,", "code: -1,", "code is below 0: -1."),
    ("medicines.yaml", "code: 36437,", "code: yes,", "code is not a whole number: True."),
    ("medicines.yaml", "{of: sertraline,", "{of: zoloft,", "is a code for 'zoloft', which is no ingredient."),
    ("medicines.yaml", "key: fluoxetine", "key: sertraline", "medicines.yaml has 'sertraline' twice."),
    ("medicines.yaml", "brands: [Zoloft]", "brands: [7]", "something in brands that is not a word: [7]."),
    ("medicines.yaml", "brands: [Zoloft]", "brands: Zoloft", "brands is not a list: 'Zoloft'."),
    ("medicines.yaml", "name: sertraline", 'name: " "', "sertraline has an empty name."),
    ("medicines.yaml", "name: sertraline\n", "name: sertraline\n    dose: 50\n", "a key that is not known: 'dose'."),
    ("medicines.yaml", "forms: [patch]", "forms: [plaster]", "selegiline: forms names 'plaster'"),
    ("medicines.yaml", "medicines:\n", "medicines:\n  - sertraline\n", "is not a list of keys and values."),
    ("medicines.yaml", "medicines:\n", "medicines: [\n", "cannot be read as YAML: "),
    ("medicines.yaml", "    class: ssri\n", "    class: ssri\n    class: tca\n", "a key stands twice."),
    ("cautions.yaml", "id: maoi", "id: serotonin", "cautions.yaml, cautions has 'serotonin' twice."),
    ("cautions.yaml", "severity: ask_first", "severity: bad", "severity is not known: 'bad'."),
    ("cautions.yaml", "forms: [dissolving]", "forms: [melting]", "cautions.yaml, teeth names 'melting'"),
    ("cautions.yaml", "crisis: true", "crisis: perhaps", "crisis is not true or false: 'perhaps'."),
    ("substances.yaml", "substance: alcohol", "substance: beer", "substance is not known: 'beer'."),
    ("substances.yaml", "keys: [disulfiram]", "keys: [antabuse]", "alcohol_disulfiram names 'antabuse'"),
    ("substances.yaml", "instead_of: [alcohol_any]", "instead_of: [any]", "names 'any', which does not exist."),
    ("together.yaml", "one: {classes: [maoi]}", "one: {class: [maoi]}", "a key that is not known: 'class'."),
    ("together.yaml", "{groups: [opioid_medicine]}", "{groups: [opioids]}", "block_pair names 'opioids'"),
    (
        "missed_doses.yaml",
        "after_days: 2",
        "after_days: two",
        "clozapine_gap: after_days is not a whole number: 'two'.",
    ),
    ("medicines.yaml", "names: {es: sertralina}", "names: {es: 7}", "names: es is not a text: 7."),
    ("missed_doses.yaml", "id: ask", "id: asks", "missed_doses.yaml names 'ask', which does not exist."),
    ("red_flags.yaml", "call: emergency", "call: mother", "call is not known: 'mother'."),
    ("red_flags.yaml", "      en:\n", "      de:\n", "trouble_breathing: words has no English words."),
    ("response.yaml", "last_day: 13", "last_day: 13\n    first: 2", "a key that is not known: 'first'."),
    ("response.yaml", "first_day: 14\n    last_day: 41", "first_day: 41\n    last_day: 14", "ends before it begins."),
    ("response.yaml", "[3, 7, 14]", "[7, 3, 14]", "question_days is not a rising list of numbers: [7, 3, 14]."),
    ("side_effects.yaml", "opens: severe_rash", "opens: rash", "side_effects.yaml, rash names 'rash'"),
    ("side_effects.yaml", "    opens: severe_rash\n", "", "rash opens a sign and says from how strong on"),
    ("side_effects.yaml", "raised: {from: 1, ", "raised: {from: 4, ", "is from none of the steps 1 to 3: 4."),
    ("side_effects.yaml", "from: 2, review: {source: bowel_signs, ", "from: 2, review: {", "review has no source."),
    ("notices.yaml", "id: not_complete", "id: more", "notices.yaml names 'not_complete', which does not exist."),
    ("notices.yaml", "id: know", "id: fine", "notices.yaml names 'know', which does not exist."),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), SPOILT, ids=[f"{s[0]}-{n}" for n, s in enumerate(SPOILT)])
def test_what_is_wrong_is_said_in_one_sentence(folder: Path, name: str, old: str, new: str, said: str) -> None:
    spoil(folder, name, old, new)
    with pytest.raises(WrongContent) as refused:
        load(folder)
    told = str(refused.value)
    assert said in told
    assert told.startswith(name)
    assert told.endswith(".")
    assert "\n" not in told


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.glob("*.yaml")))
def test_each_file_is_needed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(WrongContent, match=f"^{name} is not there[.]$"):
        load(folder)


def test_a_signature_is_taken(folder: Path) -> None:
    spoil(folder, "medicines.yaml", REVIEW, REVIEW.replace("not_reviewed", "signed, signed_by: Dr. Lee"))
    review = load(folder).medicines["sertraline"].review
    assert (review.signed_by, review.reviewed) == ("Dr. Lee", True)
