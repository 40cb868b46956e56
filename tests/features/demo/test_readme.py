"""README.md says what is so: its commands, addresses, accounts, files and pictures are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from patient_app import cli
from patient_app.core.ids import new_id
from patient_app.core.work import Store
from patient_app.demo import guide, service
from patient_app.demo.people import ACCOUNTS
from tests.conftest import ROOT
from tests.factories import Made, sign_in_by_form
from tests.features.cli.test_operate import settings_in_code
from tests.page import Client

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("[A-Z]*.md")), *sorted((ROOT / "docs").glob("*.md")))
PASSWORD = "plain words for tests"
TOUR = README.partition("## A tour\n")[2].partition("\n## ")[0]
EMAIL = re.compile(r"[\w.]+@demo\.example")


def _quoted(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def _rows() -> Iterator[tuple[str, list[str]]]:
    """Yield each row of the tour: who, and the addresses to look at."""
    for who, what in re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", TOUR, flags=re.MULTILINE):
        if who != "who" and not who.startswith("-"):
            yield who.strip("`"), [word for word in _quoted(what) if word.startswith("/")]


@pytest.fixture
def filled(app: Flask, store: Store) -> Flask:
    """Fill the databases with the demonstration."""
    with app.app_context():
        service.fill(store, PASSWORD, lambda _steps: None)
    return app


def _client(app: Flask, email: str) -> Client:
    client = Client(app)
    if email != "nobody":
        account = next(account for account in ACCOUNTS if account.email == email)
        made = Made(
            id=new_id(),
            practice_id=new_id(),
            role=account.role,
            discipline=account.discipline,
            name=account.name,
            sign_in_name=account.email,
            email=account.email,
            password=PASSWORD,
            totp_secret=account.totp_secret if account.role.is_staff else None,
        )
        sign_in_by_form(client, made)
    return client


def test_the_tour_is_read_at_all() -> None:
    assert len(list(_rows())) >= 7
    assert {"nobody", "patient@demo.example", "admin@demo.example"} <= {who for who, _ in _rows()}


def test_every_account_that_is_named_is_in_the_demonstration() -> None:
    named = set(EMAIL.findall(README))
    assert named
    assert named <= {account.email for account in ACCOUNTS}
    assert {who for who, _ in _rows()} <= {"nobody", *named}


def test_every_address_of_the_tour_answers_for_whom_it_names(filled: Flask) -> None:
    for who, addresses in _rows():
        client = _client(filled, who)
        for address in addresses:
            page = client.get(address)
            assert page.status_code == 200, f"{address} for {who}"
            assert page.is_page
    assert "See what they see" in _client(filled, "patient@demo.example").get("/sharing").words


def test_what_the_tour_says_of_sharing_is_so(filled: Flask) -> None:
    shown = {}
    for who in ("prescriber", "therapist", "supporter"):
        client = _client(filled, f"{who}@demo.example")
        overview = client.get("/supporting" if who == "supporter" else "/team")
        (chart,) = [link for link in overview.all("a") if "Dana Whitfield" in "".join(link.itertext())][:1]
        shown[who] = client.get(chart.get("href") or "").words
    assert "Alcohol and drugs" in shown["prescriber"]
    craving = re.compile(r"[Pp]ull[^.]*? \d+ of 10\b")
    assert craving.search(shown["prescriber"])
    assert not craving.search(shown["therapist"])
    assert not craving.search(shown["supporter"])
    assert _client(filled, "patient4@demo.example").get("/today").status_code == 200


def test_every_command_is_there() -> None:
    commands = [line for block in re.findall(r"```\n(.*?)```", README, flags=re.DOTALL) for line in block.splitlines()]
    commands += [word for word in _quoted(README) if word.startswith(("make ", "sh ", "python "))]
    assert {"make run", "make test", "make quick", "sh scripts/run.sh", "sh scripts/test.sh"} <= set(commands)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for command in commands:
        tool, *words = command.split()
        if tool == "make":
            assert re.search(rf"^{words[0]}:.* ## ", makefile, flags=re.MULTILINE), command
        elif tool == "sh":
            assert (ROOT / words[0]).is_file(), command
        else:
            assert words[0] == "app.py", command
            _check_command(words[1:])


def _check_command(words: list[str]) -> None:
    found: click.Command = cli.commands
    while words and isinstance(found, click.Group) and not words[0].startswith("-"):
        found = found.commands[words.pop(0)]
    if found.name == "code":
        assert guide.code_of(words[0]) is not None


def test_every_setting_that_is_named_is_one() -> None:
    named = {word for word in _quoted(README) if re.fullmatch(r"[A-Z][A-Z_]+", word)}
    assert {"PORT", "HOST"} <= named
    assert named <= settings_in_code()


def test_every_file_that_is_named_is_there() -> None:
    named = {
        word for word in _quoted(README) if re.fullmatch(r"[\w./-]+(?:/|\.\w+)", word) and not word.startswith("/")
    }
    assert {"app.py", "patient_app/", "tests/sweeps/"} <= named
    assert [word for word in named if not (ROOT / word).exists()] == []


@pytest.mark.parametrize("page", sorted(set(PAGES)), ids=lambda path: path.name)
def test_every_file_and_picture_that_is_linked_is_there(page: Path) -> None:
    told = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", told)
    own = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    assert [link for link in own if not (page.parent / link).exists()] == []
    assert page.name != "README.md" or len(own) >= 7
