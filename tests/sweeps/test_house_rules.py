"""Rules of the house that no tool checks: what views and services may call, templates, addresses, ignores, words."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from flask import Flask

from patient_app.learn import library
from patient_app.safety.service import help_lines
from patient_app.supporting import guide
from tests.page import Page, text_of, tidy, visible_texts
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.content_texts import content_texts
from tests.sweeps.world import CANARIES, QUERIES, World

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "patient_app"
TEMPLATES = PACKAGE / "templates"
VIEWS = sorted(path for path in PACKAGE.rglob("*views.py"))
SERVICES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path.parent != PACKAGE
    and path.parent.name not in {"core", "demo", "migrations", "versions", "main", "keys"}
    and not re.search(r"(views|forms|identity|blueprint)\.py$", path.name)
)
OF_THE_SESSION = frozenset(
    {"db", "reading", "session", "execute", "scalar", "scalars", "commit", "flush", "add", "add_all"}
)


def view_problems(source: str) -> Iterator[str]:
    """Yield what a module of views does that only services may do."""
    tree = ast.parse(source)
    sqlalchemy_names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            sqlalchemy_names |= {alias.name for alias in node.names}
            yield f"imports {node.module}"
        if isinstance(node, ast.ImportFrom) and node.module == "patient_app.core.work":
            taken = {alias.name for alias in node.names} & {"db", "reading"}
            if taken:
                yield f"imports {sorted(taken)} of core.work"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"db", "select"}:
            yield f"calls {node.func.id}()"
        if isinstance(node, ast.Attribute) and node.attr in {"session", "execute", "scalars", "commit"}:
            yield f"uses .{node.attr}"


def service_problems(source: str) -> Iterator[str]:
    """Yield what a service imports of a request."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "flask":
            taken = {alias.name for alias in node.names} & {
                "request",
                "g",
                "session",
                "current_app",
                "redirect",
                "abort",
            }
            if taken:
                yield f"imports {sorted(taken)} of flask"
        if isinstance(node, ast.Import) and any(alias.name == "flask" for alias in node.names):
            yield "imports flask as a whole"


@pytest.mark.parametrize("path", VIEWS, ids=[str(path.relative_to(PACKAGE)) for path in VIEWS])
def test_views_leave_the_session_alone(path: Path) -> None:
    assert list(view_problems(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SERVICES, ids=[str(path.relative_to(PACKAGE)) for path in SERVICES])
def test_services_know_no_request(path: Path) -> None:
    assert list(service_problems(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "from sqlalchemy import select",
        "from patient_app.core.work import db",
        "db().get(Person, 1)",
        "store.session",
        "x.execute(y)",
    ],
)
def test_a_planted_query_in_a_view_is_seen(line: str) -> None:
    assert list(view_problems(line))


@pytest.mark.parametrize("line", ["from flask import request", "import flask", "def f():\n    from flask import g"])
def test_a_planted_request_in_a_service_is_seen(line: str) -> None:
    assert list(service_problems(line))


# --- templates -------------------------------------------------------------------------------------------------

ALL_TEMPLATES = sorted(TEMPLATES.rglob("*.html"))


def template_problems(source: str) -> Iterator[str]:
    """Yield what no template may hold."""
    bare = re.sub(r"{#.*?#}", "", source, flags=re.DOTALL)
    for forbidden in ("|safe", "| safe", "autoescape false", "|tojson", "Markup("):
        if forbidden in bare:
            yield f"holds {forbidden!r}"
    for match in re.finditer(
        r'{%-?\s*(?:import "[^"]+" as (\w+)|from "[^"]+" import ([^%]+?))(?: with context)?\s*-?%}', bare
    ):
        names = [match[1]] if match[1] else [name.split(" as ")[-1].strip() for name in match[2].split(",")]
        rest = re.sub(r"{%-?\s*(?:import|from) [^%]*%}", "", bare)
        for name in names:
            if not re.search(rf"\b{name}\b", rest):
                yield f"imports {name} and does not use it"


@pytest.mark.parametrize("path", ALL_TEMPLATES, ids=[str(path.relative_to(TEMPLATES)) for path in ALL_TEMPLATES])
def test_templates_escape_everything_and_import_what_they_use(path: Path) -> None:
    assert list(template_problems(path.read_text(encoding="utf-8"))) == []


def test_a_planted_fault_in_a_template_is_seen() -> None:
    assert list(template_problems("{{ words|safe }}"))
    assert list(template_problems('{% import "components/ui.html" as ui %}<p></p>'))
    assert list(template_problems('{% from "a.html" import one, two %}{{ one() }}')) == [
        "imports two and does not use it"
    ]
    assert not list(template_problems('{% import "components/ui.html" as ui %}{{ ui.card() }}'))


def test_every_template_is_used(stage: Stage) -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in [*ALL_TEMPLATES, *PACKAGE.rglob("*.py")])
    unused = [name for path in ALL_TEMPLATES if f'"{(name := path.relative_to(TEMPLATES).as_posix())}"' not in sources]
    assert unused == []


# --- addresses -------------------------------------------------------------------------------------------------


def address_problems(app: Flask) -> Iterator[str]:
    """Yield addresses that are not spelled like the others."""
    for rule in app.url_map.iter_rules():
        for part in rule.rule.strip("/").split("/"):
            parameter = re.fullmatch(r"<(?:(\w+)(?:\(.*\))?:)?(\w+)>", part)
            if parameter:
                if parameter[1] is None and parameter[2] != "token":
                    yield f"{rule.rule}: the parameter {parameter[2]} has no type"
                if parameter[2].endswith("_id") and parameter[1] != "uuid":
                    yield f"{rule.rule}: {parameter[2]} is not <uuid:...>"
            elif part and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)?", part):
                yield f"{rule.rule}: {part!r} is not in small-letters-with-dashes"
        if rule.rule != "/" and rule.rule.endswith("/"):
            yield f"{rule.rule}: ends in a slash"
        if {"GET", "POST"} <= (rule.methods or set()):
            yield f"{rule.rule}: one view for GET and POST; make two"


def test_addresses_are_spelled_alike(stage: Stage) -> None:
    assert list(address_problems(stage.app)) == []


def test_planted_addresses_are_seen() -> None:
    app = Flask(__name__, static_folder=None)
    for number, rule in enumerate(("/Check_In", "/x/<int:entry_id>", "/x/<thing>", "/x/")):
        app.add_url_rule(rule, str(number), lambda: "")
    app.add_url_rule("/both", "both", lambda: "", methods=["GET", "POST"])
    assert len(list(address_problems(app))) == 5


# --- ignores ---------------------------------------------------------------------------------------------------

PYTHON = sorted(
    path
    for folder in ("patient_app", "tests", "scripts", "bench")
    for path in (ROOT / folder).rglob("*.py")
    if "__pycache__" not in path.parts
)
IGNORE = re.compile(r"#\s*(noqa|type:\s*ignore|pragma|fmt:\s*off)")
WITH_REASON = re.compile(
    r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)* - \S.{8,}|noqa: [A-Z]+\d+|type: ignore\[[a-z-, ]+\](  # .+)?|fmt: off)"
)


def bare_ignores(source: str) -> Iterator[int]:
    """Yield the lines that ignore everything at once, or a check of security without a reason."""
    for number, line in enumerate(source.splitlines(), 1):
        found = IGNORE.search(line)
        if (found and not WITH_REASON.search(line[found.start() :])) or (
            found and re.search(r"noqa: [A-Z0-9, ]+$", line)
        ):
            yield number


@pytest.mark.parametrize("path", PYTHON, ids=[str(path.relative_to(ROOT)) for path in PYTHON])
def test_every_ignore_names_its_rule_and_its_reason(path: Path) -> None:
    if path.name == Path(__file__).name:
        return
    assert list(bare_ignores(path.read_text(encoding="utf-8"))) == []


def test_a_planted_bare_ignore_is_seen() -> None:
    assert list(bare_ignores("x = 1  # noqa")) == [1]
    assert list(bare_ignores("x = 1  # noqa: S105")) == [1]
    assert list(bare_ignores("x = 1  # type: ignore")) == [1]
    assert not list(bare_ignores("x = 1  # noqa: S105 - the password of a test"))
    assert not list(bare_ignores("x = 1  # type: ignore[arg-type]"))


# --- every word went through gettext ---------------------------------------------------------------------------

# A consent is shown in the very words that are signed; they come from one reviewed file for each language.
SIGNED_WORDS = ("Consent to share my information", "Consent to tell someone when I go quiet")
NUMBER = re.compile(r"^[\d\s.,:;·/()+%–\-\u202f]*$")
# Words of dates and times that Babel and `core/times.py` write, names that are never translated, and quotations.
DATE = re.compile(
    r"\b(January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mon|Tue|Wed|Thu|Fri|Sat|Sun|"
    r"Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|AM|PM|[Nn]oon|[Mm]idnight|UTC|GMT)\b|\d",
)


def unmarked(page: Page, data: set[str]) -> list[str]:
    """Return the texts of a page in the pseudo-language that did not go through gettext and are no data."""
    document = deepcopy(page.document)  # The same page is parsed once for all tests.
    exempt = {
        id(part)
        for element in document.iter()
        if element.get("translate") == "no" or element.get("name") == "zone"
        for part in element.iter()
    }
    for element in document.iter():
        if id(element) in exempt:
            element.text = ""
            for name in ("aria-label", "title", "alt", "placeholder"):
                element.attrib.pop(name, None)
            for child in element:
                child.tail = ""
    problems = []
    for text in visible_texts(document):
        if text.startswith(SIGNED_WORDS):
            continue
        left, deeper = text, 1
        while deeper:  # What is filled in went through gettext itself.
            left, deeper = re.subn(r"⟦[^⟦⟧]*⟧", " ", left)
        for known in sorted(data, key=len, reverse=True):
            left = left.replace(known, " ")
        left = DATE.sub(" ", left).strip()
        if not NUMBER.match(left) and re.search(r"[A-Za-z]{2,}", left):
            problems.append(text[:100])
    return problems


@pytest.fixture(scope="module")
def pseudo(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return the application as developers run it."""
    copied = original_world.copy(tmp_path_factory.mktemp("pseudo") / "copy", development=True)
    with copied.opened() as (app, store):
        yield Stage(original_world, copied, app, store)


def _data(world: World) -> set[str]:
    people = {person.name for person in world.people.values()} | {person.email for person in world.people.values()}
    return (
        {*CANARIES.values(), *people, "Harbour Practice", "Hill Practice", "Front desk", "Ask for us"}
        | {
            "Ina Invited",
            "Clara Closed",
            "555 0100",
            "Firefox, Linux",
            "English",
            "Español",
            "America/New_York",
            "New York (Eastern Time)",
            "Consent of",
            " for ",
        }
        | {"prescriber", "PRESCRIBER", "Tandem", "The practice", "support", "test"}
        | set(_reviewed([guide.tonight(), guide.poison_help(), help_lines()]))
        | set(_of_lessons())
        | set(_of_medicines())
        # Of medicines, and what follows an entry: reviewed words too.
        | {
            text.words
            for text in content_texts()
            if text.file.startswith(("content/medicines/", "content/cards/", "content/exercises/", "content/lessons/"))
        }
    )


def _of_medicines() -> Iterator[str]:
    """Yield the reviewed words of content/medicines: they come by language too."""
    for file in (PACKAGE / "content" / "medicines").glob("*.yaml"):
        for words in re.findall(
            r"^ +(?:name: |- )(.*)$|lines: \[(.*)\]", file.read_text(encoding="utf-8"), re.MULTILINE
        ):
            yield from filter(None, words)


def _of_lessons() -> Iterator[str]:
    """Yield the words of lessons as they stand on a page, where a strong word begins a piece of its own."""
    for by_language in library.ours().lessons.values():
        for section in by_language["en"].sections:
            yield from filter(None, (tidy(html.unescape(piece)) for piece in re.split(r"<[^>]+>", section.html)))


def _reviewed(part: object) -> Iterator[str]:
    """Yield the sentences of reviewed files: they come by language, not through gettext."""
    if isinstance(part, str) and " " in part:
        yield part
    elif isinstance(part, dict | list):
        for each in part.values() if isinstance(part, dict) else part:
            yield from _reviewed(each)


@pytest.mark.parametrize("situation", ["anonymous", "half-way", "owner", "s-with", "c-with", "admin"])
def test_every_word_of_every_page_went_through_gettext(pseudo: Stage, situation: str) -> None:
    problems, data = [], _data(pseudo.world)
    for rule, method in access_table.routes(pseudo.app):
        address = pseudo.world.address(rule)
        query = {**QUERIES.get(rule.rule, {}), "language": "xx"}
        page: Page = pseudo.client(situation).open(
            address, method=method, query_string=query, data={} if method != "GET" else None
        )
        if page.is_page:
            problems += [f"{method} {rule.rule}: {text}" for text in unmarked(page, data)]
        if method != "GET":
            pseudo.reset()
    assert not problems, "\n".join(sorted(set(problems)))


def test_a_planted_word_is_seen_beside_all_the_data_that_may_stand_on_a_page(pseudo: Stage) -> None:
    page = pseudo.client("anonymous").get("/help?language=xx")
    page.set_data(page.html.replace("</h1>", "</h1><p>Words that somebody forgot</p>", 1))
    data = _data(pseudo.world)
    assert unmarked(page, data) == ["Words that somebody forgot"]
    assert "" not in data


def test_a_planted_word_that_was_forgotten_is_seen(stage: Stage) -> None:
    page = stage.client("anonymous").get("/help")
    page.set_data(
        "<!DOCTYPE html><title>⟦x⟧</title><h1>⟦Help⟧</h1>"
        '<p aria-label="Forgotten">Ann, 12:30 · ⟦ok⟧</p><p>Also this</p>'
    )
    assert unmarked(page, {"Ann"}) == ["Forgotten", "Also this"]
    assert text_of(page.one("h1")) == "⟦Help⟧"
