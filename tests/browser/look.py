"""No test: a command that takes a picture of every page, for everybody who can open it, to be looked at.

`python -m tests.browser.look FOLDER [WORD] [--long] [--phone] [--language es]` puts them into FOLDER: each page of the
world of the sweeps, and each form that was refused, on a phone and on a wide screen, light and dark; with a WORD only
those whose address or person holds it. With `--long` people, things and words are as long as they may be; with
`--phone` only a phone, light; with `--language` in that language.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from sqlalchemy import text

from patient_app.accounts import sessions
from patient_app.care_team.assignment_forms import LONGEST_NOTE
from patient_app.checkins.forms import LONGEST_AMOUNT
from patient_app.core.work import db
from patient_app.medications.forms import LONGEST_NAME
from patient_app.profile.service import LONGEST_CHIP
from tests.browser.test_accessibility import REFUSED
from tests.conftest import CHROMIUM_ARGUMENTS, LiveServer, find_chromium, serving_release
from tests.sweeps import access_table
from tests.sweeps import world as worlds
from tests.sweeps.world import CANARIES, QUERIES, World

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
# What a script makes true once it knows (whether there is a lock, what waits) comes after the page has loaded.
STILL = """() => new Promise((done) => {
  const most = setTimeout(done, 4000);
  let timer;
  const again = () => { clearTimeout(timer); timer = setTimeout(() => { clearTimeout(most); done(); }, 300); };
  new MutationObserver(again).observe(document, { subtree: true, childList: true, attributes: true });
  again();
})"""
OPEN_ALL = "() => document.querySelectorAll('details').forEach((part) => { part.open = true; })"
_NAME, _SENTENCE = "Featherstonehaugh-Wolkenstein ", "As long as it may be, and then a little longer than that. "
# Words of the world by what they are of, as long as somebody may write them; of chips, in one piece.
LONG = {
    **dict.fromkeys(("name", "staff_name", "supporter_name", "called", "plan_contact"), (_NAME * 3)[:80].strip()),
    **dict.fromkeys(("thing", "trigger", "helper", "pronouns"), "W" * LONGEST_CHIP),
    **dict.fromkeys(
        ("medicine", "medicine_about_use", "medicine_private"),
        ("levomethadyl-acetylhydrochloride with dextroamphetaminesaccharate " * 2)[:LONGEST_NAME].strip(),
    ),
    "goal": "W" * LONGEST_CHIP,
    "amount": "W" * LONGEST_AMOUNT,
    **dict.fromkeys(("visit_place", "visit_who", "reminder"), ("Musterstrasse-am-Langenfelde " * 5)[:120].strip()),
    **dict.fromkeys(
        ("note", "exercise", "to_raise", "plan", "medicine_reason", "effect_note"), _SENTENCE * 3 + "W" * 60
    ),
    **dict.fromkeys(("assignment_note", "lesson_note"), (_SENTENCE * 20)[: min(LONGEST_NOTE, 300)]),
}


class Picture(NamedTuple):
    """What is to be pictured: a page as one person sees it, or what its form says when it was sent empty."""

    person: str
    address: str
    is_refused: bool = False

    @property
    def name(self) -> str:
        """Words for the name of a file."""
        address = re.sub(r"[^a-z]+", "-", re.sub(r"[0-9a-f-]{36}", "", self.address).lower()).strip("-")
        return f"{address}-refused" if self.is_refused else address


def pages(world: World, people: Sequence[str] = PEOPLE) -> Iterator[Picture]:
    """Yield every page that these people can open; one that says the same to two of them once."""
    seen: set[tuple[str, str]] = set()
    with world.opened() as (app, _store):
        for rule, method in access_table.routes(app):
            for person in people if method == "GET" else ():
                page = world.client(app, person).get(world.address(rule), query_string=QUERIES.get(rule.rule))
                told = (page.title, page.main_words) if page.is_page else ("", "")
                if page.is_page and told not in seen:
                    seen.add(told)
                    yield Picture(person, page.request.full_path.rstrip("?"))
    yield from (Picture(person, address, is_refused=True) for person, address in REFUSED if person in people)


def speak(world: World, language: str) -> None:
    """Let everybody read in a language from now on."""
    with world.opened() as (_app, store), store.work(writes=True):
        db().execute(text("UPDATE person SET language = :language"), {"language": language})


def _show(page: Page, picture: Picture) -> None:
    """Bring a page onto the screen as it is to be seen, whole: its bars where they are at its end."""
    page.goto(picture.address)
    if picture.is_refused:
        page.evaluate(OPEN_ALL)
        page.locator("main form button[type=submit]").last.click()
        expect(page.locator("#error-summary")).to_be_visible()
    page.evaluate(STILL)
    size = page.viewport_size or SIZES["phone"]
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.set_viewport_size(ViewportSize(width=size["width"], height=max(size["height"], height)))


def take(browser: Browser, server: LiveServer, world: World, found: list[Picture], asked: argparse.Namespace) -> int:
    """Take the pictures, and return how many. A visitor reads in the language of the browser."""
    only = "phone-light" if asked.phone else ""
    cookie = sessions.session_cookie_name(world.config)
    taken = 0
    for size, scheme in ((size, scheme) for size in SIZES for scheme in SCHEMES):
        for person in dict.fromkeys(picture.person for picture in found if f"{size}-{scheme}".startswith(only)):
            context = browser.new_context(
                base_url=server.url,
                viewport=SIZES[size],
                reduced_motion="reduce",
                service_workers="block",
                locale=f"{asked.language}-US",
            )
            if token := world.tokens.get(person):
                context.add_cookies([{"name": cookie, "value": token, "url": server.url}])
            for number, picture in enumerate(one for one in found if one.person == person):
                # A page of its own for each: one goes on by itself (/locked), and would go on into the next.
                page = context.new_page()
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                _show(page, picture)
                page.screenshot(path=asked.folder / f"{person}-{number:02}-{picture.name}-{size}-{scheme}.png")
                page.close()
                taken += 1
            context.close()
    return taken


def main() -> None:
    """Build the world, serve it, and take a picture of each page that was asked for."""
    asks = argparse.ArgumentParser(description=__doc__)
    asks.add_argument("folder", type=Path)
    asks.add_argument("word", nargs="?", default="")
    asks.add_argument("--long", action="store_true")
    asks.add_argument("--phone", action="store_true")
    asks.add_argument("--language", default="en")
    asked = asks.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    if asked.long:
        CANARIES.update(LONG)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        world = worlds.build(Path(place) / "instance")
        speak(world, asked.language)
        found = [one for one in pages(world.copy(Path(place) / "copy")) if asked.word in f"{one.person} {one.address}"]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        with serving_release(world.config, Path(place) / "server.log", ROOT) as server:
            taken = take(browser, server, world, found, asked)
        browser.close()
    print(f"{taken} pictures of {len(found)} pages are in {asked.folder}.")  # noqa: T201 - a command.


if __name__ == "__main__":
    main()
