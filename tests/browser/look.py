"""No test: a command that takes a picture of every page, for everybody who can open it, to be looked at.

`python -m tests.browser.look FOLDER [WORD]` puts them into FOLDER: each page of the world of the sweeps, on a phone and
on a wide screen, light and dark; with a WORD only those whose address or person holds it. `--language es` takes them in
another language.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright
from sqlalchemy import text

from patient_app.accounts import sessions
from patient_app.core.work import db
from tests.conftest import CHROMIUM_ARGUMENTS, LiveServer, find_chromium, serving_release
from tests.sweeps import access_table
from tests.sweeps import world as worlds
from tests.sweeps.world import QUERIES, World

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = (
    "anonymous",
    "half-way",
    "owner",
    "other",
    "in-question",
    "s-with",
    "s-without",
    "c-with",
    "c-without",
    "admin",
)
SIZES = {"phone": ViewportSize(width=360, height=780), "wide": ViewportSize(width=1280, height=800)}
SCHEMES = ("light", "dark")


def pages(world: World) -> Iterator[tuple[str, str]]:
    """Yield (person, address) of every page; one that says the same to two people once."""
    seen: set[tuple[str, str]] = set()
    with world.opened() as (app, _store):
        for rule, method in access_table.routes(app):
            for person in PEOPLE if method == "GET" else ():
                page = world.client(app, person).get(world.address(rule), query_string=QUERIES.get(rule.rule))
                told = (page.title, page.main_words) if page.is_page else ("", "")
                if page.is_page and told not in seen:
                    seen.add(told)
                    yield person, page.request.full_path.rstrip("?")


def speak(world: World, language: str) -> None:
    """Let everybody read in a language from now on."""
    with world.opened() as (_app, store), store.work(writes=True):
        db().execute(text("UPDATE person SET language = :language"), {"language": language})


def take(
    browser: Browser, server: LiveServer, world: World, found: list[tuple[str, str]], folder: Path, locale: str
) -> None:
    """Take the pictures; a visitor reads in the language of the browser."""
    cookie = sessions.session_cookie_name(world.config)
    for size, viewport in SIZES.items():
        for scheme in SCHEMES:
            for person in dict.fromkeys(person for person, _address in found):
                context = browser.new_context(
                    base_url=server.url,
                    viewport=viewport,
                    reduced_motion="reduce",
                    service_workers="block",
                    locale=locale,
                )
                if token := world.tokens.get(person):
                    context.add_cookies([{"name": cookie, "value": token, "url": server.url}])
                for number, address in enumerate(address for one, address in found if one == person):
                    # A page of its own for each: one goes on by itself (/locked), and would go on into the next.
                    page = context.new_page()
                    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                    page.goto(address)
                    name = re.sub(r"[^a-z]+", "-", re.sub(r"[0-9a-f-]{36}", "", address).lower()).strip("-")
                    page.screenshot(path=folder / f"{person}-{number:02}-{name}-{size}-{scheme}.png", full_page=True)
                    page.close()
                context.close()


def main(folder: Path, word: str, language: str) -> None:
    """Build the world, serve it, and take a picture of each page that the word asks for."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        world = worlds.build(Path(place) / "instance")
        speak(world, language)
        found = [one for one in pages(world.copy(Path(place) / "copy")) if word in " ".join(one)]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        with serving_release(world.config, Path(place) / "server.log", ROOT) as server:
            take(browser, server, world, found, folder, f"{language}-US")
        browser.close()
    print(f"{len(found)} pages are in {folder}, each {len(SIZES) * len(SCHEMES)} times.")  # noqa: T201 - a command.


if __name__ == "__main__":
    asked = argparse.ArgumentParser()
    asked.add_argument("folder", type=Path)
    asked.add_argument("word", nargs="?", default="")
    asked.add_argument("--language", default="en")
    main(**vars(asked.parse_args()))
