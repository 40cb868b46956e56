"""Fixtures of the browser tests that look at every page."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.sweeps import access_table
from tests.sweeps import world as worlds
from tests.sweeps.world import QUERIES, World

# Who can open different pages, and the order in which they are asked: a page is looked at with the first who has it.
PEOPLE = ("anonymous", "half-way", "owner", "s-with", "s-without", "c-with", "c-without", "admin")
# It goes on by itself where no lock is set; test_lock.py looks at it with one.
GOES_ON = "/locked"


@dataclass(frozen=True)
class Survey:
    """The world of the sweeps, the address of each of its GET routes, and which are pages for whom."""

    world: World
    addresses: tuple[str, ...]
    # A page that is the same for two people stands with one of them.
    pages: dict[str, tuple[str, ...]]


@pytest.fixture(scope="session")
def world_of_now(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the world of the sweeps once a run, at this hour. Nobody changes it: each test has a copy."""
    return worlds.build(tmp_path_factory.mktemp("world_of_now") / "instance")


@pytest.fixture(scope="session")
def survey(world_of_now: World, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """Find out once a run which routes are pages for whom."""
    world, folder = world_of_now, tmp_path_factory.mktemp("survey")
    copied = world.copy(folder / "copy", development=True)
    addresses: list[str] = []
    pages: dict[str, list[str]] = {person: [] for person in PEOPLE}
    seen: set[tuple[str, ...]] = set()
    with copied.opened() as (app, _store):
        release = app.extensions["static_files"].release
        for rule, method in access_table.routes(app):
            if method != "GET":
                continue
            address, query = copied.address(rule, {"release": release}), QUERIES.get(rule.rule, {})
            addresses.append(address + "".join(f"?{name}={value}" for name, value in query.items()))
            for person in PEOPLE if rule.rule != GOES_ON else ():
                page = copied.client(app, person).get(address, query_string=query)
                # A fault of ours is for other tests.
                if not page.is_page or page.status_code >= 500:
                    continue
                if (content := (page.title, page.main_words)) not in seen:
                    seen.add(content)
                    pages[person].append(page.request.full_path.rstrip("?"))
    return Survey(world, tuple(addresses), {person: tuple(found) for person, found in pages.items()})
