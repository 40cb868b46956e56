"""The restore drill: back up while people write, restore into an empty folder, start, and look.

`python -m tests.drills.restore` prints a figure a line, `name value unit limit ok|over`, and leaves with 1 when one is
over. Everything is real: the production server, its processes, the commands, the worker, a mail server.
"""

from __future__ import annotations

import email
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode

import click
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from sqlalchemy import func, select

from patient_app.access_log.models import AccessRecord
from patient_app.accounts import links, mail, resets, sessions
from patient_app.accounts.models import LinkPurpose, MailMessage, Person, ResetRequest
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.identity import Stage
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.factory import create_app
from patient_app.serve import WebSettings, web_program
from tests import factories

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = MAIL_WITHIN = 60.0
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True)
class Size:
    """How large a drill is: who writes, for how long before and after the backup begins, and how much was there."""

    clients: int = 20
    seconds: float = 20.0
    entries_before: int = 5_000
    web_workers: int = 2
    rounds: int = 3


SMALL = Size(clients=4, seconds=1.5, entries_before=300, web_workers=1, rounds=1)


@dataclass
class Figures:
    """What was counted and measured; `over` names what a limit was exceeded by."""

    lines: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    def add(self, name: str, value: float, unit: str, most: float | None = None, least: float | None = None) -> None:
        """Take a figure, with the most (or the least) it may be."""
        wrong = (most is not None and value > most) or (least is not None and value < least)
        limit = f"<={most:g}" if most is not None else f">={least:g}" if least is not None else "-"
        self.lines.append(f"{name} {value:g} {unit} {limit} {'over' if wrong else 'ok'}")
        if wrong:
            self.over.append(name)


@dataclass
class Written:
    """The check-ins that were answered: which, whose, their words, and when the answer was there."""

    entries: dict[uuid.UUID, tuple[uuid.UUID, str, float]] = field(default_factory=dict)
    seconds: list[tuple[float, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


# --------------------------------------------------------------------------------------------------------- the programs
def environment(config: Config, **more: str) -> dict[str, str]:
    """Return the environment of a process with these settings and nothing else that was set outside."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {
        **inherited,
        "INSTANCE_PATH": str(config.instance),
        "BASE_URL": config.base_url,
        "MASTER_KEY": config.master_key,
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def command(config: Config, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `python app.py ...` to its end."""
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py"), *words],
        env=environment(config, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@contextmanager
def running(command_line: list[str], settings: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program as long as the block lasts; what it starts goes with it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command_line, cwd=ROOT, env=settings, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


@contextmanager
def serving(config: Config, workers: int, log: Path) -> Iterator[Config]:
    """Run the production web server on a free port; give the settings it runs with."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    served = replace(config, base_url=f"http://localhost:{port}")
    with running(list(web_program(WebSettings(port=port, workers=workers), {}).command), environment(served), log):
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            if _is_ready(port):
                yield served
                return
            time.sleep(0.05)
        raise RuntimeError(f"The server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _is_ready(port: int) -> bool:
    browser = Browser(port, "")
    try:
        return browser.get("/readyz") == 200
    except OSError:
        return False
    finally:
        browser.close()


class Browser:
    """One signed-in device that keeps its connection."""

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Host": f"localhost:{port}", "User-Agent": BROWSER, "Cookie": f"session={token}"}
        self.location = ""

    def get(self, path: str) -> int:
        """Open a page."""
        return self._send("GET", path, None, {})

    def post(self, path: str, **fields: object) -> int:
        """Send a form."""
        own = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", path, urlencode(fields), own)

    def _send(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        self._connection.request(method, path, body, {**self._headers, **headers})
        answer = self._connection.getresponse()
        answer.read()
        self.location = answer.headers.get("Location") or ""
        return answer.status

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


# ----------------------------------------------------------------------------------------------------------- the people
@dataclass
class People:
    """Who takes part, with the tokens of their devices, and what waits in the databases to be sent or used."""

    patients: list[factories.Made]
    tokens: list[str]
    clinician_token: str
    link: str
    waiting: int
    entries: int


def fill(store: Store, size: Size) -> People:
    """Make the people, their history, what they share, and what waits."""
    factories.make_installation(store)
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    clinician = factories.make_clinician(store, practice, Discipline.THERAPIST)
    patients = [factories.make_patient(store, practice) for _ in range(size.clients)]
    for patient in patients:
        factories.assign_team(store, patient, clinician, administrator)
        factories.give_consent(store, patient, clinician, {Category.MOOD: Level.DETAIL, Category.NOTES: Level.DETAIL})
    for number in range(size.entries_before):
        factories.make_check_in(store, patients[number % len(patients)], note=f"Before, number {number}.")
    with create_app(store.config, store).app_context():
        with store.work(writes=True):
            resets.ask(patients[0].sign_in_name, "203.0.113.7")
        with store.work(writes=True):
            tokens = [
                sessions.begin_session(db().get_one(Person, one.id), "Firefox", Stage.FULL)
                for one in [*patients, clinician]
            ]
            link = links.make_link(LinkPurpose.RESET, practice_id=practice.id, person_id=patients[0].id, hours=24)
            for patient in patients:
                mail.tell(db().get_one(Person, patient.id), "account_news")
            db().flush()
            waiting = (db().scalar(select(func.count()).select_from(MailMessage)) or 0) + 1
    return People(patients, tokens[:-1], tokens[-1], link, waiting, size.entries_before)


def write(port: int, people: People, number: int, written: Written, ends: threading.Event) -> None:
    """Check in again and again as one patient, until told to end; note what was answered."""
    browser, patient = Browser(port, people.tokens[number]), people.patients[number]
    chance = random.Random(number)
    while not ends.is_set():
        entry, begun = new_id(), time.monotonic()
        words = f"Written under load, {entry}."
        try:
            status = browser.post(
                "/check-in", id=entry, zone=patient.zone, mood=3, craving=chance.randint(0, 10), note=words
            )
        except OSError as fault:
            written.faults.append(type(fault).__name__)
            browser.close()
            continue
        done = time.monotonic()
        if status == 303:
            written.entries[entry] = (patient.id, words, done)
            written.seconds.append((begun, done - begun))
        else:
            written.faults.append(str(status))
    browser.close()


def read(port: int, people: People, written: Written, ends: threading.Event) -> None:
    """Read one patient after the other as their clinician, so that the chains of access records grow."""
    browser = Browser(port, people.clinician_token)
    while not ends.is_set():
        for patient in people.patients:
            status = browser.get(f"/team/{patient.id}")
            if status != 200:
                written.faults.append(f"reading {status}")
            if ends.wait(0.02):
                break
    browser.close()


# ------------------------------------------------------------------------------------------------------------ the drill
def drill(folder: Path, size: Size, figures: Figures) -> None:
    """Run the drill once in an empty folder."""
    config = Config(
        instance=folder / "instance",
        master_key=make_master_key(),
        argon2=Argon2Cost(time_cost=1, memory_kib=64, parallelism=1),
    )
    config.instance.mkdir(mode=0o700)
    migrate_all(config)
    store = open_store(config)
    try:
        people = fill(store, size)
    finally:
        store.close()
    key = folder / "private.key"
    public = command(config, "backup", "--new-key", str(key)).stdout.strip().partition("=")[2]
    written = Written()
    with serving(config, size.web_workers, folder / "server.log") as served:
        before = _back_up_under_load(served, people, written, folder / "backups", public, size, figures)
    restored = replace(
        config, instance=folder / "restored", database_url="", keys_database_url="", base_url="http://localhost:8000"
    )
    begun = time.monotonic()
    done = command(restored, "restore", str(folder / "backups"), "--private-key", str(key))
    figures.add("restore-seconds", time.monotonic() - begun, "s")
    figures.add("restore-exit-code", done.returncode, "code", most=0)
    if done.returncode:
        raise RuntimeError(done.stderr)
    _look(restored, people, written, before, figures)
    verified = command(restored, "audit", "verify")
    figures.add("audit-verify-exit-code", verified.returncode, "code", most=0)
    _start(restored, people, size, folder, figures)


def _back_up_under_load(
    served: Config, people: People, written: Written, folder: Path, public: str, size: Size, figures: Figures
) -> set[uuid.UUID]:
    """Write, back up meanwhile, go on writing; return the entries that were answered before the backup began."""
    port, ends = int(served.base_url.rpartition(":")[2]), threading.Event()
    clients = [
        threading.Thread(target=write, args=(port, people, number, written, ends))
        for number in range(len(people.patients))
    ]
    clients.append(threading.Thread(target=read, args=(port, people, written, ends)))
    for client in clients:
        client.start()
    try:
        time.sleep(size.seconds)
        before = set(written.entries)
        begun = time.monotonic()
        done = command(served, "backup", str(folder), BACKUP_PUBLIC_KEY=public)
        ended = time.monotonic()
        time.sleep(size.seconds / 4)
    finally:
        ends.set()
        for client in clients:
            client.join()
    figures.add("backup-exit-code", done.returncode, "code", most=0)
    if done.returncode:
        raise RuntimeError(done.stderr)
    during = [took for started, took in written.seconds if begun <= started <= ended]
    figures.add("backup-seconds", ended - begun, "s")
    figures.add("backup-size", sum(file.stat().st_size for file in folder.rglob("*.age")) / 2**20, "MiB")
    figures.add("acknowledged-before", len(before), "entries", least=1)
    figures.add("acknowledged-during", len(during), "entries", least=1)
    figures.add("acknowledged-after", sum(started > ended for started, _ in written.seconds), "entries")
    figures.add("slowest-before", _slowest(written, 0.0, begun), "ms")
    figures.add("slowest-during", _slowest(written, begun, ended), "ms")
    figures.add("answers-that-failed", len(written.faults), "answers", most=0)
    for fault, count in Counter(written.faults).items():
        figures.lines.append(f"# {count} x {fault}")
    return before


def _slowest(written: Written, since: float, until: float) -> float:
    return 1000 * max((took for started, took in written.seconds if since <= started <= until), default=0.0)


def _look(restored: Config, people: People, written: Written, before: set[uuid.UUID], figures: Figures) -> None:
    """Compare what was answered with what is there, word for word."""
    store = open_store(restored)
    try:
        with store.work(writes=False):
            owners = dict(db().execute(select(CheckIn.id, CheckIn.patient_id)).all())
            notes = {row.check_in_id: row.note for row in db().scalars(select(CheckInVersion))}
            versions = db().scalar(select(func.count()).select_from(CheckInVersion)) or 0
            active = db().scalar(select(func.count()).select_from(Consent).where(Consent.state == ConsentState.ACTIVE))
            records = db().scalar(select(func.count()).select_from(AccessRecord)) or 0
            requests = db().scalar(select(func.count()).select_from(ResetRequest)) or 0
            link = links.find_link(people.link)
    finally:
        store.close()
    kept = {entry: written.entries[entry] for entry in written.entries if entry in owners}
    figures.add("restored-entries", len(owners), "entries", least=people.entries + len(before))
    figures.add("restored-access-records", records, "records", least=len(people.patients))
    figures.add("lost-entries", len(before - set(owners)), "entries", most=0)
    figures.add("doubled-entries", versions - len(owners), "entries", most=0)
    figures.add("entries-of-another", sum(owners[one] != owner for one, (owner, _, _) in kept.items()), "", most=0)
    figures.add("entries-with-other-words", sum(notes[one] != words for one, (_, words, _) in kept.items()), "", most=0)
    figures.add("consents-still-open", active or 0, "consents", most=0)
    figures.add("old-links-that-open", int(link is not None), "links", most=0)
    figures.add("old-requests", requests, "requests", most=0)


def _start(restored: Config, people: People, size: Size, folder: Path, figures: Figures) -> None:
    """Start server and worker on what was restored: old devices are signed out, and only new mail goes out."""
    with serving(restored, size.web_workers, folder / "restored.log") as served:
        port = int(served.base_url.rpartition(":")[2])
        still_in = 0
        for token in [*people.tokens, people.clinician_token]:
            browser = Browser(port, token)
            still_in += browser.get("/settings") == 200 or "/sign-in" not in browser.location
            browser.close()
        figures.add("old-devices-still-in", still_in, "devices", most=0)
        with _mail_server() as (mail_port, arrived):
            settings = environment(served, SMTP_HOST="localhost", SMTP_PORT=str(mail_port), SMTP_SECURITY="none")
            with running([sys.executable, str(ROOT / "app.py"), "worker"], settings, folder / "worker.log"):
                new = command(served, "invite", "--administrator", "Ida Falk", "--email", "new@example.org")
                deadline = time.monotonic() + MAIL_WITHIN
                while "new@example.org" not in arrived and time.monotonic() < deadline:
                    time.sleep(0.05)
        figures.add("new-messages-sent", arrived.count("new@example.org") if new.returncode == 0 else 0, "", least=1)
        figures.add("old-messages-waiting", people.waiting, "messages", least=1)
        figures.add("old-messages-sent", sum(to != "new@example.org" for to in arrived), "messages", most=0)


@contextmanager
def _mail_server() -> Iterator[tuple[int, list[str]]]:
    """Run a mail server that notes who got something."""
    arrived: list[str] = []

    class Noting(Message):
        def handle_message(self, message: email.message.Message) -> None:
            arrived.append(str(message["To"]))

    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(Noting(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, arrived
    finally:
        controller.stop()


@click.command()
@click.option("--clients", default=Size.clients, show_default=True, help="Patients who check in without a pause.")
@click.option("--seconds", default=Size.seconds, show_default=True, help="How long they write before the backup.")
@click.option("--entries", default=Size.entries_before, show_default=True, help="Check-ins that are there before.")
@click.option("--workers", default=Size.web_workers, show_default=True, help="Processes of the web server.")
@click.option("--rounds", default=Size.rounds, show_default=True, help="How often all of it is done.")
def main(clients: int, seconds: float, entries: int, workers: int, rounds: int) -> None:
    """Back up while people write, restore into an empty folder, start, and look. Leave with 1 when anything is over."""
    size = Size(clients, seconds, entries, workers, rounds)
    over: list[str] = []
    for number in range(1, rounds + 1):
        click.echo(f"# round {number} of {rounds}: {size}")
        figures = Figures()
        with tempfile.TemporaryDirectory(prefix="tandem-drill-") as folder:
            try:
                drill(Path(folder), size, figures)
            finally:
                click.echo("\n".join(figures.lines))
        over += figures.over
    click.echo(f"# over: {', '.join(over) or 'none'}")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.drills.restore")
