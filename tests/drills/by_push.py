"""A part of the reminder drill by real web push: the real worker, and a receiver that checks who sends and decrypts.

Each person has a browser of their own, with keys of its own, at the receiver; it checks the signature of each message
with the key that it names, for whom it was made, and opens it. A few answer 503 at first, and a few that they are gone.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from sqlalchemy import func, select

from patient_app.core import clock
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store, db
from patient_app.push import vapid
from patient_app.reminders.models import Kind, Occurrence, Reminder, State, Wording
from patient_app.reminders.schedule import EVERY_DAY
from tests import factories
from tests.drills.restore import ROOT, Figures, environment
from tests.features.push.receivers import Browser, subscribe
from tests.features.push.test_vapid import claims_of

BUSY_AT_FIRST, GONE = 3, 2


@dataclass
class Receiver:
    """A push service: whose browser is at which path, and what came there."""

    browsers: dict[str, Browser] = field(default_factory=dict)
    came: Counter[str] = field(default_factory=Counter)
    first: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    busy: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    url: str = ""

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Take a message, and return the status of the answer."""
        if path in self.gone:
            return 410
        if path in self.busy:
            self.busy.discard(path)
            return 503
        claims = claims_of(headers["authorization"])
        told = json.loads(self.browsers[path].opened(body))
        is_right = claims["aud"] == self.url and told["notification"]["title"] == "You have a reminder"
        if not is_right or not 0 < int(headers["ttl"]) <= 2 * 60 * 60 or len(headers["topic"]) != 32:
            self.wrong.append(path)
        self.came[path] += 1
        self.first.setdefault(path, time.time())
        return 201

    @contextmanager
    def running(self) -> Iterator[None]:
        """Listen on a free port, which `url` names from then on."""
        takes, lock = self.take, threading.Lock()
        wrong = self.wrong

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                with lock:
                    try:
                        status = takes(self.path, headers, body)
                    except (ValueError, KeyError, AssertionError, InvalidTag, InvalidSignature) as fault:
                        wrong.append(f"{self.path} {type(fault).__name__}")
                        status = 400
                with suppress(OSError):
                    self.send_response(status)
                    if status == 503:
                        self.send_header("Retry-After", "1")
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_words: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        with Server(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self.url = f"http://localhost:{server.server_address[1]}"
            yield
            server.shutdown()


def by_push(folder: Path, people: int, figures: Figures, urls: tuple[str, str], *, seconds: float = 120.0) -> None:
    """Send a reminder to each of so many people with the real worker; `urls` are two fresh databases, or empty."""
    receiver = Receiver()
    with receiver.running():
        config = Config(
            instance=folder / "instance",
            base_url="http://localhost",
            database_url=urls[0],
            keys_database_url=urls[1],
            master_key=make_master_key(),
            push_services=receiver.url,
            argon2=Argon2Cost(time_cost=1, memory_kib=64, parallelism=1),
        )
        config.instance.mkdir(mode=0o700)
        migrate_all(config)
        vapid.make_keys(config)
        store = open_store(config)
        try:
            _fill(store, people, receiver)
            begun = time.time()
            with _worker(config, folder / "worker.log"):
                _wait(store, people, time.monotonic() + seconds)
            _add(figures, store, receiver, begun)
        finally:
            store.close()


def _fill(store: Store, people: int, receiver: Receiver) -> None:
    practice = factories.make_practice(store, zone="UTC")
    for number in range(people):
        path = f"/notify/{number}"
        browser = receiver.browsers[path] = Browser(receiver.url + path)
        patient = factories.make_patient(store, practice)
        subscribe(store, patient, browser)
        at = clock.now().replace(second=0, microsecond=0)
        with store.work(writes=True):
            db().add(
                Reminder(
                    id=new_id(),
                    practice_id=practice.id,
                    patient_id=patient.id,
                    kind=Kind.OWN,
                    times=[at.hour * 60 + at.minute],
                    weekdays=list(EVERY_DAY),
                    wording=Wording.DISCREET,
                    created_at=at,
                    changed_at=at,
                    next_at=at,
                )
            )
    paths = list(receiver.browsers)
    receiver.busy, receiver.gone = set(paths[:BUSY_AT_FIRST]), set(paths[-GONE:])


@contextmanager
def _worker(config: Config, log: Path) -> Iterator[None]:
    more = {"DATABASE_URL": config.database_url, "KEYS_DATABASE_URL": config.keys_database_url}
    settings = environment(config, PUSH_SERVICES=config.push_services, **more)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "app.py"), "worker"], cwd=ROOT, env=settings, stdout=output, stderr=output
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wait(store: Store, people: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        with store.work(writes=False):
            made = db().scalar(select(func.count()).select_from(Occurrence)) or 0
            open_ones = db().scalar(select(func.count()).where(Occurrence.act_at.is_not(None))) or 0
        if made >= people and not open_ones:
            return
        time.sleep(0.2)


def _add(figures: Figures, store: Store, receiver: Receiver, begun: float) -> None:
    with store.work(writes=False):
        states = Counter(db().scalars(select(Occurrence.state)))
    reached = len(receiver.browsers) - GONE
    late = sorted(at - begun for at in receiver.first.values())
    figures.add("by-push-sent", states[State.SENT], "occurrences", most=reached, least=reached)
    figures.add("by-push-only-listed", states[State.LISTED], "occurrences", most=GONE, least=GONE)
    figures.add("by-push-missed", reached - len(receiver.came), "people", most=0)
    figures.add("by-push-doubled", sum(receiver.came.values()) - len(receiver.came), "messages", most=0)
    figures.add("by-push-wrong", len(receiver.wrong), "messages", most=0)
    if late:
        figures.add("by-push-late-p99", late[int(len(late) * 0.99)], "s")
        figures.add("by-push-a-second", len(late) / max(0.1, late[-1] - late[0]), "messages/s")
