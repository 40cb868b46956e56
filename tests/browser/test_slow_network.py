"""A page that arrives in pieces, as on a phone with one bar: nothing that is seen moves to make room for what comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, ViewportSize
from playwright.sync_api import TimeoutError as WaitedTooLong

from patient_app.accounts import sessions
from tests.browser.slowly import Slowly
from tests.browser.test_accessibility import COUNT_SHIFTS
from tests.conftest import CHROMIUM_ARGUMENTS, find_chromium, serving
from tests.nursery import Nursery
from tests.sweeps.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# High enough that all of a page is seen, and counted: what lies below the edge of a screen moves unnoticed.
TALL = ViewportSize(width=360, height=3000)


@dataclass
class Slow:
    """The world of the sweeps behind a slow network."""

    world: World
    network: Slowly
    browser: Browser

    def shifts(self, person: str, address: str) -> list[str]:
        """Return what moved while a page arrived."""
        context = self.browser.new_context(viewport=TALL, service_workers="block", reduced_motion="reduce")
        context.set_default_timeout(15_000)
        context.add_init_script(COUNT_SHIFTS)
        context.add_init_script(VOICE)
        name = sessions.session_cookie_name(self.world.config)
        context.add_cookies([{"name": name, "value": self.world.tokens[person], "url": self.network.url}])
        page = context.new_page()
        self.network.bring(page, address, at_once=3)
        # Scripts come once the page is drawn, after its load: what they show stands then.
        try:
            page.wait_for_function(f"() => ({HIDDEN})().length === 0")
        except WaitedTooLong:
            assert page.evaluate(HIDDEN) == []
        found: list[str] = page.evaluate("() => globalThis.shifts")
        context.close()
        return found


# Else the button that a lesson is read aloud with is not shown.
VOICE = 'if ("speechSynthesis" in window) speechSynthesis.getVoices = () => [{ lang: "en-US", localService: true }];'
# What is not seen yet is seen once the page is whole.
HIDDEN = """() => [...document.querySelectorAll("body > :not(script, template), body * *")]
  .filter((one) => getComputedStyle(one).visibility !== "visible").map((one) => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def unhurried(browser: Browser) -> Iterator[Browser]:
    """Start a Chromium that draws as soon as it is asked to: hundreds of pieces are waited for, two frames each."""
    arguments = [*CHROMIUM_ARGUMENTS, "--disable-frame-rate-limit", "--disable-gpu-vsync"]
    opened = browser.browser_type.launch(executable_path=find_chromium(), args=arguments)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def slow(
    world_of_now: World, tmp_path_factory: pytest.TempPathFactory, unhurried: Browser, nursery: Nursery
) -> Iterator[Slow]:
    """Serve a copy of the world over a slow network."""
    folder = tmp_path_factory.mktemp("slow")
    world = world_of_now.copy(folder / "instance")
    with (
        serving(world.config, folder / "server.log", nursery) as server,
        Slowly(int(server.url.rsplit(":", 1)[1])) as network,
    ):
        yield Slow(world, network, unhurried)


@pytest.mark.parametrize(
    ("person", "address"),
    [
        ("owner", "/welcome/help"),
        ("owner", "/today"),
        ("owner", "/check-in"),
        ("owner", "/history"),
        ("owner", "/learn/lessons/waves"),
        ("owner", "/skills/runs/{run_id}/change"),
        ("s-with", "/supporting"),
        ("c-with", "/team"),
        ("c-with", "/team/{patient_id}"),
        ("admin", "/practice"),
    ],
)
def test_nothing_moves_while_a_page_arrives(slow: Slow, person: str, address: str) -> None:
    moved = slow.shifts(person, address.format(**slow.world.ids))
    assert not moved, "\n".join(moved)


def test_what_moves_is_counted(slow: Slow) -> None:
    slow.network.change = lambda body: body.replace(b"<h1>", b"<center>Pushed aside by what follows</center><h1>", 1)
    try:
        assert slow.shifts("owner", "/today")
    finally:
        slow.network.change = bytes
