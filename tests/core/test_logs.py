"""Logs: structured lines that carry no word of a person."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import structlog
from flask import Flask

from patient_app.core import logs
from patient_app.core.logs import logger

CANARY = "canaryword"


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _fails(note: str) -> None:
    kept = note.upper()
    raise ValueError(f"this note does not fit: {note} {kept}")


def test_an_exception_is_its_type_and_its_places(log_lines: io.StringIO) -> None:
    try:
        _fails(CANARY)
    except ValueError as error:
        logger().error("fault", exc_info=error)
    (line,) = _lines(log_lines)
    assert line["error"] == "ValueError"
    assert line["event"] == "fault"
    assert line["level"] == "error"
    assert line["timestamp"].endswith("Z")
    assert any("test_logs.py" in place and "_fails" in place for place in line["at"])
    assert CANARY not in log_lines.getvalue().casefold()


def test_causes_and_notes_of_an_exception_are_not_logged(log_lines: io.StringIO) -> None:
    try:
        try:
            _fails(CANARY)
        except ValueError as cause:
            cause.add_note(CANARY)
            raise RuntimeError(CANARY) from cause
    except RuntimeError as error:
        logger().error("fault", exc_info=error)
    assert CANARY not in log_lines.getvalue().casefold()


def test_a_traceback_asked_for_by_true_leaks_nothing(log_lines: io.StringIO) -> None:
    try:
        _fails(CANARY)
    except ValueError:
        logger().error("fault", exc_info=True)
    assert CANARY not in log_lines.getvalue().casefold()


def test_a_request_is_one_line_with_its_rule_and_not_its_address(log_lines: io.StringIO) -> None:
    app = Flask(__name__)
    logs.init_app(app)
    app.add_url_rule("/join/<token>", "join", lambda token: token)
    answer = app.test_client().get(f"/join/{CANARY}?name={CANARY}", headers={"User-Agent": CANARY})
    (line,) = _lines(log_lines)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/join/<token>", 200)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert line["milliseconds"] >= 0
    assert CANARY not in log_lines.getvalue()


def test_an_address_that_is_not_there_is_not_logged(log_lines: io.StringIO) -> None:
    app = Flask(__name__)
    logs.init_app(app)
    app.test_client().get(f"/{CANARY}")
    assert CANARY not in log_lines.getvalue()
    assert _lines(log_lines)[0]["route"] is None


def test_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="WARNING")
    logger().info("not said")
    logger().warning("said")
    structlog.reset_defaults()
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["said"]
