"""Fixtures of the sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask

from patient_app.core.work import Store
from tests.page import Client
from tests.postgres import Postgres
from tests.sweeps import world as worlds
from tests.sweeps.world import World


@dataclass(frozen=True)
class Stage:
    """The world of one module, with the application over it; `reset` brings it back after something was written."""

    original: World
    world: World
    app: Flask
    store: Store

    def client(self, situation: str, *, checked: bool = False) -> Client:
        """Return the browser of somebody in a situation."""
        return self.world.client(self.app, situation, checked=checked)

    def reset(self) -> None:
        """Bring the databases back to what they were at first."""
        self.world.reset(self.original)


@pytest.fixture(scope="module", autouse=True)
def _in_the_evening() -> Iterator[None]:
    """Ask the world at the same hour, whenever the tests run."""
    with worlds.today_at(worlds.ASKED_AT):
        yield


@pytest.fixture(scope="session")
def original_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the world once a run."""
    with worlds.today_at(worlds.MADE_AT):
        return worlds.build(tmp_path_factory.mktemp("world") / "instance")


@pytest.fixture(scope="session")
def original_world_on_postgresql(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Make it on PostgreSQL too."""
    with postgres.databases() as urls:
        with worlds.today_at(worlds.MADE_AT):
            made = worlds.build(tmp_path_factory.mktemp("world") / "instance", postgres, urls)
        yield made


@pytest.fixture(scope="module")
def stage(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give a module a copy of the world and the application over it."""
    with staged(original_world, tmp_path_factory.mktemp("copy") / "instance") as found:
        yield found


@contextmanager
def staged(original: World, folder: Path) -> Iterator[Stage]:
    """Give a copy of a world in a folder and the application over it."""
    copied = original.copy(folder)
    with copied.opened() as (app, store):
        yield Stage(original, copied, app, store)
