"""The application as an operator meets it: a process with an environment, an exit code, and what it prints."""

from __future__ import annotations

import hashlib
import http.cookiejar
import io
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from patient_app import cli
from tests.conftest import ROOT, free_port

# What one file of an installation is; locks and shared memory hold nothing.
KEPT = ("*.sqlite", "*.key", "demo-password")
READY_WITHIN = 40.0


@dataclass(frozen=True)
class Answer:
    """What a command printed and how it left."""

    code: int
    out: str
    err: str


@dataclass
class Program:
    """`python app.py` with one folder of its own and the settings of a test."""

    instance: Path
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment: this machine's paths, and nothing else that was set outside."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        return {**inherited, "INSTANCE_PATH": str(self.instance), **self.settings, **more}

    def __call__(self, *words: str, **settings: str) -> Answer:
        """Run one command to its end, inside this process: the interpreter's start takes longer than most commands."""
        assert not set(words) & {"run", "worker"}, "these go on; give them a process"
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in set(os.environ) - {"PATH", "HOME", "LANG", "TMPDIR"}:
                patch.delenv(name)
            for name, value in self.environment(**settings).items():
                patch.setenv(name, value)
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as left:
                cli.main(words)
        assert isinstance(left.value.code, int)
        return Answer(left.value.code, out.getvalue(), err.getvalue())

    def process(self, *words: str, **settings: str) -> Answer:
        """Run one command to its end, as a process of its own."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "app.py"), *words],
            cwd=self.instance.parent,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def refuses(self, *words: str, **settings: str) -> str:
        """Run a command that must be refused: exit code 1, nothing printed but one sentence, which is returned."""
        answer = self.process(*words, **settings) if words[0] in {"run", "worker"} else self(*words, **settings)
        assert answer.code == 1, answer
        lines = [line for line in answer.err.splitlines() if line != "Making the demonstration practice"]
        assert len(lines) == 1, answer.err
        assert not answer.out, answer.out
        assert lines[0].startswith("tandem: "), answer.err
        assert lines[0].endswith("."), answer.err
        return lines[0]

    @contextmanager
    def running(self, *words: str, ready: str, **settings: str) -> Iterator[Running]:
        """Start a command that goes on, and wait until it says a word; it is killed at the end if it still runs."""
        log = self.instance.parent / f"{'-'.join(words)}-{time.monotonic_ns()}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "app.py"), *words],
                cwd=self.instance.parent,
                env=self.environment(**settings),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        started = Running(process, log, self.instance)
        try:
            started.wait_for(ready)
            yield started
        finally:
            process.kill()
            process.wait()
            for pid in started.processes():
                with suppress(ProcessLookupError):  # It ended by itself meanwhile.
                    os.kill(pid, signal.SIGKILL)

    def hashes(self) -> dict[str, str]:
        """Return the hash of every file that must not change when a command is refused."""
        files = [file for pattern in KEPT for file in self.instance.glob(pattern)]
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


@dataclass
class Running:
    """A command that goes on, and what it started."""

    process: subprocess.Popen[bytes]
    log: Path
    instance: Path

    @property
    def text(self) -> str:
        """All that was printed so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_for(self, words: str, *, times: int = 1) -> None:
        """Wait until these words were printed so many times."""
        wait_until(lambda: self.text.count(words) >= times or self.process.poll() is not None)
        assert self.text.count(words) >= times, self.text[-3000:]

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def processes(self, *words: str) -> list[int]:
        """Return the living processes of this installation but the first, those whose command line has these words."""
        return [
            pid
            for pid, command in _processes_with(f"INSTANCE_PATH={self.instance}")
            if pid != self.process.pid and all(word in command for word in words)
        ]


def _processes_with(setting: str) -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
            command = (folder / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            state = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        except OSError:
            continue
        if setting in environment and state != "Z":
            yield int(folder.name), command


def wait_until(condition: object, within: float = READY_WITHIN) -> None:
    """Wait until a condition holds; fail when it never does."""
    assert callable(condition)
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


class Visitor:
    """A browser at the real server: keeps cookies, says where a form comes from, does not follow redirects."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self.cookies), urllib.request.ProxyHandler({}), _NoRedirect()
        )

    def get(self, path: str) -> tuple[int, str]:
        """Fetch a page: status and text."""
        return self._open(urllib.request.Request(self.address + path))  # noqa: S310 - our own server.

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form: status, and text or where it leads."""
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.address + path, body)  # noqa: S310 - our own server.
        request.add_header("Sec-Fetch-Site", "same-origin")
        return self._open(request)

    def _open(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                return answer.code, answer.headers.get("Location") or answer.read().decode()

    def is_alive(self) -> bool:
        """Whether the server answers /healthz."""
        try:
            return self.get("/healthz") == (200, "ok\n")
        except OSError:
            return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        return None


def fresh_settings() -> dict[str, str]:
    """Return settings with a port that is free, for a server of its own."""
    return {"PORT": str(free_port()), "WEB_WORKERS": "1"}
