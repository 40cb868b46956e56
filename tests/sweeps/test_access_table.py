"""Every route, method and situation answers as the committed table says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from patient_app.accounts.models import Person
from patient_app.core import access
from patient_app.core.access import PERMITTED, Permission, policy_of
from patient_app.core.identity import viewer
from patient_app.core.work import db
from tests.sweeps import access_table
from tests.sweeps.access_table import TABLE, Sweep
from tests.sweeps.conftest import Stage, staged
from tests.sweeps.world import CANARIES, SITUATIONS, World, roles_of

# Asking everything takes a while: one worker does it, once for each database (`TOGETHER` in tests/conftest.py).
ORIGINALS = ("original_world", "original_world_on_postgresql")
WRITE = "run `python -m tests.sweeps.access_table --write` and review the change"
OPENS = ("page", "page+", "text", "form", "done")
# Situations in which nothing of the owner's may be reached, whatever the route.
STRANGERS = (
    "anonymous",
    "half-way",
    "other",
    "patient-2",
    "s-2",
    "c-2",
    "admin-2",
    "c-unass",
    "c-off",
    "s-unconf",
    "s-ended",
)
# What stands in an address and names nobody's object: the steps of a safety plan are the same for all.
# A day, a slot of it, a kind of plan, an exercise and a lesson are everybody's; a medicine, or words, are an object.
NO_OBJECT = {"step", "day", "kind", "slot", "exercise", "lesson", "learning_path", "supporter_lesson"}
# Objects that are the practice's and not the owner's: any member of the staff may see to a waiting code.
OF_THE_PRACTICE = {
    "/practice/codes/<uuid:code_id>/cancel": {"c-unass", "c-off"},
    "/practice/codes/<uuid:code_id>/confirm": {"c-unass", "c-off"},
    # Taken away for good, so that a second tap finds nothing: whatever the id, every supporter is answered alike, and
    # only their own note goes (tests/features/learn/test_own_space.py).
    "/supporting/me/<uuid:own_note_id>/remove": {"s-2", "s-ended", "s-unconf"},
}


@pytest.fixture(scope="module", params=ORIGINALS)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give the world on each database: what is decided in a query is decided by both alike."""
    original: World = request.getfixturevalue(request.param)
    with staged(original, tmp_path_factory.mktemp("copy") / "instance") as found:
        yield found


@pytest.fixture(scope="module")
def committed() -> dict[str, dict[str, str]]:
    """Return the committed table."""
    return access_table.read(TABLE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(stage: Stage) -> dict[str, dict[str, str]]:
    """Ask the application everything, once."""
    sweep = Sweep(stage.original, stage.world, stage.app)
    return {f"{method} {rule.rule}": sweep.line(rule, method) for rule, method in access_table.routes(stage.app)}


def differences(committed: dict[str, dict[str, str]], found: dict[str, dict[str, str]]) -> list[str]:
    """Return what differs, one line each."""
    told = [f"{name}: this route has no row; {WRITE}" for name in found.keys() - committed.keys()]
    told += [f"{name}: this row has no route; {WRITE}" for name in committed.keys() - found.keys()]
    for name in found.keys() & committed.keys():
        told += [
            f"{name} for {situation}: {found[name][situation]}, and the table says {committed[name][situation]}"
            for situation in SITUATIONS
            if found[name][situation] != committed[name][situation]
        ]
    return sorted(told)


def test_every_route_answers_as_the_table_says(
    committed: dict[str, dict[str, str]], found: dict[str, dict[str, str]]
) -> None:
    told = differences(committed, found)
    assert not told, "\n".join(told)


def test_no_answer_is_a_fault(found: dict[str, dict[str, str]]) -> None:
    faults = [
        f"{name} for {situation}: {word}"
        for name, line in found.items()
        for situation, word in line.items()
        if word.isdigit() and name != "POST /csp-report"
    ]
    assert not faults, "\n".join(faults)


def test_nobody_gets_a_page_that_the_permission_does_not_give(stage: Stage, found: dict[str, dict[str, str]]) -> None:
    problems = []
    for rule, method in access_table.routes(stage.app):
        policy = policy_of(stage.app, rule.endpoint)
        assert policy is not None
        if policy.permission is Permission.PUBLIC:
            continue
        for situation in SITUATIONS:
            word = found[f"{method} {rule.rule}"][situation]
            allowed = roles_of(situation) in PERMITTED[policy.permission] and situation != "half-way"
            if not allowed and word in OPENS and policy.permission is not Permission.SECOND_FACTOR_FINISH:
                problems.append(f"{method} {rule.rule} for {situation}: {word}")
    assert not problems, "\n".join(problems)


def test_strangers_reach_no_object_of_the_owner(stage: Stage, found: dict[str, dict[str, str]]) -> None:
    problems = []
    for rule, method in access_table.routes(stage.app):
        policy = policy_of(stage.app, rule.endpoint)
        if not rule.arguments - NO_OBJECT or (policy is not None and policy.permission is Permission.PUBLIC):
            continue
        line = found[f"{method} {rule.rule}"]
        problems += [
            f"{method} {rule.rule} for {situation}: {line[situation]}"
            for situation in set(STRANGERS) - OF_THE_PRACTICE.get(rule.rule, set())
            if line[situation]
            != ("sign-in" if situation == "anonymous" else ">code" if situation == "half-way" else "none")
        ]
    assert not problems, "\n".join(problems)


def test_who_was_not_shown_gets_what_who_has_no_consent_gets(found: dict[str, dict[str, str]]) -> None:
    """Whatever a consent opens to the discipline, nothing of it is open to a new member before the patient knows."""
    told = [name for name, line in found.items() if line["c-unshown"] != line["c-without"]]
    assert not told


def test_the_table_is_drawn_and_read_alike(stage: Stage, found: dict[str, dict[str, str]]) -> None:
    drawn = access_table.draw(stage.app, lambda rule, method: found[f"{method} {rule.rule}"])
    assert access_table.read(drawn) == found


# --- the sweep sees what is wrong ------------------------------------------------------------------------------


def _plant(app: Flask, path: str, view: object) -> Rule:
    app.debug = False
    app._got_first_request = False  # Routes are planted late, on purpose.
    app.add_url_rule(path, f"planted{path}", view)  # type: ignore[arg-type]  # A view.
    return next(rule for rule in app.url_map.iter_rules() if rule.rule == path)


def test_a_planted_view_without_a_permission_is_refused(stage: Stage, tmp_path: Path) -> None:
    with stage.original.copy(tmp_path / "copy").opened() as (app, _store):
        rule = _plant(app, "/planted", lambda: "words")
        with pytest.raises(RuntimeError, match="/planted"):
            access.check_url_map(app)
        assert set(Sweep(stage.original, stage.world, app).line(rule, "GET").values()) == {"none"}


def test_a_planted_view_that_shows_anothers_data_differs_from_any_good_row(stage: Stage, tmp_path: Path) -> None:
    with stage.original.copy(tmp_path / "copy").opened() as (app, _store):

        @access.access(Permission.TODAY_READ)
        def careless(patient_id: object) -> str:
            person = db().get_one(Person, patient_id)
            assert viewer()
            return f"<h1>{person.name}</h1>"

        rule = _plant(app, "/planted/<uuid:patient_id>", careless)
        line = Sweep(stage.original, stage.world, app).line(rule, "GET")
        assert line["other"] == line["patient-2"] == "page"
        assert line["c-with"] == "none"
        page = stage.original.client(app, "other").get(stage.world.address(rule))
        assert CANARIES["name"] in page.text
        assert differences({}, {"GET /planted/<uuid:patient_id>": line})


def test_a_planted_change_of_one_word_is_seen(found: dict[str, dict[str, str]]) -> None:
    name = next(name for name in found if name.endswith("/history"))
    changed = {**found, name: {**found[name], "other": "none"}}
    assert differences(changed, found) == [f"{name} for other: {found[name]['other']}, and the table says none"]
