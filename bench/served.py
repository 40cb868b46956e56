"""The real server, as `make run` starts it, and clients that ask it over the loopback."""

from __future__ import annotations

import ctypes
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from bench.cpu import Request
from bench.figures import CannotMeasure
from bench.ground import Ground
from bench.pages import check_in_body
from patient_app import serve
from patient_app.core.config import Config

ROOT = Path(__file__).resolve().parents[1]
STARTS_WITHIN = 30.0
_PR_SET_PDEATHSIG = 1
CLIENTS = 8
SLICE_SECONDS, SLICES, QUICK_SLICES = 1.5, 5, 1
REQUESTS, FIRST_REQUESTS = 10_000, 5_000
MOST_MEMORY_MB, MOST_GROWTH_MB = 150, 3
MOST_START_SECONDS = 5


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(config: Config, **more: str) -> dict[str, str]:
    """Return the environment from which a process reads these settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    settings = {
        "INSTANCE_PATH": str(config.instance),
        "DATABASE_URL": config.database_url,
        "KEYS_DATABASE_URL": config.keys_database_url,
        "MASTER_KEY": config.master_key,
        "PYTHONPATH": str(ROOT),
    }
    return {**kept, **settings, **more}


@contextmanager
def program(command: Sequence[str], settings: Mapping[str, str], folder: Path, port: int, path: str) -> Iterator[int]:
    """Run a program until the block ends, and give its process id once `path` is answered on its port."""
    log = folder / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands.
            command,
            cwd=ROOT,
            env=dict(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 - started while no client runs.
        )
    try:
        _wait(process, port, path, log)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _end_with_parent() -> None:
    """Ask Linux to end this child should the run be killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status < http.client.BAD_REQUEST:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
        finally:
            connection.close()
    raise CannotMeasure(f"the server did not start: {log.read_text(errors='replace')[-500:]}")


@contextmanager
def application(ground: Ground, config: Config | None = None, *, workers: int = 2) -> Iterator[tuple[int, int]]:
    """Serve the application with the very command that `make run` uses; give port and process id."""
    assert ground.people  # noqa: S101 - the practice is there before the server looks.
    port = free_port()
    folder = ground.folder / f"metrics-{port}"
    folder.mkdir()
    settings = environment(
        config or ground.config, BASE_URL=f"http://localhost:{port}", PROMETHEUS_MULTIPROC_DIR=str(folder)
    )
    web = serve.web_program(serve.WebSettings(port=port, workers=workers), settings)
    with program(web.command, web.environment, ground.folder, port, "/healthz") as pid:
        yield port, pid


@contextmanager
def reference(ground: Ground) -> Iterator[int]:
    """Serve the reference in the same way; give its port."""
    assert ground.reference  # noqa: S101 - makes its file.
    port = free_port()
    settings = environment(
        ground.config, BENCH_REFERENCE=str(ground.reference_file), PROMETHEUS_MULTIPROC_DIR=str(ground.folder)
    )
    web = serve.web_program(serve.WebSettings(port=port), settings)
    command = [*web.command[:-1], "--factory", "bench.reference:served"]
    with program(command, web.environment, ground.folder, port, "/empty") as _:
        yield port


# --- clients ---------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What the clients met: times of the answers, and everything that was no answer."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def p95(self) -> float:
        """Return the milliseconds within which 95 of 100 answers came."""
        return quantiles(self.seconds, n=20)[-1] * 1000 if len(self.seconds) > 1 else float("nan")


class Browser:
    """One connection, kept alive, with the cookies of one person."""

    def __init__(self, port: int, headers: Mapping[str, str], tally: Tally) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Host": f"localhost:{port}", "Accept-Encoding": "gzip", "Sec-Fetch-Site": "same-origin"}
        self._headers |= headers
        self._tally = tally

    def send(self, method: str, path: str, body: bytes | None = None, expected: int = 200) -> str:
        """Send a request, note how long the answer took, and return where it redirects to."""
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = time.perf_counter()
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._tally.errors.append(f"{method} {path.partition('?')[0]}: {type(error).__name__}")
            return ""
        self._tally.seconds.append(time.perf_counter() - started)
        if answer.status != expected:
            self._tally.errors.append(f"{method} {path.partition('?')[0]}: {answer.status}")
        return answer.getheader("Location") or ""

    def become(self, headers: Mapping[str, str]) -> None:
        """Go on as somebody else."""
        self._headers |= headers

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def together(clients: Sequence[Callable[[], None]]) -> None:
    """Run clients side by side until all have ended."""
    threads = [threading.Thread(target=client, daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _slice(port: int, request: Request, headers: Mapping[str, str]) -> tuple[float, float, int]:
    """Send one request from eight clients for a moment; return answers a second, p95 in milliseconds, and errors."""
    tally = Tally()
    ends = time.monotonic() + SLICE_SECONDS

    def client() -> None:
        browser = Browser(port, headers, tally)
        while time.monotonic() < ends:
            browser.send(request.method, request.path, request.body and request.body(), request.expected)
        browser.close()

    started = time.monotonic()
    together([client] * CLIENTS)
    return len(tally.seconds) / (time.monotonic() - started), tally.p95, len(tally.errors)


# --- measures --------------------------------------------------------------------------------------------------


def throughput(ground: Ground) -> None:
    """Answers a second and p95 under the real server, eight clients, in turns with the reference."""
    people = ground.people
    pages = {
        "check-in": (people.three_years, Request(ground.app, "/check-in")),
        "today": (people.three_years, Request(ground.app, "/today")),
        "history": (people.three_years, Request(ground.app, "/history")),
        "post-check-in": (
            people.crowd[1],
            Request(ground.app, "/check-in", "POST", body=check_in_body, expected=303),
        ),
        "team": (people.therapist, Request(ground.app, "/team")),
        "patient-5-years": (people.prescriber, Request(ground.app, f"/team/{people.five_years.id}")),
    }
    compared = {"reference-page": ground.page, "reference-insert": ground.insert}
    slices = QUICK_SLICES if ground.report.quick else SLICES
    found: dict[str, list[tuple[float, float, int]]] = {}
    with reference(ground) as reference_port, application(ground) as (port, _):
        for _turn in range(slices):
            for name, request in compared.items():
                found.setdefault(name, []).append(_slice(reference_port, request, {}))
            for name, (person, request) in pages.items():
                found.setdefault(name, []).append(_slice(port, request, ground.cookie(person)))
    for name, values in found.items():
        rates, slow_ends, errors = zip(*values, strict=True)
        ground.report.add(f"served-{name}", median(rates), "per-second")
        ground.report.add(f"served-{name}-p95", median(slow_ends), "ms")
        ground.report.add(f"served-{name}-errors", sum(errors), "errors", 0)


def memory(ground: Ground) -> None:
    """One server process after 10,000 requests: its size, and what the second half added."""
    if not Path("/proc/self/status").exists():
        raise CannotMeasure("the size of another process is read from /proc, which this system does not have.")
    with application(ground, workers=1) as (port, pid):
        _ask(ground, port, FIRST_REQUESTS)
        half = _megabytes(pid)
        _ask(ground, port, REQUESTS - FIRST_REQUESTS)
        whole = _megabytes(pid)
    ground.report.add("memory-after-10000", whole, "MB", MOST_MEMORY_MB)
    ground.report.add("memory-growth-second-5000", whole - half, "MB", MOST_GROWTH_MB)


def _ask(ground: Ground, port: int, requests: int) -> None:
    """Send a day's mix of requests: mostly reading, one in eight a check-in."""
    tally = Tally()

    def client(number: int) -> Callable[[], None]:
        def run() -> None:
            # Each for people of its own, in turns: nobody's history grows so long that its page does.
            people = ground.people.crowd[number::CLIENTS]
            browser = Browser(port, {}, tally)
            for turn in range(requests // CLIENTS):
                browser.become(ground.cookie(people[turn // 8 % len(people)]))
                if turn % 8 == 7:  # noqa: PLR2004 - one in eight.
                    browser.send("POST", "/check-in", check_in_body(), 303)
                else:
                    browser.send("GET", ("/today", "/check-in", "/history", "/help")[turn % 4])
            browser.close()

        return run

    together([client(number) for number in range(CLIENTS)])
    if tally.errors:
        raise CannotMeasure(f"{len(tally.errors)} requests failed, the first: {tally.errors[0]}")


def _megabytes(pid: int) -> float:
    """Return the resident memory of the largest child: the server's one working process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split() or [str(pid)]
    return max(_resident(child) for child in children)


def _resident(pid: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def start(ground: Ground) -> None:
    """Start everything a second time: from the command to the first page."""
    folder = ground.folder / "second-start"
    folder.mkdir()
    port = free_port()
    settings = {
        **environment(ground.config),
        "INSTANCE_PATH": str(folder),
        "PORT": str(port),
        "DATABASE_URL": "",
        "KEYS_DATABASE_URL": "",
        "MASTER_KEY": "",
    }
    command = [sys.executable, "app.py", "run"]
    times = []
    for _turn in range(2 if ground.report.quick else 4):
        started = time.monotonic()
        with program(command, settings, ground.folder, port, "/sign-in"):
            times.append(time.monotonic() - started)
    ground.report.add("first-start-with-demonstration", times[0], "s")
    ground.report.add_seconds("second-start", median(times[1:]), MOST_START_SECONDS)
