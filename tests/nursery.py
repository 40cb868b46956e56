"""Starts production servers for the browser tests without waiting for Python's imports: it forks them.

One process for each worker of a test run has imported what a server needs, and made one application, of which it keeps
only what follows from our files alone: compiled templates, packed style sheets, lessons that were read. A server that
it forks runs granian's own command line, with the arguments and environment it would have as a program of its own, and
makes its own application; that it starts as one, and ends when it is asked to, is tried where the application is
started from the outside (tests/core, tests/features/cli, tests/drills).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.compiled import compile_once

ROOT = Path(__file__).resolve().parents[1]
ENDS_WITHIN = 20.0
PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>


class Nursery:
    """The process that forks, seen from the tests; a context manager that leaves none of its children."""

    def __init__(self, migrated: Path) -> None:
        """Start it; `migrated` is a folder with both SQLite databases as the migrations make them."""
        command = [sys.executable, "-m", "tests.nursery", str(migrated)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

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
        """End it at once: nobody waits while it takes itself to pieces, which takes as long as to start it."""
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
    os.setpgid(0, 0)  # Its own processes are of this group.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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
    """Kill a server with its processes, and wait for each of them."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + ENDS_WITHIN
    ended = None
    while time.monotonic() < deadline:
        try:
            found, status = os.waitpid(-pid, os.WNOHANG)
        except ChildProcessError:
            return ended
        if found == pid:
            ended = os.waitstatus_to_exitcode(status)
        if not found:
            time.sleep(0.005)
    return None


def _adopt() -> None:
    """Have the processes of a server that was killed as children of one's own, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _make_ready(migrated: Path) -> None:
    """Make an application over copies of empty databases, compile its templates, and let go of it."""
    from patient_app.core.config import Config  # noqa: PLC0415 - imported before, at the end of this file.
    from patient_app.core.installation import open_store  # noqa: PLC0415 - likewise.
    from patient_app.core.keys import make_master_key  # noqa: PLC0415 - likewise.
    from patient_app.factory import create_app  # noqa: PLC0415 - likewise.

    with tempfile.TemporaryDirectory() as folder:
        for file in migrated.glob("*.sqlite"):
            shutil.copy(file, folder)
        config = Config(instance=Path(folder), master_key=make_master_key(), development=True)
        store = open_store(config)
        app = create_app(config, store)
        for name in app.jinja_env.list_templates(extensions=["html"]):
            app.jinja_env.get_template(name)
        store.close()
    # Looked through for garbage by no server: it would copy all of it.
    del app, store
    gc.collect()
    gc.freeze()


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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Who interrupts the tests ends it by closing what it reads from.
    import granian.cli
    import granian.server

    import patient_app.factory

    assert granian.cli
    assert granian.server
    assert patient_app.factory
    sys.path.insert(0, str(ROOT))
    compile_once()
    with contextlib.redirect_stdout(sys.stderr):  # What it says to the tests goes to the other.
        _make_ready(Path(sys.argv[1]))
    _adopt()
    _serve()
