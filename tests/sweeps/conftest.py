"""Fixtures of the sweeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask

from patient_app.core.work import Store
from tests.page import Client
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


@pytest.fixture(scope="session")
def original_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Make the world once a run."""
    return worlds.build(tmp_path_factory.mktemp("world") / "instance")


@pytest.fixture(scope="module")
def stage(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give a module a copy of the world and the application over it."""
    copied = original_world.copy(tmp_path_factory.mktemp("copy") / "instance")
    with copied.opened() as (app, store):
        yield Stage(original_world, copied, app, store)
