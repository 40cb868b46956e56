"""The loss drill: phones send check-ins over a bad network to a server that is killed, until each is acknowledged.

`python -m tests.drills.loss` prints a figure a line, `name value unit limit ok|over`, and leaves with 1 when one is
over. Everything is real: the production server and its processes, the database, the sealed letters, the connections.

A phone keeps an item until it is told `stored` with the item's own id, and then lets go of it for ever. Between phones
and server stands a proxy that refuses connections, delays them, and cuts them before, during and after what is sent;
and of the answers that the server gave, when all was committed, it cuts a share (`CUT_ANSWERS`). The server is killed
with SIGKILL at random moments, all its processes at once, and started again.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import select

from patient_app.accounts import sessions
from patient_app.accounts.models import Person
from patient_app.checkins.models import CheckIn, CheckInVersion, Source
from patient_app.core import letterbox
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.identity import Stage
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store, db
from patient_app.serve import WebSettings, web_program
from tests import factories
from tests.conftest import free_port
from tests.drills.restore import BROWSER, ROOT, Figures, environment
from tests.postgres import Postgres

CUT_ANSWERS = 0.3
# What happens to a connection instead of being passed on, and how often.
REFUSED, DELAYED, CUT_BEFORE, CUT_DURING, CUT_AFTER = 0.04, 0.06, 0.03, 0.03, 0.04
LONGEST_DELAY = 0.3
# How often an item is sent twice at once (two tabs), and how often somebody else's session sends it (a shared phone).
TWICE, BY_ANOTHER = 0.05, 0.01
ANSWERS_WITHIN = 20.0
LONGEST_PAUSE = 1.5
STARTS_WITHIN = 180.0
PROGRESS_EVERY = 15.0


@dataclass(frozen=True)
class Size:
    """How large a drill is; `seconds` bounds how long all may take to be acknowledged."""

    entries: int = 10_000
    clients: int = 50
    kills: int = 20
    workers: int = 1
    seconds: float = 1800.0
    seed: int = 1


SMALL = Size(entries=160, clients=10, kills=2, workers=2, seconds=300.0)


@dataclass(frozen=True)
class Phone:
    """Somebody's phone: whose, and what a signed-in page leaves on it."""

    person: factories.Made
    token: str
    tag: str


@dataclass
class Item:
    """A check-in that waits on a phone; what was written, and how it went."""

    id: uuid.UUID
    phone: Phone
    words: str
    made_at: datetime
    letter: str
    tries: int = 0
    acknowledged: bool = False


@dataclass
class Counts:
    """What was seen on the way."""

    happened: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    acknowledged: int = 0


# ----------------------------------------------------------------------------------------------------------- the server
class Server:
    """The production web server on one port, which can be killed outright and started again."""

    def __init__(self, config: Config, port: int, workers: int, log: Path) -> None:
        more = {"DATABASE_URL": config.database_url, "KEYS_DATABASE_URL": config.keys_database_url}
        self._environment = environment(config, **more)
        self._command = list(web_program(WebSettings(port=port, workers=workers), {}).command)
        self.port = port
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            if await self._is_ready():
                return
            await asyncio.sleep(0.05)
        told = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"The server did not start:\n{told}")

    async def _is_ready(self) -> bool:
        try:
            async with asyncio.timeout(5):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                told = await reader.readline()
                writer.close()
                return b" 200 " in told
        except (OSError, TimeoutError):
            return False

    def kill(self) -> None:
        """Kill all its processes at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


# ------------------------------------------------------------------------------------------------------------ the proxy
class Proxy:
    """Stands between phones and server, and is as bad as a network can be."""

    def __init__(self, server_port: int, chance: random.Random, counts: Counts) -> None:
        self._server_port = server_port
        self._chance = chance
        self._happened = counts.happened

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection of a phone, and do to it what chance says."""
        try:
            await self._pass_on(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            self._happened["server not there"] += 1
        finally:
            _cut(writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = self._fate()
        self._happened[fate] += fate != "passed on"
        if fate == "refused":
            return
        head = await reader.readuntil(b"\r\n\r\n")
        if fate == "delayed":
            await asyncio.sleep(self._chance.uniform(0, LONGEST_DELAY))
        body = await reader.readexactly(_length(head))
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        try:
            kept = {"cut before": 0, "cut during": len(body) // 2}.get(fate, len(body))
            up_writer.write(head + body[:kept])
            await up_writer.drain()
            if fate.startswith("cut"):
                await asyncio.sleep(self._chance.uniform(0, 0.05))  # The server may be anywhere in its work by then.
                return
            await self._answer(up_reader, writer)
        finally:
            _cut(up_writer)

    async def _answer(self, up_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Bring the answer back; a share of those that are whole, after the server's commit, never comes there."""
        head = await up_reader.readuntil(b"\r\n\r\n")
        answer = head + await up_reader.readexactly(_length(head))
        self._happened["answers"] += 1
        if self._chance.random() < CUT_ANSWERS:
            self._happened["answers cut"] += 1
            writer.write(answer[: self._chance.choice((0, len(head) // 2, len(answer) - 1))])
            await writer.drain()
            return
        writer.write(answer)
        await writer.drain()

    def _fate(self) -> str:
        drawn = self._chance.random()
        shares = {
            "refused": REFUSED,
            "delayed": DELAYED,
            "cut before": CUT_BEFORE,
            "cut during": CUT_DURING,
            "cut after": CUT_AFTER,
        }
        for fate, share in shares.items():
            if drawn < share:
                return fate
            drawn -= share
        return "passed on"


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _cut(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, RuntimeError):
        writer.close()


# ----------------------------------------------------------------------------------------------------------- the phones
class Drill:
    """One run: the phones, what waits on them, and what was seen."""

    def __init__(self, phones: list[Phone], items: list[Item], size: Size, origin: str) -> None:
        self.counts = Counts()
        self._phones, self._items, self._size = phones, items, size
        self._origin = origin
        self._chance = random.Random(size.seed)
        self._proxy_port = 0

    async def run(self, server: Server) -> None:
        """Send everything until all is acknowledged, or the time is over; kill the server meanwhile."""
        proxy = Proxy(server.port, random.Random(self._size.seed + 1), self.counts)
        listening = await asyncio.start_server(proxy.take, "127.0.0.1", 0, limit=2**20)
        self._proxy_port = int(listening.sockets[0].getsockname()[1])
        await server.start()
        killing = asyncio.create_task(self._kill(server))
        telling = asyncio.create_task(self._tell())
        try:
            async with asyncio.timeout(self._size.seconds):
                await asyncio.gather(*(self._empty(phone) for phone in self._phones))
                await killing
        except TimeoutError:
            self.counts.odd["the time was over"] += 1
        finally:
            for task in (killing, telling):
                task.cancel()
            listening.close()
            server.kill()
        if killing.done() and not killing.cancelled():
            killing.result()

    async def _kill(self, server: Server) -> None:
        """Kill the server when random numbers of items were acknowledged."""
        most = len(self._items)
        moments = sorted(self._chance.randint(most // 50, most - most // 20) for _ in range(self._size.kills))
        for moment in moments:
            while self.counts.acknowledged < moment:
                await asyncio.sleep(0.005)
            server.kill()
            self.counts.kills += 1
            await server.start()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_EVERY)
            done, kills = self.counts.acknowledged, self.counts.kills
            click.echo(f"# {done} of {len(self._items)} acknowledged, {kills} kills", err=True)

    async def _empty(self, phone: Phone) -> None:
        """Send what waits on a phone, one after the other, each until it is acknowledged."""
        for item in self._items:
            if item.phone is not phone:
                continue
            while not item.acknowledged:
                await self._try(item)
                if not item.acknowledged:
                    await asyncio.sleep(self._chance.uniform(0.5, 1) * min(0.05 * 2**item.tries, LONGEST_PAUSE))

    async def _try(self, item: Item) -> None:
        item.tries += 1
        if self._chance.random() < BY_ANOTHER:
            await self._send_as_another(item)
        times = 2 if self._chance.random() < TWICE else 1
        self.counts.happened["sent twice at once"] += times - 1
        told = await asyncio.gather(*(self._send(item.phone, item, item.phone.tag) for _ in range(times)))
        if any(self._is_done(item, status, answer) for status, answer in told):
            item.acknowledged = True
            self.counts.acknowledged += 1

    def _is_done(self, item: Item, status: int, answer: dict[str, object]) -> bool:
        if status != 200 or answer.get("id") != str(item.id):
            if status not in {0, 500, 503}:
                self.counts.odd[f"answered {status} {answer.get('result')}"] += 1
            return False
        if answer.get("result") != "stored" or answer.get("next") != f"/check-in/{item.id}?done=saved":
            self.counts.odd[f"answered {answer.get('result')}"] += 1
            return False
        return True

    async def _send_as_another(self, item: Item) -> None:
        """Send somebody's item in the session of another person, as it is, and as if it were theirs."""
        other = self._chance.choice([phone for phone in self._phones if phone is not item.phone])
        for tag in (item.phone.tag, other.tag):
            status, answer = await self._send(other, item, tag)
            self.counts.happened["sent by another"] += status != 0
            if answer.get("result") == "stored":
                self.counts.odd["stored for another"] += 1

    async def _send(self, phone: Phone, item: Item, tag: str) -> tuple[int, dict[str, object]]:
        """Send an item once; return the status and what was answered, 0 when nothing came back."""
        sent_at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body = json.dumps({"v": 1, "person": tag, "sent_at": sent_at, "id": str(item.id), "letter": item.letter})
        lines = (
            "POST /outbox HTTP/1.1",
            f"Host: {self._origin.removeprefix('http://')}",
            f"User-Agent: {BROWSER}",
            f"Cookie: session={phone.token}",
            "Sec-Fetch-Site: same-origin",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._proxy_port)
                try:
                    writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
                    head = await reader.readuntil(b"\r\n\r\n")
                    answer = await reader.readexactly(_length(head))
                finally:
                    _cut(writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return 0, {}
        status = int(head.split(b" ", 2)[1])
        told = json.loads(answer) if b"application/json" in head else {}
        return status, told


# -------------------------------------------------------------------------------------------------- before and after it
def fill(store: Store, size: Size) -> tuple[list[Phone], list[Item]]:
    """Make the people, and what they wrote without a network."""
    factories.make_installation(store)
    practice = factories.make_practice(store)
    people = [factories.make_patient(store, practice) for _ in range(size.clients)]
    with store.work(writes=True):
        phones = [
            Phone(
                person,
                sessions.begin_session(db().get_one(Person, person.id), "Firefox", Stage.FULL),
                letterbox.person_tag(person.id),
            )
            for person in people
        ]
        items = [_write(phones[number % size.clients], number) for number in range(size.entries)]
    return phones, items


def _write(phone: Phone, number: int) -> Item:
    entry_id, made_at = new_id(), datetime.now(UTC).replace(microsecond=0)
    words = f"Written on a phone, {entry_id}."
    letter = {
        "action": "/check-in",
        "fields": [
            ["id", str(entry_id)],
            ["mood", str(1 + number % 5)],
            ["craving", str(number % 11)],
            ["note", words],
        ],
        "made_at": made_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "zone": phone.person.zone,
        "offset": -300,
        "device": str(phone.person.id),
        "device_seq": number,
    }
    sealed = letterbox.seal_letter(
        json.dumps(letter).encode(), phone.tag, entry_id, letterbox.public_key(), os.urandom(12)
    )
    return Item(entry_id, phone, words, made_at, base64.urlsafe_b64encode(sealed).decode().rstrip("="))


def _look(store: Store, items: list[Item], figures: Figures) -> None:
    """Compare what was acknowledged with what is there, word for word."""
    with store.work(writes=False):
        owners = {row.id: row for row in db().execute(select(CheckIn.id, CheckIn.patient_id, CheckIn.occurred_at))}
        notes: dict[uuid.UUID, list[tuple[uuid.UUID, str]]] = {}
        for version in db().scalars(select(CheckInVersion)):
            notes.setdefault(version.check_in_id, []).append((version.patient_id, version.note or ""))
        strange = db().scalars(select(CheckIn.id).where(CheckIn.source != Source.OUTBOX)).all()
    done = [item for item in items if item.acknowledged]
    there = [item for item in done if item.id in owners]
    known = {item.id for item in items}
    doubled = sum(len(said) - 1 for said in notes.values()) + len(set(owners) - known) + len(strange)
    figures.add("lost", len(done) - len(there), "entries", most=0)
    figures.add("doubled", doubled, "entries", most=0)
    others = sum(
        owners[item.id].patient_id != item.phone.person.id
        or any(owner != item.phone.person.id for owner, _ in notes[item.id])
        for item in there
    )
    figures.add("in-another-persons-record", others, "entries", most=0)
    figures.add("with-other-words", sum(item.words != notes[item.id][0][1] for item in there), "entries", most=0)
    figures.add(
        "at-another-time", sum(item.made_at != owners[item.id].occurred_at for item in there), "entries", most=0
    )


def drill(folder: Path, size: Size, figures: Figures, database: str, keys: str) -> None:
    """Run the drill once; `database` and `keys` are the addresses of two migrated databases, empty for SQLite files."""
    port = free_port()
    config = Config(
        instance=folder / "instance",
        base_url=f"http://localhost:{port}",
        database_url=database,
        keys_database_url=keys,
        master_key=make_master_key(),
        argon2=Argon2Cost(time_cost=1, memory_kib=64, parallelism=1),
    )
    config.instance.mkdir(mode=0o700)
    migrate_all(config)
    store = open_store(config)
    try:
        phones, items = fill(store, size)
        running = Drill(phones, items, size, config.base_url)
        begun = time.monotonic()
        server = Server(config, port, size.workers, folder / "server.log")
        with ThreadPoolExecutor(1) as thread:  # a browser test before it leaves this one with a loop of its own
            thread.submit(lambda: asyncio.run(running.run(server))).result()
        took = time.monotonic() - begun
        _add(figures, size, running.counts, items, took)
        _look(store, items, figures)
        if not database:
            with closing(sqlite3.connect(config.instance / "tandem.sqlite")) as connection:
                (told,) = connection.execute("PRAGMA integrity_check").fetchone()
            figures.add("integrity-problems", told != "ok", "", most=0)
    finally:
        store.close()


def _add(figures: Figures, size: Size, counts: Counts, items: list[Item], took: float) -> None:
    happened = counts.happened
    figures.add("seconds", took, "s")
    figures.add("acknowledged", counts.acknowledged, "entries", least=size.entries)
    figures.add("kills", counts.kills, "kills", least=size.kills)
    figures.add("sent", sum(item.tries for item in items), "times")
    figures.add("most-tries", max(item.tries for item in items), "times")
    for name in ("answers", "answers cut", "refused", "delayed", "cut before", "cut during", "cut after"):
        figures.add(name.replace(" ", "-"), happened[name], "connections")
    figures.add("answers-cut-share", 100 * happened["answers cut"] / max(1, happened["answers"]), "%", least=20)
    figures.add("sent-twice-at-once", happened["sent twice at once"], "times")
    figures.add("sent-by-another", happened["sent by another"], "times")
    figures.add("odd-answers", sum(counts.odd.values()), "answers", most=0)
    figures.lines += [f"# {count} x {what}" for what, count in counts.odd.items()]


@contextmanager
def databases(kind: str) -> Iterator[tuple[str, str]]:
    """Give the addresses of two fresh databases of a kind; empty for SQLite, whose files are in the drill's folder."""
    if kind == "sqlite":
        yield "", ""
        return
    with Postgres.of_this_run().databases() as urls:
        yield urls.main, urls.keys


@click.command()
@click.option("--entries", default=Size.entries, show_default=True, help="Check-ins in all.")
@click.option("--clients", default=Size.clients, show_default=True, help="Phones, each of another patient.")
@click.option("--kills", default=Size.kills, show_default=True, help="How often the server is killed.")
@click.option("--workers", default=[1, 4], show_default=True, multiple=True, help="Processes of the web server.")
@click.option("--on", default=["sqlite", "postgresql"], show_default=True, multiple=True, help="Databases.")
@click.option("--seconds", default=Size.seconds, show_default=True, help="How long each run may take.")
@click.option("--seed", default=Size.seed, show_default=True, help="Of chance.")
def main(
    entries: int, clients: int, kills: int, workers: tuple[int, ...], on: tuple[str, ...], seconds: float, seed: int
) -> None:
    """Send check-ins over a bad network to a server that is killed. Leave with 1 when anything is over."""
    over: list[str] = []
    for kind in on:
        for processes in workers:
            size = Size(entries, clients, kills, processes, seconds, seed)
            click.echo(f"# {kind}: {size}")
            figures = Figures()
            with tempfile.TemporaryDirectory(prefix="tandem-loss-") as folder, databases(kind) as urls:
                try:
                    drill(Path(folder), size, figures, *urls)
                finally:
                    click.echo("\n".join(figures.lines))
            over += figures.over
    click.echo(f"# over: {', '.join(over) or 'none'}")
    sys.exit(1 if over else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.drills.loss")
