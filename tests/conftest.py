"""Fixtures of all tests. What needs a database runs on SQLite and PostgreSQL; what is about files, on SQLite alone.

In the browser only the whole loop runs on both: what lies beneath the pages is tried on both by the other tests.
"""

from __future__ import annotations

import gc
import io
import json
import os
import shutil
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from flask import Flask
from xdist.scheduler import LoadGroupScheduling

from patient_app.core import logs
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store
from patient_app.serve import WebSettings, web_program
from tests.compiled import compile_once
from tests.nursery import Nursery, Program, Server
from tests.page import Client
from tests.postgres import Postgres, Urls

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Error, Request
    from playwright.sync_api import Page as BrowserPage
    from time_machine import TimeMachineFixture
    from xdist.remote import Producer

ROOT = Path(__file__).resolve().parents[1]
CHEAP = Argon2Cost(time_cost=1, memory_kib=64, parallelism=1)
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What Playwright leaves out of a browser (its chromiumSwitches.ts: a second list takes the place of its own), and the
# pages that Chromium prepares for the address field of each window, which no test sees: a tenth of the tests' time.
_LEFT_OUT = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
)
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_LEFT_OUT)}",
)
SERVER_STARTS_WITHIN = 30.0


compile_once()

# Where there is room for it, what tests write lies in memory: SQLite waits for the disk at each commit, longer than a
# test needs for anything else. It asks the disk as ever; a memory says at once that it is done.
MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it, which is closed to others.
ROOM = 4 * 1024**3
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that needs a database on both, but for those about the files of SQLite."""
    if "backend" in metafunc.fixturenames and not metafunc.definition.get_closest_marker("sqlite"):
        metafunc.parametrize("backend", ["sqlite", "postgresql"], indirect=True)


# Here each case of a test runs on both databases: who may read what, on which day, and what must not be lost.
EACH_CASE_ON_BOTH = tuple(
    f"tests/{folder}/" for folder in ("sweeps", "drills", *(f"features/{name}" for name in ("consent", "reading")))
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Elsewhere only the first case of a test runs on PostgreSQL: the others ask the same statements other things."""
    kept, left_out, begun = [], [], set()
    for item in items:
        path, _, name = item.nodeid.partition("::")
        test = (path, name.partition("[")[0])
        on_postgres = "postgresql" in getattr(getattr(item, "callspec", None), "params", {}).values()
        if on_postgres and test in begun and not path.startswith(EACH_CASE_ON_BOTH):
            left_out.append(item)
            continue
        if on_postgres:
            begun.add(test)
        kept.append(item)
    items[:] = sorted(kept, key=_by_folder)
    config.hook.pytest_deselected(items=left_out)


# The longest first: no worker has the last minutes to itself. The short ones of the other folders come last.
LONG = ("tests/sweeps/", "tests/browser/", "tests/drills/")


def _by_folder(item: pytest.Item) -> int:
    return next((place for place, folder in enumerate(LONG) if item.nodeid.startswith(folder)), len(LONG))


def pytest_collection_finish() -> None:
    """Let Python look for garbage less often: what was imported and collected stays, and is looked through each time.

    It took a fifth of the time of all tests that drive no browser.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


# --- what no test may do ---------------------------------------------------------------------------------------


# Modules that make something slow once and ask it many things: one worker runs all of one, or all of one database.
TOGETHER = frozenset({"tests/sweeps/test_access_table.py", "tests/sweeps/test_secrets_at_rest.py"})


class Scheduler(LoadGroupScheduling):  # type: ignore[misc]  # pytest-xdist has no types.
    """Gives tests to the workers one by one, and those of a module that belongs together to one worker.

    The mark `xdist_group` would say so beside the tests; with pytest 9.2 it does nothing (pytest-xdist #1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        path, _, name = nodeid.partition("::")
        return f"{path} {'postgresql' in name}" if path in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduler:
    """Use it for every run on several workers."""
    return Scheduler(config, log)


class NetworkRefused(RuntimeError):
    """A test tried to reach another machine."""


def _is_local(address: Any) -> bool:
    return not isinstance(address, tuple) or address[0] in {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that leaves this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(original: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_local(arguments[-1]):
            raise NetworkRefused(f"A test tried to reach {arguments[-1]}; start what it needs on this machine.")
        return original(self, *arguments)

    return guarded


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[io.StringIO]:
    """Catch the application's log of this test; every line is one JSON object."""
    stream = io.StringIO()
    logs.configure()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=stream))
    yield stream
    for line in stream.getvalue().splitlines():
        json.loads(line)


# --- databases -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both SQLite databases, made by the real migrations once a run."""
    folder = tmp_path_factory.mktemp("migrated")
    migrate_all(Config(instance=folder, master_key=make_master_key()))
    return folder


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """Return the embedded PostgreSQL server of this run."""
    return Postgres.of_this_run()


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """Return which database this test runs on."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database_urls(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Urls]:
    """Give the addresses of two fresh migrated databases."""
    if backend == "postgresql":
        with request.getfixturevalue("postgres").databases() as urls:
            yield urls
        return
    instance = tmp_path / "instance"
    instance.mkdir(exist_ok=True)
    for file in request.getfixturevalue("migrated").glob("*.sqlite"):
        shutil.copy(file, instance)
    yield Urls(main=f"sqlite:///{instance / 'tandem.sqlite'}", keys=f"sqlite:///{instance / 'keys.sqlite'}")


@pytest.fixture
def config(tmp_path: Path, database_urls: Urls) -> Config:
    """Return the settings of an installation of its own, on http://localhost, with cheap password hashes."""
    return Config(
        instance=tmp_path / "instance",
        base_url="http://localhost",
        database_url=database_urls.main,
        keys_database_url=database_urls.keys,
        master_key=make_master_key(),
        argon2=CHEAP,
    )


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    """Open both databases."""
    opened = open_store(config)
    yield opened
    opened.close()


# --- the application -------------------------------------------------------------------------------------------


# Applications by their settings, but for where their databases are: to make one takes as long as most tests.
_made: dict[Config, Flask] = {}


def application(config: Config, store: Store) -> Flask:
    """Have the application of these settings work on these databases, as one process works on for weeks.

    Nothing may be added to it: a test that plants something in an application makes its own by `create_app`.
    """
    from patient_app.factory import create_app, work_on  # noqa: PLC0415 - slow to import, or not needed by all tests.

    settings = replace(config, instance=Path("/"), database_url="-", keys_database_url="-", master_key="-")
    if settings in _made:
        work_on(_made[settings], config, store)
    else:
        _made[settings] = create_app(config, store)
    return _made[settings]


@pytest.fixture
def app(config: Config, store: Store) -> Flask:
    """Make the application over the test's own databases."""
    return application(config, store)


@pytest.fixture
def client(app: Flask) -> Client:
    """Return a browser without scripts that checks every answer."""
    return Client(app)


@pytest.fixture
def secure_app(config: Config, store: Store) -> Flask:
    """Make the application as it runs behind https://care.example."""
    secure = replace(config, base_url="https://care.example")
    return application(secure, Store(secure, store.database, store.vault))


@pytest.fixture
def secure_client(secure_app: Flask) -> Client:
    """Return a browser without scripts at https://care.example."""
    return Client(secure_app)


@pytest.fixture
def set_time(time_machine: TimeMachineFixture) -> Callable[[datetime | str], None]:
    """Return a function that sets the time, which then stands still; a text is read as UTC (`2026-05-31 12:00`)."""

    def set_it(moment: datetime | str) -> None:
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        time_machine.move_to(moment, tick=False)

    return set_it


# --- the real server and the real browser ----------------------------------------------------------------------


@dataclass(frozen=True)
class LiveServer:
    """The production server, as a process of its own, over the test's databases."""

    config: Config
    store: Store
    log: Path

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.config.base_url


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_environment(config: Config) -> dict[str, str]:
    """Return the environment from which a process reads these settings."""
    return {
        **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ},
        "INSTANCE_PATH": str(config.instance),
        "BASE_URL": config.base_url,
        "DATABASE_URL": config.database_url,
        "KEYS_DATABASE_URL": config.keys_database_url,
        "MASTER_KEY": config.master_key,
        "PUSH_SERVICES": config.push_services,
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="session")
def nursery(migrated: Path) -> Iterator[Nursery]:
    """Return where this worker's servers are forked."""
    with closing(Nursery(migrated)) as found:
        yield found


@pytest.fixture
def live_server(config: Config, tmp_path: Path, nursery: Nursery) -> Iterator[LiveServer]:
    """Start the production server and wait until it answers."""
    with serving(config, tmp_path / "server.log", nursery) as server:
        yield server


@contextmanager
def serving(config: Config, log: Path, nursery: Nursery, **environment: str) -> Iterator[LiveServer]:
    """Start the production server on a free port and wait until it answers; stop it at the end."""
    served, arguments = _at_free_port(config)
    with _running(served, log, nursery.start(arguments, {**server_environment(served), **environment}, log)) as server:
        yield server


@contextmanager
def serving_release(config: Config, log: Path, root: Path) -> Iterator[LiveServer]:
    """Do so with the application that lies at `root`: another folder is another release."""
    served, arguments = _at_free_port(config)
    with _running(served, log, Program(arguments, server_environment(served), log, root)) as server:
        yield server


def _at_free_port(config: Config) -> tuple[Config, list[str]]:
    """Return the settings of a server of its own, and granian's arguments for it."""
    port = free_port()
    command = web_program(WebSettings(port=port, workers=1), {}).command
    return replace(config, base_url=f"http://localhost:{port}"), list(command[command.index("granian") + 1 :])


@contextmanager
def _running(config: Config, log: Path, process: Server | Program) -> Iterator[LiveServer]:
    opened = open_store(config)
    try:
        _wait_until_alive(process, f"{config.base_url}/healthz".replace("localhost", "127.0.0.1"), log)
        yield LiveServer(config, opened, log)
    finally:
        opened.close()
        process.end()


def _wait_until_alive(process: Server | Program, address: str, log: Path) -> None:
    deadline = time.monotonic() + SERVER_STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=1) as answer:  # noqa: S310 - our own server.
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"The server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}")


def find_chromium() -> str:
    """Return the browser's path: CHROMIUM, or the first of the usual names; without one the run ends."""
    for name in (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES):
        if name and (found := shutil.which(name)):
            return found
    pytest.exit(
        "The browser tests need Chromium: install the package chromium, or name another one in CHROMIUM. "
        'Without a browser, run `make quick` (pytest -m "not browser").',
        returncode=3,
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium once a run."""
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 - slow to import, or not needed by all.

    expect.set_options(timeout=20_000)  # What comes true is seen at once; a machine that is busy takes its time.
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=find_chromium(), args=list(CHROMIUM_ARGUMENTS))
        yield opened
        opened.close()


# What Chromium says where it lets a page appear at once instead of fading it in: the window changed its size meanwhile,
# or one of the two pages does not fade.
AT_ONCE = "Transition was aborted because of invalid state."


# What Chromium says where a test keeps the worker away, which behind a page fetches sixty others for whoever signs in.
# With it run the whole loop, all without a network, locks, messages and updates, and every address by itself.
NO_WORKER = "Service Worker registration blocked by Playwright"


class Watched:
    """What a page did that it must not do: words on the console, faults, requests to another origin."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.problems: list[str] = []
        self.expected: tuple[str, ...] = ()

    def expect(self, *parts: str) -> None:
        """Let messages with these words pass: an answer 422 is an error to the console, and right."""
        self.expected += parts

    def watch(self, page: BrowserPage) -> None:
        """Listen to everything a page says."""
        page.on("console", self._console)
        page.on("pageerror", self._fault)
        page.on("request", self._request)

    def _fault(self, error: Error) -> None:
        if AT_ONCE not in str(error):
            self.problems.append(f"fault in a script: {error}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not any(part in message.text for part in self.expected):
            self.problems.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.origin}/", "data:", "about:", "blob:")):
            self.problems.append(f"request to another origin: {request.url}")


@pytest.fixture
def watched(live_server: LiveServer) -> Iterator[Watched]:
    """Collect what pages did that they must not do, and fail at the end of the test."""
    found = Watched(live_server.url)
    # A form that is refused is answered 422, and the console calls that an error.
    found.expect("the server responded with a status of 422", NO_WORKER)
    yield found
    assert not found.problems, "\n".join(found.problems)


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer, watched: Watched) -> Iterator[BrowserPage]:
    """Return an empty page on a phone of 360 x 780, at the server's address, without the worker."""
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 360, "height": 780},
        is_mobile=True,
        has_touch=True,
        service_workers="block",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    watched.watch(page)
    yield page
    context.close()
