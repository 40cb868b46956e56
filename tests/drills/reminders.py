"""The reminder drill: two workers on one database deliver what is due at once, and are killed at the worst points.

`python -m tests.drills.reminders` prints a figure a line, `name value unit limit ok|over`, and leaves with 1 when one
is over. Everything is real: processes, databases, SIGKILL, requests to a receiver that counts what comes.

At first without a kill, where nothing may be doubled; then with kills at each of the points of `reminder_worker.POINTS`
in turn. Missed may be none; doubled at most what was in flight at the kills. Last by real web push (`by_push.py`).
"""

from __future__ import annotations

import http.server
import json
import multiprocessing
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import click
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store, db
from patient_app.reminders import engine
from patient_app.reminders.models import Kind, Occurrence, Reminder, State, Wording
from patient_app.reminders.schedule import EVERY_DAY
from tests import factories
from tests.drills.by_push import by_push
from tests.drills.loss import databases
from tests.drills.reminder_worker import OF_UNITS, POINTS, work
from tests.drills.restore import Figures

WORKERS = 2
EACH = 20  # reminders of a patient
PEOPLE_BY_PUSH = 200


@dataclass(frozen=True)
class Size:
    """How large a drill is. `lease` is the engine's own but in the small one, which cannot wait for it."""

    reminders: int = 2_000
    kills: int = 20
    lease: float = engine.LEASE.total_seconds()
    seconds: float = 900.0
    # A worker is killed when it came to its point so often, at random between these.
    soonest: int = 5
    latest: int = 60
    seed: int = 1


SMALL = Size(reminders=100, kills=3, lease=2.0, seconds=120.0, soonest=3, latest=8)


@dataclass
class Receiver:
    """Counts what comes, by occurrence, and when it came."""

    came: Counter[str] = field(default_factory=Counter)
    first: dict[str, float] = field(default_factory=dict)
    after_window: int = 0
    delay: float = 0.01

    @contextmanager
    def running(self) -> Iterator[int]:
        """Listen on a free port, and give it."""
        counts, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    counts.came[body["id"]] += 1
                    counts.first.setdefault(body["id"], time.time())
                    counts.after_window += body["ttl"] <= 0
                time.sleep(counts.delay)  # As far away as a push service is near.
                with suppress(OSError):  # Who asked may be dead by now.
                    self.send_response(201)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_given: object) -> None:
                """Say nothing: killed workers break their connections."""

        with Server(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            yield server.server_address[1]
            server.shutdown()


def fill(store: Store, size: Size, at: datetime) -> None:
    """Make patients with reminders that are all due in one minute (UTC)."""
    practice = factories.make_practice(store, zone="UTC")
    minute = at.hour * 60 + at.minute
    for begin in range(0, size.reminders, EACH):
        patient = factories.make_patient(store, practice)
        with store.work(writes=True):
            for _number in range(begin, min(begin + EACH, size.reminders)):
                db().add(
                    Reminder(
                        id=new_id(),
                        practice_id=practice.id,
                        patient_id=patient.id,
                        kind=Kind.OWN,
                        times=[minute],
                        weekdays=list(EVERY_DAY),
                        wording=Wording.DISCREET,
                        created_at=at,
                        changed_at=at,
                        next_at=at,
                    )
                )


# Forks workers from a process of its own that has loaded what they need, and nothing else.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.drills.by_push", "tests.drills.loss", "tests.drills.reminder_worker"])


def _warm() -> None:
    """Do nothing: the first process waits until the fork server has loaded all."""


class Workers:
    """Two processes; one that dies is started again, the next few with a point at which they are to die."""

    def __init__(self, config: Config, port: int, size: Size, kills: int) -> None:
        self._told = config, port, size.lease
        self._chance, self._size = random.Random(size.seed), size
        self._deaths = [POINTS[number % len(POINTS)] for number in range(kills)]
        self.kills: Counter[str] = Counter()
        self._running: list[tuple[ForkServerProcess, str]] = []
        first = FORKS.Process(target=_warm)
        first.start()
        first.join()

    def start(self) -> None:
        """Start one more."""
        point = self._deaths.pop(0) if self._deaths else ""
        often = 10 if point in OF_UNITS else 1
        when = -(-self._chance.randint(self._size.soonest, self._size.latest) // often)
        process = FORKS.Process(target=work, args=(*self._told, point, when), daemon=True)
        process.start()
        self._running.append((process, point))

    def look(self) -> None:
        """Start those again that died."""
        for one in list(self._running):
            if one[0].exitcode is not None:
                self._running.remove(one)
                if one[0].exitcode != -signal.SIGKILL:
                    raise RuntimeError(f"A worker ended by itself, with {one[0].exitcode}.")
                self.kills[one[1]] += 1
                self.start()

    def end(self) -> None:
        """Kill those that are left, by their own numbers."""
        for process, _point in self._running:
            process.kill()
            process.join()


def drill(folder: Path, size: Size, kills: int, figures: Figures, urls: tuple[str, str]) -> None:
    """Run the drill once; `urls` are the addresses of two fresh databases, empty for SQLite files."""
    config = Config(
        instance=folder / "instance",
        base_url="http://localhost",
        database_url=urls[0],
        keys_database_url=urls[1],
        master_key=make_master_key(),
        argon2=Argon2Cost(time_cost=1, memory_kib=64, parallelism=1),
    )
    config.instance.mkdir(mode=0o700)
    migrate_all(config)
    store = open_store(config)
    receiver = Receiver()
    try:
        at = clock.now().replace(second=0, microsecond=0)
        fill(store, size, at)
        with receiver.running() as port:
            workers = Workers(config, port, size, kills)
            begun = time.time()
            try:
                for _number in range(WORKERS):
                    workers.start()
                _wait(store, size, workers, kills)
            finally:
                workers.end()
        _add(figures, size, kills, (store, receiver, workers), begun)
    finally:
        store.close()


def _wait(store: Store, size: Size, workers: Workers, kills: int) -> None:
    deadline = time.monotonic() + size.seconds
    while time.monotonic() < deadline:
        workers.look()
        with store.work(writes=False):
            made = db().scalar(select(func.count()).select_from(Occurrence)) or 0
            open_ones = db().scalar(select(func.count()).where(Occurrence.act_at.is_not(None))) or 0
        if made >= size.reminders and not open_ones:
            return
        time.sleep(0.1)


def _add(figures: Figures, size: Size, kills: int, what: tuple[Store, Receiver, Workers], begun: float) -> None:
    store, receiver, workers = what
    prefix = "killed" if kills else "undisturbed"
    with store.work(writes=False):
        rows = list(db().execute(select(Occurrence.id, Occurrence.state, Occurrence.reminder_id)))
    in_flight = engine.IN_FLIGHT
    late = sorted(at - begun for at in receiver.first.values())
    figures.add(f"{prefix}-made", len(rows), "occurrences", most=size.reminders, least=size.reminders)
    figures.add(f"{prefix}-missed", sum(str(row.id) not in receiver.came for row in rows), "occurrences", most=0)
    figures.add(f"{prefix}-stuck", sum(row.state != State.SENT for row in rows), "occurrences", most=0)
    doubles = sum(count - 1 for count in receiver.came.values())
    figures.add(f"{prefix}-doubled", doubles, "messages", most=sum(workers.kills.values()) * in_flight)
    figures.add(f"{prefix}-most-of-one", max(receiver.came.values(), default=0), "messages")
    figures.add(f"{prefix}-after-window", receiver.after_window, "messages", most=0)
    figures.add(f"{prefix}-kills", sum(workers.kills.values()), "kills", least=kills)
    for point in POINTS:
        if workers.kills[point]:
            figures.add(f"{prefix}-kills-{point.replace(' ', '-')}", workers.kills[point], "kills")
    if late:
        figures.add(f"{prefix}-late-p50", late[len(late) // 2], "s")
        figures.add(f"{prefix}-late-p99", late[int(len(late) * 0.99)], "s")
        figures.add(f"{prefix}-late-most", late[-1], "s")
        figures.add(f"{prefix}-a-second", len(late) / max(0.1, late[-1] - late[0]), "messages/s")


@click.command()
@click.option("--reminders", default=Size.reminders, show_default=True, help="Due in one minute.")
@click.option("--kills", default=Size.kills, show_default=True, help="How often a worker is killed.")
@click.option("--on", default=["sqlite", "postgresql"], show_default=True, multiple=True, help="Databases.")
@click.option("--seconds", default=Size.seconds, show_default=True, help="How long each run may take.")
@click.option("--seed", default=Size.seed, show_default=True, help="Of chance.")
def main(reminders: int, kills: int, on: tuple[str, ...], seconds: float, seed: int) -> None:
    """Deliver with two workers that are killed. Leave with 1 when anything is over."""
    over: list[str] = []
    for kind in on:
        size = Size(reminders=reminders, kills=kills, seconds=seconds, seed=seed)
        for number in (0, kills):
            click.echo(f"# {kind}: {number} kills, {size}")
            figures = Figures()
            with tempfile.TemporaryDirectory(prefix="tandem-reminders-") as folder, databases(kind) as urls:
                try:
                    drill(Path(folder), size, number, figures, urls)
                finally:
                    click.echo("\n".join(figures.lines))
            over += figures.over
        click.echo(f"# {kind}: by web push")
        figures = Figures()
        with tempfile.TemporaryDirectory(prefix="tandem-by-push-") as folder, databases(kind) as urls:
            try:
                by_push(Path(folder), PEOPLE_BY_PUSH, figures, urls)
            finally:
                click.echo("\n".join(figures.lines))
        over += figures.over
    click.echo(f"# over: {', '.join(over) or 'none'}")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.drills.reminders")
