"""What libraries log, warn of or let fall is a structured line too, and carries no word of a person."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from typing import Any

import pytest

from patient_app.core import logs
from tests.conftest import ROOT

CANARY = "canaryword"


def _line(stream: io.StringIO) -> dict[str, Any]:
    (line,) = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert CANARY not in json.dumps(line)
    return dict(line)


def _log(name: str, level: int, *, with_handler: bool = False) -> None:
    library = logging.getLogger(name)
    if with_handler:  # As libraries do that bring their own; `configure` takes it away.
        library.addHandler(logging.StreamHandler(sys.stderr))
        library.propagate = False
        logs._take_over_the_libraries("INFO")
    try:
        raise ValueError(CANARY)
    except ValueError:
        library.log(level, "%s: " + CANARY, CANARY, exc_info=True)


@pytest.mark.parametrize("name", ["some.library", "sqlalchemy.pool", "werkzeug", "py.warnings"])
@pytest.mark.parametrize("with_handler", [pytest.param(False, id="plain"), pytest.param(True, id="own handler")])
def test_an_exception_in_a_library_is_its_type_and_its_places(
    log_lines: io.StringIO, capfd: pytest.CaptureFixture[str], name: str, with_handler: bool
) -> None:
    _log(name, logging.ERROR, with_handler=with_handler)
    line = _line(log_lines)
    assert (line["event"], line["level"], line["logger"], line["error"]) == ("library", "error", name, "ValueError")
    assert "_log" in line["at"][-1]
    assert "test_library_logs.py" in line["place"]
    assert capfd.readouterr() == ("", "")


def test_levels_between_are_taken_and_low_ones_are_not_said(log_lines: io.StringIO) -> None:
    _log("some.library", logging.INFO)
    assert not log_lines.getvalue()
    _log("some.library", logging.WARNING + 5)
    assert _line(log_lines)["level"] == "warning"


def test_the_web_servers_words_are_kept_to_their_first_line(log_lines: io.StringIO) -> None:
    words = f"Application callable raised an exception\nTraceback ...\nValueError: {CANARY}"
    logging.getLogger("_granian.utils").error(words)
    assert _line(log_lines)["said"] == "Application callable raised an exception"


def test_a_warning_is_its_kind_and_its_place(log_lines: io.StringIO) -> None:
    with warnings.catch_warnings():
        logs.configure_warnings()
        warnings.simplefilter("always")
        warnings.warn(CANARY, UserWarning, stacklevel=1)
    line = _line(log_lines)
    assert (line["event"], line["category"]) == ("warning", "UserWarning")
    assert "test_library_logs.py" in line["place"]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("raise ValueError(CANARY)", id="the process"),
        pytest.param("t = threading.Thread(target=lambda: int(CANARY)); t.start(); t.join()", id="a thread"),
        pytest.param(
            "kind = type('K', (), {'__del__': lambda self: int(CANARY)}); found = kind(); del found", id="an end"
        ),
        pytest.param("warnings.warn(CANARY)", id="a warning"),
        pytest.param("logging.getLogger('x').error(CANARY)", id="a library"),
    ],
)
def test_what_nobody_caught_is_a_line_without_its_message(fault: str) -> None:
    program = (
        "import logging, threading, warnings\nfrom patient_app.core import logs\nlogs.configure()\n"
        f"logs.log_what_nobody_caught()\nCANARY = {CANARY[:6]!r} + {CANARY[6:]!r}\n{fault}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert CANARY not in done.stdout + done.stderr
    assert done.stderr == ""
    (line,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert line["event"] in {"nobody caught", "warning", "library"}
