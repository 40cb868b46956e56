"""Installations for the tests of the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.features.cli.program import Program, fresh_settings

PASSWORD = "plain words for tests"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Return the command line with a folder in which nothing is yet."""
    return Program(tmp_path / "instance", fresh_settings())


@pytest.fixture(scope="session")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a demonstration by the command line, once a run."""
    instance = tmp_path_factory.mktemp("demonstration") / "instance"
    answer = Program(instance)("demo", "fill", DEMO_PASSWORD=PASSWORD)
    assert answer.code == 0, answer
    return instance


@pytest.fixture
def filled(tmp_path: Path, filled_once: Path) -> Program:
    """Return the command line with a demonstration of its own."""
    shutil.copytree(filled_once, tmp_path / "instance")
    return Program(tmp_path / "instance", fresh_settings())
