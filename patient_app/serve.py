"""Runs the web server and the worker as two children: starts, watches, restarts and ends them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from patient_app.core.config import ConfigError
from patient_app.core.logs import logger

ROOT = Path(__file__).resolve().parents[1]
SERVER_LOGS = ROOT / "patient_app" / "core" / "server_logs.json"
HIGHEST_PORT = 65535
# A web server that is told to end while it starts may not hear it; its own processes are killed a little earlier.
GRACE_SECONDS = 8.0
SERVER_GRACE_SECONDS = 5
STEADY_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 30.0
MOST_FAILED_STARTS = 4
_TICK_SECONDS = 0.05
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class WebSettings:
    """Where the web server listens, and how many processes and threads answer."""

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 4

    @staticmethod
    def from_env(environ: Mapping[str, str] | None = None) -> WebSettings:
        """Read HOST, PORT, WEB_WORKERS and WEB_THREADS; raise `ConfigError` when one cannot be used."""
        env = os.environ if environ is None else environ
        port = _number(env, "PORT", 8000, most=HIGHEST_PORT)
        return WebSettings(
            host=_address(env.get("HOST") or "localhost", port),
            port=port,
            workers=_number(env, "WEB_WORKERS", 2, most=64),
            threads=_number(env, "WEB_THREADS", 4, most=256),
        )


def _number(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise ConfigError(f"{name} must be a whole number from 1 to {most}, not {text!r}.")
    return int(text)


def _address(host: str, port: int) -> str:
    """Return the numeric address of a host; browsers find `localhost` at 127.0.0.1."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError):
        raise ConfigError(f"HOST={host} is not an address; try localhost, or 0.0.0.0 for every address.") from None
    return str(found[0][4][0])


def check_port_is_free(web: WebSettings) -> None:
    """Raise `ConfigError` when the web server could not listen."""
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections that only just ended are no obstacle. A listening program is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((web.host, web.port))
        except OSError as error:
            raise ConfigError(_why_not(error, web)) from None


def _why_not(error: OSError, web: WebSettings) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {web.port} is taken by another program; stop it, or choose another port with PORT."
    if error.errno == errno.EACCES:
        return f"This user may not listen on port {web.port}; choose one above 1023 with PORT."
    return f"The address {web.host} is not one of this machine; change HOST."


@dataclass(frozen=True)
class Program:
    """A child to be kept running; one that can wait is first started when the others are ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    can_wait: bool = False


def web_program(web: WebSettings, environment: Mapping[str, str]) -> Program:
    """Return the production server: several processes, each with threads, no access log (ours is structured)."""
    options = {
        "--interface": "wsgi",
        "--host": web.host,
        "--port": str(web.port),
        "--workers": str(web.workers),
        "--blocking-threads": str(web.threads),
        # granian counts open connections here, idle ones too: a small number would shut people out.
        "--backpressure": "512",
        "--http": "1",
        "--log-level": "warning",
        "--log-config": str(SERVER_LOGS),
        "--respawn-interval": "0.5",
        "--workers-kill-timeout": str(SERVER_GRACE_SECONDS),
    }
    words = [word for pair in options.items() for word in pair]
    command = [sys.executable, "-m", "granian", *words, "--no-ws", "--respawn-failed-workers", "app:application"]
    # One pool of memory for all threads: the C library else keeps one for each, and gives little of it back.
    return Program("web server", command, {"MALLOC_ARENA_MAX": "1", **environment})


def worker_program(environment: Mapping[str, str]) -> Program:
    """Return the one worker process."""
    return Program("worker", [sys.executable, str(ROOT / "app.py"), "worker"], environment, can_wait=True)


class Child:
    """A running program; started again with growing pauses when it ends without being asked."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.failed_starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self._start_at = 0.0

    def keep_running(self) -> None:
        """Start the program if it does not run and its pause is over; notice when it ended."""
        if self._process is None:
            if time.monotonic() >= self._start_at:
                self._start()
            return
        code = self._process.poll()
        if code is None:
            return
        self._end_stragglers()
        self._process = None
        steady = time.monotonic() - self._started > STEADY_SECONDS
        self.failed_starts = 1 if steady else self.failed_starts + 1
        pause = min(0.5 * 2 ** (self.failed_starts - 1), LONGEST_PAUSE_SECONDS)
        self._start_at = time.monotonic() + pause
        logger().error("child ended", child=self.program.name, code=code, starting_again_in=pause)

    def _start(self) -> None:
        self._started = time.monotonic()
        self._process = subprocess.Popen(  # noqa: S603 - our own two commands.
            self.program.command,
            env=dict(self.program.environment),
            stdin=subprocess.DEVNULL,
            # A group of its own: Ctrl-C reaches the supervisor only, which ends its children in order.
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - the supervisor has no threads.
        )

    def ask_to_end(self) -> None:
        """Send SIGTERM, once the program runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait_or_kill(self, deadline: float) -> None:
        """Wait for the program to end; after the deadline kill it and what it started."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            logger().error("child killed", child=self.program.name)
        self._end_stragglers()
        self._process.wait()

    def _end_stragglers(self) -> None:
        """Kill what is left of the child's group: a killed server leaves processes that hold the port."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _end_with_parent() -> None:
    """Ask Linux to end this child when its supervisor is killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Supervisor:
    """Keeps children running until it is told to stop."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._children = [Child(program) for program in programs]
        self._stopping = False

    def run(self, answers: Callable[[], bool], when_ready: Callable[[], None]) -> int:
        """Run until SIGTERM or SIGINT; return 0, or 1 when the children could not be started at all.

        `when_ready` is called once, as soon as `answers` says so. From then on children are started again for ever.
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        waiting = True
        code = 0
        while not self._stopping:
            for child in self._children:
                if not (waiting and child.program.can_wait):
                    child.keep_running()
            if waiting and any(child.failed_starts >= MOST_FAILED_STARTS for child in self._children):
                code = 1
                break
            if waiting and answers():
                waiting = False
                when_ready()
            time.sleep(_TICK_SECONDS)
        self._end()
        return code

    def _stop(self, _number: int, _frame: object) -> None:
        self._stopping = True

    def _end(self) -> None:
        for child in self._children:
            child.ask_to_end()
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self._children:
            child.wait_or_kill(deadline)


def is_alive(web: WebSettings) -> bool:
    """Whether the web server answers /healthz."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(web.host, web.host)  # noqa: S104 - asked for, not bound to.
    connection = http.client.HTTPConnection(host, web.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def _metrics_folder() -> Iterator[str]:
    """Give a fresh folder in which the server's processes add up their counters."""
    folder = tempfile.mkdtemp(prefix="tandem-metrics-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def serve(web: WebSettings, when_ready: Callable[[], None]) -> int:
    """Serve until told to stop; return the exit code."""
    environment = dict(os.environ)
    # Compiled modules are kept wherever that is possible: without them each start takes twice as long.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    # So that the server finds app.py from whatever folder the command was given in.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH", "")]))
    with _metrics_folder() as folder:
        web_environment = environment | {"PROMETHEUS_MULTIPROC_DIR": folder}
        programs = [web_program(web, web_environment), worker_program(environment)]
        return Supervisor(programs).run(lambda: is_alive(web), when_ready)
