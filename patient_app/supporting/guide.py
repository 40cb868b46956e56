"""What supporters are told beside what is shared: reviewed files that carry their sources and a date."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

CONTENT = Path(__file__).resolve().parents[1] / "content" / "supporters"


@lru_cache(maxsize=1)
def tonight() -> dict[str, Any]:
    """Return how to help tonight: the same for everybody, so that it tells nothing of the person; read once."""
    return _reviewed("tonight.yaml")


@lru_cache(maxsize=1)
def poison_help() -> dict[str, Any]:
    """Return the line for somebody who took in something harmful; read once."""
    return _reviewed("poison_help.yaml")


def _reviewed(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CONTENT / name).read_text(encoding="utf-8"))
    return found
