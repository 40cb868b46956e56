"""Starts production servers for the browser tests without waiting for Python's imports: it forks them.

One process for each worker of a test run has imported what a server needs, and made nothing of it. A server that it
forks runs granian's own command line, with the arguments and environment it would have as a program of its own; that
it starts as one is tried where the application is started from the outside (tests/core, tests/features/cli).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ENDS_WITHIN = 20.0


class Nursery:
    """The process that forks, seen from the tests; a context manager that leaves none of its children."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Server:
        """Start `python -m granian` with these arguments, in this environment and no other."""
        asked = {"start": list(arguments), "environment": dict(environment), "log": str(log)}
        return Server(self, int(self.ask(asked)))

    def ask(self, asked: dict[str, Any]) -> Any:
        """Send one line, and return what comes back."""
        sending, answering = self._process.stdin, self._process.stdout
        assert sending is not None
        assert answering is not None
        sending.write(json.dumps(asked).encode() + b"\n")
        sending.flush()
        return json.loads(answering.readline())

    def close(self) -> None:
        """End it; it ends what still runs."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=ENDS_WITHIN)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Server:
    """A server that was forked."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self._nursery, self._pid = nursery, pid

    def poll(self) -> int | None:
        """Return None while it runs, else how it ended."""
        ended: int | None = self._nursery.ask({"poll": self._pid})
        return ended

    def end(self) -> None:
        """Ask it to end and wait until it did."""
        if self._nursery.ask({"end": self._pid}) is None:
            raise TimeoutError(f"The server {self._pid} did not end within {ENDS_WITHIN:.0f} seconds.")


class Program:
    """A server that was started as a program of its own, from another folder."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path, root: Path) -> None:
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "granian", *arguments],
                cwd=root,
                env=dict(environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def poll(self) -> int | None:
        """Return None while it runs, else how it ended."""
        return self._process.poll()

    def end(self) -> None:
        """Ask it to end and wait until it did."""
        self._process.terminate()
        self._process.wait(timeout=ENDS_WITHIN)


# --- in the process that forks ------------------------------------------------------------------------------------


def _fork(arguments: list[str], environment: dict[str, str], log: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["granian", *arguments]
    from granian.cli import entrypoint  # noqa: PLC0415 - imported before it forked, at the end of this file.

    entrypoint()  # type: ignore[no-untyped-call]
    os._exit(0)


def _poll(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _end(pid: int) -> int | None:
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + ENDS_WITHIN
    while time.monotonic() < deadline:
        if (ended := _poll(pid)) is not None:
            return ended
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def _serve() -> None:
    running: dict[int, int | None] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        answer: int | None
        if "start" in asked:
            answer = _fork(asked["start"], asked["environment"], asked["log"])
            running[answer] = None
        else:
            pid = asked.get("poll") or asked["end"]
            if running[pid] is None:
                running[pid] = _poll(pid) if "poll" in asked else _end(pid)
            answer = running[pid]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    for pid in [pid for pid, ended in running.items() if ended is None]:
        _end(pid)


if __name__ == "__main__":
    import granian.cli
    import granian.server

    import patient_app.factory

    assert granian.cli
    assert granian.server
    assert patient_app.factory
    sys.path.insert(0, str(ROOT))
    _serve()
