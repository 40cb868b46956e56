"""A crawl of every address, in a real browser: nothing is fetched from another origin.

The pages that test_accessibility.py looks at one by one with the same person are watched for it there, without their
worker: that works here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from patient_app.accounts import sessions
from tests.browser.conftest import GOES_ON, Survey
from tests.browser.test_accessibility import NOT_THERE
from tests.conftest import LiveServer, Watched, serving
from tests.nursery import Nursery
from tests.sweeps.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = ("anonymous", "owner")


@dataclass
class Site:
    """The world of the sweeps on the real server."""

    server: LiveServer
    world: World
    survey: Survey

    def addresses(self, person: str) -> list[str]:
        """Return each address that is not looked at as a page with this person."""
        return [one for one in self.survey.addresses if one not in self.survey.pages[person]]


@pytest.fixture(scope="module")
def site(survey: Survey, tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Site]:
    """Serve a copy of the world."""
    folder = tmp_path_factory.mktemp("crawl")
    world = survey.world.copy(folder / "instance")
    with serving(world.config, folder / "server.log", nursery) as server:
        yield Site(server, world, survey)


def _page(site: Site, browser: Browser, person: str, watched: Watched) -> BrowserPage:
    context = browser.new_context(base_url=site.server.url, viewport={"width": 360, "height": 780})
    context.set_default_timeout(10_000)
    if token := site.world.tokens.get(person):
        name = sessions.session_cookie_name(site.world.config)
        context.add_cookies([{"name": name, "value": token, "url": site.server.url}])
    page = context.new_page()
    watched.watch(page)
    return page


@pytest.mark.parametrize("person", PEOPLE)
def test_every_address_fetches_from_its_own_origin_alone(site: Site, browser: Browser, person: str) -> None:
    watched = Watched(site.server.url)
    watched.expect(*NOT_THERE)
    page = _page(site, browser, person, watched)
    opened = {}
    for address in [*site.addresses(person), "/no/such/page"]:
        if address.endswith(".ics"):  # A file to save: the browser shows nothing of it.
            continue
        answer = page.goto(address, wait_until="commit" if address == GOES_ON else "load")
        if address == GOES_ON:
            page.wait_for_url(lambda now: GOES_ON not in now)
        assert answer is not None
        opened[address] = answer.status
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")  # What a script asks for after loading.
    page.context.close()
    assert not {address: status for address, status in opened.items() if status >= 500}
    assert not watched.problems, "\n".join(watched.problems)
    assert len(opened) > 40
    assert opened["/healthz"] == 200
    assert {*opened, *site.survey.pages[person]} > {"/today", "/help", "/sw.js"}


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("() => fetch('https://elsewhere.example/').catch(() => null)", id="fetch"),
        pytest.param("() => { const i = new Image(); i.src = 'https://elsewhere.example/x.png'; }", id="image"),
        pytest.param("() => { location.href = 'https://elsewhere.example/'; }", id="elsewhere"),
    ],
)
def test_a_planted_request_to_another_origin_is_seen(site: Site, browser: Browser, script: str) -> None:
    watched = Watched(site.server.url)
    page = _page(site, browser, "anonymous", watched)
    page.goto("/help")
    assert not watched.problems
    page.route("https://elsewhere.example/**", lambda route: route.abort())
    page.evaluate(script)
    page.wait_for_timeout(200)
    page.context.close()
    assert any("elsewhere.example" in problem for problem in watched.problems), watched.problems
