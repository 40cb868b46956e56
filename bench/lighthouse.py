"""Lighthouse's judgement of pages on a slow phone; its scores are simulated, so the median of five counts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import CannotMeasure
from bench.ground import Ground
from bench.served import ROOT, application
from bench.weight import CHROMIUM_ARGUMENTS, find_chromium

RUNS = 5
SECONDS_A_RUN = 120
LEAST_PERFORMANCE, LEAST_OTHER = 99, 100
MOST_LCP_SECONDS, MOST_BLOCKING_MS, MOST_SHIFT = 1.2, 0, 0
# The network that Lighthouse simulates takes the same time on every machine: six round trips of 150 ms, two of them for
# the name, one for a connection, one for the page, two for what comes over connections of its own. The rest is work.
NETWORK_SECONDS = 0.9
# Lighthouse counts what a task takes beyond this. On a slower machine the same task takes longer.
TASK_MS = 50
PAGES = {
    "sign-in": "/sign-in",
    "today": "/today",
    "check-in": "/check-in",
    "lesson": "/learn/lessons/waves",
}
# What Lighthouse says when a trace went wrong by itself; it is asked so many times before it is taken for a failure.
RUN_AGAIN, TRIES = "Please run Lighthouse again", 3


def lighthouse(ground: Ground) -> None:
    """Measure each page on the real server, signed in where it needs that."""
    tool = ROOT / "node_modules" / ".bin" / "lighthouse"
    if shutil.which("node") is None:
        raise CannotMeasure("Node.js is missing: install the packages nodejs and npm.")
    if not tool.exists():
        raise CannotMeasure("Lighthouse is missing: run `npm ci --ignore-scripts`.")
    chromium = find_chromium()
    with application(ground) as (port, _):
        for name, path in PAGES.items():
            headers = {} if path == "/sign-in" else ground.cookie(ground.people.three_years)
            runs = [
                _run(tool, chromium, f"http://localhost:{port}{path}", headers, ground.folder)
                for _turn in range(1 if ground.report.quick else RUNS)
            ]
            _add(ground, name, runs)


def _run(tool: Path, chromium: str, address: str, headers: dict[str, str], folder: Path) -> dict[str, Any]:
    result, sent = folder / "lighthouse.json", folder / "headers.json"
    sent.write_text(json.dumps(headers), encoding="utf-8")
    command = [
        str(tool),
        address,
        f"--chrome-flags={' '.join(CHROMIUM_ARGUMENTS)}",
        "--only-categories=performance,accessibility,best-practices",
        "--form-factor=mobile",
        "--output=json",
        f"--output-path={result}",
        f"--extra-headers={sent}",
        "--quiet",
    ]
    for _turn in range(TRIES):
        said = _failure(command, chromium)
        if said is None:
            found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
            return found
        if RUN_AGAIN not in said:
            break
    raise CannotMeasure(f"Lighthouse failed: {said}")


def _failure(command: list[str], chromium: str) -> str | None:
    """Run it; return what it said if it failed."""
    try:
        subprocess.run(  # noqa: S603 - our own command.
            command, env={**os.environ, "CHROME_PATH": chromium}, check=True, capture_output=True, timeout=SECONDS_A_RUN
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (error.stderr or b"").decode(errors="replace").strip().splitlines()
        return said[-1] if said else type(error).__name__
    return None


def _add(ground: Ground, name: str, runs: list[dict[str, Any]]) -> None:
    def score(category: str) -> list[float]:
        return [run["categories"][category]["score"] * 100 for run in runs]

    def audit(which: str) -> float:
        return float(median(run["audits"][which]["numericValue"] for run in runs))

    report = ground.report
    report.add(
        f"lighthouse-{name}-performance", median(score("performance")), "of-100", LEAST_PERFORMANCE, at_least=True
    )
    for category in ("accessibility", "best-practices"):
        report.add(f"lighthouse-{name}-{category}", min(score(category)), "of-100", LEAST_OTHER, at_least=True)
    lcp = audit("largest-contentful-paint") / 1000
    report.add_seconds(f"lighthouse-{name}-lcp", lcp, MOST_LCP_SECONDS, NETWORK_SECONDS)
    slower = max(0.0, report.scale - 1) * TASK_MS
    report.add(f"lighthouse-{name}-blocking", audit("total-blocking-time"), "ms", MOST_BLOCKING_MS + slower)
    report.add(f"lighthouse-{name}-cls", audit("cumulative-layout-shift"), "shift", MOST_SHIFT)
    for which in _failed(runs[-1]):
        report.note(f"lighthouse-{name}: {which}")


def _failed(run: dict[str, Any]) -> list[str]:
    """Name the audits that cost a category its hundred."""
    wanted = {
        entry["id"]
        for category in ("accessibility", "best-practices")
        for entry in run["categories"][category]["auditRefs"]
        if entry["weight"]
    }
    audits = run["audits"]
    return [f"{name}: {audits[name]['title']}" for name in sorted(wanted) if audits[name]["score"] not in {None, 1}]
