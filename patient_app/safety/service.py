"""The national help lines, from one reviewed file that carries where and when each was verified."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

HELP_LINES = Path(__file__).resolve().parents[1] / "content" / "help_lines.yaml"


@lru_cache(maxsize=1)
def help_lines() -> list[dict[str, Any]]:
    """Return the help lines in the order in which they are shown; read once, so that no later fault reaches them."""
    lines: list[dict[str, Any]] = yaml.safe_load(HELP_LINES.read_text(encoding="utf-8"))
    return lines
