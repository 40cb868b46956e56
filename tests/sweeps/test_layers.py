"""Imports go only downwards, as docs/develop.md draws the layers, and never in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "patient_app"

# From the top; what stands in one line may not import its neighbours.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"factory", "cli", "worker", "diagnosis", "serve", "set_up", "translating"}),
    frozenset({"backup"}),
    frozenset({"demo"}),
    frozenset({"home"}),
    frozenset({"care_team", "supporting", "sharing"}),
    frozenset({"reading"}),
    frozenset({"follow_up"}),
    frozenset({"reminders"}),
    frozenset({"learn"}),
    frozenset({"blood_tests", "effects", "refills"}),
    frozenset(
        {"appointments", "checkins", "medications", "offline", "safety", "skills", "styleguide", "teamwork", "worries"}
    ),
    frozenset({"profile"}),
    frozenset({"push"}),
    frozenset({"consent"}),
    frozenset({"accounts"}),
    frozenset({"access_log"}),
    frozenset({"core"}),
    frozenset({"content"}),
)
# Look at every feature's tables or routes, by their nature.
ABOVE_ALL = frozenset(
    {"factory", "cli", "worker", "models", "diagnosis", "serve", "set_up", "translating", "backup", "migrations"}
)
# The one door: nobody else asks what a viewer may see, and only these stand above it.
ONLY_FOR = {
    "patient_app.reading": frozenset({"care_team", "supporting", "sharing", "demo"}) | ABOVE_ALL,
    "patient_app.consent.decisions": frozenset({"reading", "consent"}),
}
# Plain words of the door that say who looks, and open nothing.
HARMLESS = {"patient_app.consent.decisions.Reader"}


def level(layer: str) -> int:
    """Return how high a layer stands; 0 is the top."""
    for number, names in enumerate(LAYERS):
        if layer in names:
            return number
    raise AssertionError(f"patient_app/{layer} stands in no layer: say where in docs/develop.md and in this test")


def imported(source: str) -> Iterator[str]:
    """Yield the full name of everything of ours that a module imports, wherever in the module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("patient_app"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("patient_app"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def upward(module: str, source: str) -> list[str]:
    """Return the imports of a module (`patient_app.checkins.views`) that do not go downwards."""
    own = module.split(".")[1] if module.count(".") else ""
    problems = []
    for name in imported(source):
        parts = name.split(".")
        other = parts[1] if len(parts) > 1 else ""
        for door, allowed in ONLY_FOR.items():
            if (
                name not in HARMLESS
                and (name == door or name.startswith(f"{door}."))
                and own not in allowed
                and own != door.split(".")[1]
            ):
                problems.append(f"{module} imports {name}, which only {', '.join(sorted(allowed))} may")
        if other == own or own in ABOVE_ALL:
            continue
        if other == "models" or level(other) <= level(own):
            problems.append(f"{module} imports {name}, which is not below it")
    return problems


def modules() -> dict[str, Path]:
    """Return every module of the application by its full name."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the circles in a graph, each once, by walking it to its ends."""
    found: list[list[str]] = []
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> None:
        if name in path:
            found.append([*path[path.index(name) :], name])
            return
        if name in done:
            return
        for other in sorted(graph.get(name, set())):
            walk(other, [*path, name])
        done.add(name)

    for name in sorted(graph):
        walk(name, [])
    return found


def import_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Return which module imports which at its top, functions' own imports left out."""
    graph: dict[str, set[str]] = {}
    for module, source in sources.items():
        tree = ast.parse(source)
        top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {name for node in top for name in imported(ast.unparse(node))}
        graph[module] = {_module_of(name, sources) for name in names} - {module, ""}
    return graph


def _module_of(name: str, sources: dict[str, str]) -> str:
    if name in sources:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in sources else ""


@pytest.mark.parametrize("module", [name for name in modules() if name.count(".")])
def test_imports_go_downwards(module: str) -> None:
    problems = upward(module, modules()[module].read_text(encoding="utf-8"))
    assert not problems, "\n".join(problems)


def test_modules_do_not_import_in_circles() -> None:
    sources = {name: path.read_text(encoding="utf-8") for name, path in modules().items()}
    assert circles(import_graph(sources)) == []


def test_every_feature_stands_in_docs_develop() -> None:
    drawn = (PACKAGE.parent / "docs" / "develop.md").read_text(encoding="utf-8").split("```")[1]
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} - {"content", "migrations"}
    assert {name for name in folders if name not in drawn.split()} == set()


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("patient_app.core.access", "from patient_app.accounts import models"),
        ("patient_app.accounts.people", "from patient_app.consent.service import give_consent"),
        ("patient_app.checkins.service", "from patient_app.reading import service"),
        ("patient_app.checkins.service", "import patient_app.home.views"),
        ("patient_app.supporting.views", "from patient_app.care_team import views"),
        ("patient_app.checkins.views", "def later():\n    from patient_app.reading import service"),
        ("patient_app.care_team.views", "from patient_app.consent.decisions import grants_of"),
        ("patient_app.care_team.views", "from patient_app.consent import decisions"),
        ("patient_app.home.views", "from patient_app.reading import service"),
        ("patient_app.home.views", "from patient_app import models"),
    ],
)
def test_a_planted_import_is_seen(module: str, line: str) -> None:
    assert upward(module, line)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("patient_app.checkins.views", "from patient_app.core import clock"),
        ("patient_app.care_team.views", "from patient_app.reading import service"),
        ("patient_app.reading.service", "from patient_app.consent.decisions import grants_of"),
        ("patient_app.checkins.views", "from patient_app.checkins import service"),
        ("patient_app.factory", "from patient_app.home import views"),
        ("patient_app.home.views", "import flask"),
    ],
)
def test_a_right_import_passes(module: str, line: str) -> None:
    assert upward(module, line) == []


def test_a_planted_circle_is_seen() -> None:
    sources = {
        "patient_app.a": "from patient_app.b import thing",
        "patient_app.b": "import patient_app.c",
        "patient_app.c": "from patient_app import a",
        "patient_app.d": "from patient_app import c\ndef later():\n    from patient_app import d",
    }
    assert circles(import_graph(sources)) == [["patient_app.a", "patient_app.b", "patient_app.c", "patient_app.a"]]
