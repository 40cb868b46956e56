"""What the help page says of the world outside, from reviewed files that carry where and when each was verified."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

CONTENT = Path(__file__).resolve().parents[1] / "content"


@lru_cache(maxsize=1)
def help_lines() -> list[dict[str, Any]]:
    """Return the help lines in the order in which they are shown; read once, so that no later fault reaches them."""
    return _reviewed("help_lines.yaml")


@lru_cache(maxsize=1)
def help_doors() -> list[dict[str, Any]]:
    """Return what the four doors of the help page rest on, and when their words were last reviewed."""
    return _reviewed("help_doors.yaml")


def _reviewed(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CONTENT / name).read_text(encoding="utf-8"))
    return found
