"""A file of lessons is read whole or refused with a sentence that says where; of a weak one, what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from patient_app import cli
from patient_app.learn import checking, claims, library
from patient_app.learn.content import read_folder
from tests.features.learn import example

NO = "reviewed_on: 2026-11-01\n"


def problems(folder: Path, **texts: str) -> list[str]:
    """Return what is told of the example with other texts."""
    example.write(folder, {"by-the-river": (texts.get("en", example.EN), texts.get("es", example.ES))})
    return checking.check(folder)[1]


def both(old: str, new: str) -> dict[str, str]:
    """Return the example with something changed in both languages."""
    assert old in example.EN
    return {"en": example.EN.replace(old, new, 1), "es": example.ES.replace(old, new, 1)}


def test_the_example_has_nothing_to_mend(tmp_path: Path) -> None:
    assert problems(tmp_path) == []
    shelf, told = read_folder(tmp_path, library.ours())
    lesson = shelf.lessons["by-the-river"]["en"]
    assert told == []
    assert [section.heading for section in lesson.sections if section.is_check] == ["What would make it work for you?"]
    assert lesson.sections[2].html == "<p>People who walked felt better in 8 of 10 weeks.<sup>1</sup></p>"
    assert lesson.sections[0].html == (
        "<p>A path runs along the river. You can walk it in <strong>any shoes</strong>.</p>"
    )
    assert [choice.href for choice in lesson.choices] == ["/skills/slow-breath", "/help"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("minutes: 2\n", "", "en/by-the-river.md lacks minutes"),
        ("minutes: 2", "minutes: 20", "minutes has to be from 2 to 5"),
        ("minutes: 2", "minutes: 2\nalso: [walks, 5]", "also is a list of up to 30 words or short phrases"),
        ("minutes: 2", "minutes: true", "minutes is of the wrong kind; it has to be a whole number, such as 3."),
        ("minutes: 2", "minutes: 2\nextra: 1", "does not know extra"),
        ("path: our-place", "path: elsewhere", "path is none of"),
        ("topics: [rivers]", "topics: [lakes]", "names lakes, which paths.toml does not declare"),
        ("topics: [rivers]", "topics: [rivers, rivers]", "each once"),
        ("category: skills", "category: mood", "skills or substance_use"),
        ('content_note: ""', "content_note: This is hard.", "content_note and lighter come together"),
        ("  - {id: 1", "  - {id: 2", "sources have the ids 1, 2, 3"),
        ("https://example.org", "http://example.org", "url has to begin with https://"),
        (
            "reviewed_on: 2026-11-01",
            "reviewed_on: soon",
            "reviewed_on is of the wrong kind; it has to be a day, written as 2026",
        ),
        ("topics: [rivers]", "topics: rivers", "topics is of the wrong kind; it has to be a list, with [ and ]."),
        ("---\ntitle", "title", "it has to begin with ---"),
        ("title: A", "title: [A", "en/by-the-river.md:2: the front matter cannot be read"),
        (
            "title: A",
            "title: A: a",
            "en/by-the-river.md:2: the front matter cannot be read at this line: put the words in",
        ),
        ("title: A", 'title: "A', "en/by-the-river.md:8: the front matter cannot be read at this line or before it"),
        (
            'walks"}',
            "walks}",
            "en/by-the-river.md:11: the front matter cannot be read at this line: the words end with",
        ),
        (
            "topics: [rivers]",
            "topics: [rivers",
            "en/by-the-river.md:5: the front matter cannot be read at this line: a list",
        ),
        ("minutes: 2", "\tminutes: 2", "put spaces in place of the tab"),
        ("minutes: 2", "minutes: @2", "en/by-the-river.md:3: the front matter cannot"),
        ("reviewed_on: 2026-11-01", "reviewed_on: 2026-13-01", "a day is written as 2026-11-30"),
        ("**any shoes**", "<b>any shoes</b>", "en/by-the-river.md:18: HTML is not used in lessons"),
        ("**any shoes**", "![shoes](https://example.org/a.png)", "en/by-the-river.md:18: a picture is not used"),
        ("- Start at", "1. Start at", "a numbered list is not used"),
        ("(exercise:slow-breath).", "(https://example.org).", "en/by-the-river.md:31: a link is exercise:name"),
        ("(exercise:slow-breath).", "(javascript:alert).", "a link is not written as"),
        ("## Water is near", "# Water is near", "only headings with ## are used"),
        ("## Water is near\n", "", "words stand before the first heading"),
        ("## Check: What", "## What", "1 or 2 headings with Check:, not 0"),
        ("## It is flat\n\n", "", "it has 4 to 8 sections, not 3"),
        ("## Next", "## After", "the last heading is ## Next"),
        ("- [Breathe for a minute](exercise:slow-breath)\n", "", "a list of 2 to 4 links"),
    ],
)
def test_a_file_with_a_fault_is_refused_with_where_and_why(tmp_path: Path, old: str, new: str, told: str) -> None:
    found = problems(tmp_path, en=example.EN.replace(old, new, 1))
    assert told in found[0], found
    assert not [problem for problem in found if "missing" in problem or "<unicode" in problem]
    # What cannot be used is left out, and the rest is not.
    assert set(read_folder(tmp_path, library.ours())[0].lessons["by-the-river"]) == {"es"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("8 of 10 weeks. [1]", "8 of 10 weeks.", "a number without its source: 'People who walked"),
        ("8 of 10 weeks. [1]", "8 of 10 weeks. [1] It took 5 days.", "a number without its source: 'It took 5 days.'"),
        ("8 of 10 weeks. [1]", "8 of 10 weeks. [1] It took five days.", "a number without its source: 'It took five"),
        ("8 of 10 weeks. [1]", "weeks. [2]", "[2] names no source"),
        ("## Water is near", "## Water in 3 days", "a number, and no source below it: 'Water in 3 days'"),
        ("title: A walk", "title: 3 walks", "claims a number where no source can stand"),
        ("(page:/help)", "(page:/help)\n- [In 5 days](lesson:low-days)", "claims a number where no source can stand"),
        (NO, NO + "also: [weed, 3 steps]\n", "also names '3 steps', a number"),
        (NO, NO + "also: [overdose]\n", "also names 'overdose', which is about use"),
        (NO, NO + "also: [want to die]\n", "'suicide' is not among its topics"),
        (NO, NO + 'no_claims: [{words: "ten minutes", why: "how long"}]\n', "which it does not say"),
        (NO, NO + 'no_claims: [{words: "any shoes", why: "how long"}]\n', "which holds no number"),
        ("8 of 10 weeks. [1]", "many weeks.", "source 1 is not used"),
        ("reviewed_on: 2026-11-01", "reviewed_on: 2024-10-01", "reviewed more than two years ago"),
        ("reviewed_on: 2026-11-01", "reviewed_on: 2036-10-01", "reviewed_on is still to come"),
        ("Turn back when you like.", "Turn back. " * 30, "words in one section, at most 50"),
        ("Turn back when you like.", "You should turn back.", "nobody is told what is normal or due: 'should'"),
        ("topics: [rivers]", "topics: [rivers, trauma]", "it is about 'trauma' without a note before it"),
        ("Turn back when you like.", "Turn back. You are to blame.", "nobody is shamed"),
        ("Turn back when you like.", "He saw a line of white powder.", "no images of use"),
        ("Turn back when you like.", "Have a drink there.", "'drink' is about use"),
        ("(exercise:slow-breath).", "(exercise:brave-steps).", "is no exercise that a person may start alone"),
        ("(exercise:slow-breath).", "(lesson:nowhere).", "is no other lesson"),
        ("(page:/help)", "(page:/settings)", "page:/settings is none of"),
        ("Turn back when you like.", "Thoughts of suicide can pass.", "does not lead to help"),
    ],
)
def test_the_lint_says_where_and_what_instead(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = example.EN.replace(old, new, 1)
    if "suicide" in new:
        text = text.replace("page:/help", "page:/safety")
    found = [problem for problem in problems(tmp_path, en=text) if told in problem]
    assert found
    assert all(problem.startswith("en/by-the-river.md") for problem in found)


def test_the_mark_that_some_editors_put_first_and_their_ends_of_lines_do_no_harm(tmp_path: Path) -> None:
    example.write(tmp_path)
    for file in (tmp_path / "en" / "by-the-river.md", tmp_path / "practice.toml"):
        file.write_bytes(("\ufeff" + file.read_text(encoding="utf-8")).replace("\n", "\r\n").encode())
    assert checking.check(tmp_path) == (1, [])


def test_what_lies_where_nobody_reads_it_is_told(tmp_path: Path) -> None:
    example.write(tmp_path)
    (tmp_path / "README.md").write_text("Who looks after this folder.", encoding="utf-8")
    (tmp_path / "by-the-sea.md").write_text(example.EN, encoding="utf-8")
    (tmp_path / "english").mkdir()
    told = checking.check(tmp_path)[1]
    assert [problem.partition(":")[0] for problem in told] == ["by-the-sea.md", "english"]
    assert all("nobody reads it here; lessons belong into the folders en and es." in problem for problem in told)


def test_reading_age_is_measured_in_both_languages(tmp_path: Path) -> None:
    hard = "The administration deliberately reconsiders organizational responsibilities. " * 6
    dificil = "La administración extraordinaria determinará responsabilidades institucionales. " * 14
    told = problems(
        tmp_path,
        en=example.EN.replace("Turn back when you like.", hard, 1),
        es=example.ES.replace("Vuelva cuando quiera.", dificil, 1),
    )
    assert any("en/by-the-river.md (all of it): Flesch-Kincaid" in problem for problem in told)
    assert any("es/by-the-river.md (all of it): Fernández Huerta" in problem for problem in told)


def test_both_languages_have_the_same_bones(tmp_path: Path) -> None:
    told = problems(
        tmp_path, es=example.ES.replace("## Es un camino llano\n\n- Empiece", "## Es llano\n\nDe más.\n\n- Empiece")
    )
    assert any("sections differ in 'en' and 'es'" in problem for problem in told)
    told = problems(tmp_path, es=example.ES.replace("de 10 semanas. [1]", "de otras semanas."))
    assert any("marks of sources differ" in problem for problem in told)
    told = problems(
        tmp_path,
        en=example.EN.replace("[1]", "[1] It takes 15 to 30 minutes. [1]", 1),
        es=example.ES.replace("[1]", "[1] Toma de 10 a veinte minutos. [1]", 1),
    )
    (one,) = [problem for problem in told if "numbers" in problem]
    assert "under 'It can lift a day' are 8, 10, 15, 30 at en/by-the-river.md:" in one
    assert "and 8, 10, 10, 20 at es/by-the-river.md:" in one
    told = problems(tmp_path, en=example.EN.replace(NO, NO + "also: [stroll]\n", 1))
    assert any("words people look for it by (also) differ" in problem for problem in told)
    # Written out or not, and where one language says "both" and the other "los dos".
    en = example.EN.replace("[1]", "[1] It takes ten minutes or two days. [1] Both can do it.", 1)
    es = example.ES.replace("[1]", "[1] Toma 10 minutos o 2 días. [1] Los dos pueden.", 1)
    assert problems(tmp_path, en=en, es=es) == []
    (tmp_path / "es" / "by-the-river.md").unlink()
    assert any("it is missing in 'es'" in problem for problem in checking.check(tmp_path)[1])
    assert "es/by-the-river.md" in checking.missing(tmp_path, "es")
    assert "pt/by-the-river.md" in checking.missing(tmp_path, "pt")


def test_a_name_in_an_address_tells_nothing(tmp_path: Path) -> None:
    example.write(tmp_path, {"your-cravings": (example.EN, example.ES)})
    assert any("'your-cravings' stands in addresses" in problem for problem in checking.check(tmp_path)[1])


def test_usted_but_what_people_say_to_each_other_is_theirs(tmp_path: Path) -> None:
    told = problems(tmp_path, es=example.ES.replace("Vuelva cuando quiera.", "Vuelve si quieres."))
    assert any("usted, not tú" in problem for problem in told)
    for tu in ("No hagas nada.", "Muévete.", "Quédate allí."):
        told = problems(tmp_path, es=example.ES.replace("Vuelva cuando quiera.", tu))
        assert any("usted, not tú" in problem for problem in told), tu
    assert problems(tmp_path, es=example.ES.replace("Vuelva cuando quiera.", "Diga: “Te quiero”.")) == []


@pytest.mark.parametrize(
    ("sentence", "is_claim"),
    [
        ("Half of people feel it.", True),
        ("It helps one in five.", True),
        ("A la mitad de la gente le ayuda.", True),
        ("Call 988 or 911.", False),
        ("Wait ten minutes.", True),
        ("It takes two to six weeks.", True),
        ("Tarda de dos a seis semanas.", True),
        ("Un tercio de la gente mejora.", True),
        ("Llámelo 42 CFR Parte 2.", False),
        ("Bring three lines.", False),
        ("Lleve dos hojas.", False),
        ("About 20 percent. [1]", False),
        ("It helps in nine cases out of ten.", True),
        ("Half fall at once.", True),
        ("The risk doubles.", True),
        ("It may triple the risk.", True),
        ("El riesgo se duplica.", True),
        ("Sirve en nueve casos de cada diez.", True),
        ("Mejoran nueve de diez.", True),
        ("It eases after one week.", True),
        ("Most stop within a year.", True),
        ("Mejora en un mes.", True),
        ("It takes half an hour.", True),
        ("You could do it half asleep.", False),
        ("That is half a plan.", False),
        ("One of them may come along.", False),
        ("You may see double.", False),
        ("En un día tranquilo, dígalo.", False),
    ],
)
def test_what_counts_as_a_claim(sentence: str, is_claim: bool) -> None:
    assert claims.is_unsourced(sentence) is is_claim


def test_words_with_a_number_that_claim_nothing_are_named_with_the_reason_in_both_languages(tmp_path: Path) -> None:
    en = example.EN.replace("Turn back when you like.", "Walk for ten minutes.", 1)
    es = example.ES.replace("Vuelva cuando quiera.", "Camine diez minutos.", 1)
    assert sum("a number without its source" in problem for problem in problems(tmp_path, en=en, es=es)) == 2
    named = [
        text.replace(NO, f'no_claims: [{{words: "{words}", why: "no finding"}}]\n{NO}')
        for text, words in ((en, "ten minutes"), (es, "diez minutos"))
    ]
    assert problems(tmp_path, en=named[0], es=named[1]) == []
    assert any("(no_claims) differ" in problem for problem in problems(tmp_path, en=named[0]))
    without_why = named[0].replace(', why: "no finding"', "")
    assert "no_claims 1 lacks why" in problems(tmp_path, en=without_why, es=named[1])[0]


def test_the_command_checks_a_folder_and_leaves_with_one_when_there_is_something(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example.write(tmp_path)
    for text, code, said in ((example.EN, 0, "nothing to mend"), ("", 1, "1 to mend")):
        if not text:
            (tmp_path / "en" / "by-the-river.md").write_text(example.EN.replace("[1]", ""), encoding="utf-8")
        with pytest.raises(SystemExit) as left:
            cli.main(["lessons", "check", str(tmp_path)])
        assert left.value.code == code
        told = capsys.readouterr().out
        assert said in told or code == 1
