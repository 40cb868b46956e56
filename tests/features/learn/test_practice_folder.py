"""A practice's folder adds, replaces and hides; a fault in it takes away that lesson alone."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from patient_app import diagnosis
from patient_app.core.config import Config
from patient_app.core.roles import Role
from patient_app.core.work import Store
from patient_app.learn import checking, content
from patient_app.learn import library as libraries
from patient_app.learn.content import read_folder
from patient_app.learn.library import Library
from tests.factories import MadePractice, make_installation, make_person, make_practice, sign_in
from tests.features.learn import example
from tests.page import Client


def test_what_the_practice_writes_stands_in_the_place_of_ours(tmp_path: Path) -> None:
    ours = libraries.ours()
    slug = next(iter(ours.lessons))
    own, problems = read_folder(example.write(tmp_path, {slug: (example.EN, example.ES)}), ours)
    assert problems == []
    joined = libraries.joined(ours, own)
    assert joined.lessons[slug]["en"].title == "A walk by the river"
    assert len(joined.lessons) == len(ours.lessons)


def test_a_hidden_path_is_shown_to_nobody(tmp_path: Path) -> None:
    ours = libraries.ours()
    hidden = next(iter(ours.paths))
    own, problems = read_folder(example.write(tmp_path, {}, practice=f'hide = ["{hidden}"]\n'), ours)
    assert problems == []
    found = Library(libraries.joined(ours, own))
    assert hidden not in found.shelf.paths
    assert not [slug for slug in found.shelf.lessons if found.lesson(slug, "en").path == hidden]


@pytest.mark.parametrize(
    ("practice", "told"),
    [
        ('hide = ["nowhere"]', "hide names nowhere, which is no path"),
        ('hide = "waves"', "hide is of the wrong kind"),
        ("hide = [", "practice.toml: "),
        (example.PRACTICE.replace("555 0133", "call us"), "phone has to be a number"),
        (example.PRACTICE.replace(', es = "Gratis"', ""), "cost has no words in 'es'"),
        (example.PRACTICE.replace("checked_on = 2026-11-01", ""), "lacks checked_on"),
    ],
)
def test_a_fault_in_what_a_practice_declares_is_told(tmp_path: Path, practice: str, told: str) -> None:
    problems = read_folder(example.write(tmp_path, practice=practice), libraries.ours())[1]
    assert [problem for problem in problems if told in problem], problems


def test_a_wrong_lesson_is_left_out_and_the_rest_is_there(tmp_path: Path) -> None:
    example.write(tmp_path, {"by-the-river": (example.EN, example.ES), "too-long": ("no front matter", example.ES)})
    (tmp_path / "en" / "notes.txt").write_text("x", encoding="utf-8")
    (tmp_path / "en" / "heavy.md").write_text("x" * 70_000, encoding="utf-8")
    (tmp_path / "en" / "odd.md").write_bytes(b"\xff\xfe")
    own, problems = read_folder(tmp_path, libraries.ours())
    assert set(own.lessons) == {"by-the-river", "too-long"}
    assert set(own.lessons["too-long"]) == {"es"}
    assert len(problems) == 4
    found = Library(libraries.joined(libraries.ours(), own))
    assert found.lesson("too-long", "en").language == "es"  # Better than nothing.


def test_diagnose_says_what_is_to_mend_in_the_folder(tmp_path: Path) -> None:
    def said(folder: Path) -> list[str]:
        config = Config(instance=tmp_path / "instance", lessons_path=str(folder))
        return [f"{one.state} {one.words}" for one in diagnosis.examine(config) if one.subject == "lessons"]

    (whole,) = said(example.write(tmp_path / "lessons"))
    assert whole.startswith("ok 1 in ")
    (gone,) = said(tmp_path / "nowhere")
    assert "1 to mend" in gone


@pytest.mark.sqlite
def test_near_by_is_shown_by_what_the_setting_names(
    app: Flask, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Config.from_env({"LESSONS_PATH": str(tmp_path)}).lessons_path == str(tmp_path)
    found = libraries.library_of(str(example.write(tmp_path)))
    monkeypatch.setattr(libraries, "library", lambda: found)
    practice = make_practice(store)
    for role, address in ((Role.PATIENT, "/learn/near-by"), (Role.SUPPORTER, "/supporting/learn")):
        client = Client(app)
        sign_in(client, make_person(store, practice, role))
        page = client.get(address)
        assert "Mill Lane Centre" in page.words
        assert "tel:555-0133" in page.links


# --- several practices in one installation ---------------------------------------------------------------------


@pytest.fixture
def two(app: Flask, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MadePractice]]:
    """Make two practices: one has a lesson, a text and a place near by of its own beside what is for both."""
    make_installation(store)
    practices = [make_practice(store, name) for name in ("Mill Practice", "Hill Practice")]
    example.write(tmp_path, practice="")
    own = tmp_path / content.PRACTICES / str(practices[0].id)
    example.write_text(example.write(own, {"at-the-mill": (example.EN, example.ES)}), "learn")
    monkeypatch.setattr(store, "config", replace(store.config, lessons_path=str(tmp_path)))
    libraries.init_app(app, str(tmp_path))
    yield practices
    libraries.library_of.cache_clear()


@pytest.mark.sqlite
def test_what_one_practice_wrote_its_own_people_read_and_nobody_of_another(
    app: Flask, store: Store, two: list[MadePractice]
) -> None:
    for practice, is_there in zip(two, (True, False), strict=True):
        client = Client(app)
        sign_in(client, make_person(store, practice, Role.PATIENT))
        assert client.get("/learn/lessons/at-the-mill").status_code == (200 if is_there else 404)
        assert client.get("/learn/lessons/by-the-river").status_code == 200
        found = client.submit(client.get("/learn/search").form(action="/learn/search"), words="river")
        assert ("/learn/lessons/at-the-mill" in found.links) is is_there
        assert ("Our house is at the mill." in client.get("/learn").main_words) is is_there
        assert ("Mill Lane Centre" in client.get("/learn/near-by").words) is is_there
        supporter = Client(app)
        sign_in(supporter, make_person(store, practice, Role.SUPPORTER))
        assert ("Mill Lane Centre" in supporter.get("/supporting/learn").words) is is_there


@pytest.mark.sqlite
def test_diagnose_names_the_folders_of_practices_and_one_that_belongs_to_none(
    store: Store, two: list[MadePractice], tmp_path: Path
) -> None:
    stray = uuid.uuid4()
    (tmp_path / content.PRACTICES / str(stray)).mkdir()
    said = [f"{one.state} {one.words}" for one in diagnosis.examine(store.config) if one.subject == "lessons"]
    mill, hill = (f"practices/{practice.id}" for practice in two)
    assert f"ok of Mill Practice: {mill}" in said
    assert f"ok of Hill Practice: {hill}, which is not there: it has none of its own" in said
    assert f"note practices/{stray} is read by nobody: no practice has this id" in said


def test_the_check_looks_into_the_folders_of_practices(tmp_path: Path) -> None:
    own = example.write(tmp_path) / content.PRACTICES / str(uuid.uuid4())
    example.write(own, {"at-the-mill": (example.EN.replace("[rivers]", "[lakes]"), example.ES)})
    (tmp_path / content.PRACTICES / "mill").mkdir()
    (own / content.PRACTICES).mkdir()
    number, told = checking.check(tmp_path)
    assert number == 2
    assert [one for one in told if one.startswith(f"practices/{own.name}/en/at-the-mill.md: topics")]
    assert [one for one in told if one.startswith("practices/mill: a folder here has the id of a practice")]
    assert [one for one in told if one.startswith(f"practices/{own.name}/practices: nobody reads it here")]
