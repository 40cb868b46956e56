"""Messages to phones: what encrypting and signing cost beside the bare library, and how many arrive at a receiver.

The last figure is of the whole way: claimed in the database, worded, sealed, sent to the receiver, and recorded.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from statistics import median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import func, select
from webpush import WebPush
from webpush.types import WebPushKeys, WebPushSubscription

from bench.figures import CannotMeasure
from bench.ground import Ground
from bench.served import ROOT
from patient_app.accounts import sessions
from patient_app.accounts.models import DeviceSession, Person, PersonState, Practice
from patient_app.core import clock
from patient_app.core.identity import Stage
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import KeyKind
from patient_app.core.roles import Role
from patient_app.core.work import Store, db
from patient_app.factory import create_app
from patient_app.push import sending, service, vapid
from patient_app.push.devices import Device
from patient_app.push.outcomes import Result
from patient_app.push.sending import Sender
from patient_app.push.service import Offered
from patient_app.reminders import by_push, engine
from patient_app.reminders.models import Kind, Occurrence, Reminder, State, Wording
from patient_app.reminders.schedule import EVERY_DAY
from patient_app.reminders.sources import Whose

if TYPE_CHECKING:
    from patient_app.core.config import Config

SERVICES = ("https://fcm.googleapis.com/fcm/send/", "https://updates.push.services.mozilla.com/wpush/v2/")
# The library alone signs each message anew and does less: it is not to be slower than that.
LEAST_TO_LIBRARY = 1.0
LEAST_PER_SECOND = 50
# From the row that is due to the row that says it was sent, by one worker.
LEAST_END_TO_END = 15
PEOPLE = 400
MESSAGES, RUNS, THREADS = 2000, 5, 16
STARTS_WITHIN = 20.0
SAYS = {"web_push": 8030, "notification": {"title": "Reminder", "body": "Reminder for 8:00", "navigate": "/today"}}


def push(ground: Ground) -> None:
    """Count messages for each second of CPU, ours and the library's; then deliver to a real receiver."""
    config = replace(ground.config, instance=ground.folder / "push", mail_sender="no-reply@care.example")
    vapid.make_keys(config)
    _sealing(ground, config)
    _delivering(ground, config)


def _sealing(ground: Ground, config: Config) -> None:
    number = MESSAGES // (10 if ground.report.quick else 1)
    key = vapid.read_keys(config)[0]
    devices = [_device(key.public, f"{SERVICES[each % len(SERVICES)]}{each}") for each in range(200)]
    bare = WebPush(*key.pair(), subscriber="no-reply@care.example", ttl=60)
    told = [
        WebPushSubscription(endpoint=one.endpoint, keys=WebPushKeys(auth=one.auth, p256dh=one.p256dh))
        for one in devices
    ]
    accepted = httpx.MockTransport(lambda _request: httpx.Response(201))
    sender = Sender(config, accepted)
    [pusher] = sender._pushers.values()
    body = sending.filled(SAYS)

    def ours(turn: int) -> None:
        device = devices[turn % len(devices)]
        pusher.sealed(sending.filled(SAYS), device)
        pusher.signer.authorization(sender._allowed.origin_of(device.endpoint))

    library, own = [], []
    for _run in range(RUNS):  # In turns: what else the machine does meanwhile hits both alike.
        library.append(_per_second(lambda turn: bare.get(body, told[turn % len(told)]), number))
        own.append(_per_second(ours, number))
    sender.close()
    ground.report.add("push-library-alone", median(library), "messages/CPU-second")
    ground.report.add("push-sealed-and-signed", median(own), "messages/CPU-second")
    ratio = median(mine / theirs for mine, theirs in zip(own, library, strict=True))
    ground.report.add("push-to-library", ratio, "x", LEAST_TO_LIBRARY, at_least=True)


def _per_second(do: Callable[[int], object], number: int) -> float:
    started = time.process_time()
    for turn in range(number):
        do(turn)
    return number / (time.process_time() - started)


def _delivering(ground: Ground, config: Config) -> None:
    number = MESSAGES // (10 if ground.report.quick else 1)
    with _receiver(ground) as url:
        reached = replace(config, push_services=url)
        key = vapid.read_keys(reached)[0].public
        devices = [_subscribed(url, key) for _each in range(50)]
        sender = Sender(reached)
        started = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as threads:
            sent = list(
                threads.map(lambda turn: sender.send(devices[turn % len(devices)], SAYS, ttl=60), range(number))
            )
        seconds = time.perf_counter() - started
        sender.close()
        _end_to_end(
            ground, replace(reached, instance=ground.folder / "end-to-end", database_url="", keys_database_url="")
        )
    if any(outcome.result is not Result.ACCEPTED for outcome in sent):
        raise CannotMeasure("The receiver did not accept every message.")
    ground.report.add("push-delivered", number / seconds, "messages/s", LEAST_PER_SECOND, at_least=True)


def _end_to_end(ground: Ground, config: Config) -> None:
    """Let the engine deliver a reminder to each of many people, as the worker does."""
    people = PEOPLE // (10 if ground.report.quick else 1)
    config.instance.mkdir()
    vapid.make_keys(config)
    migrate_all(config)
    store = open_store(config)
    try:
        _fill(store, people)
        with create_app(config, store).app_context():
            engine.make_due(store, clock.now())
            started = time.perf_counter()
            by_push.deliver_due(store)
            seconds = time.perf_counter() - started
        with store.work(writes=False):
            sent = db().scalar(select(func.count()).where(Occurrence.state == State.SENT)) or 0
    finally:
        store.close()
    if sent != people:
        raise CannotMeasure(f"Of {people} reminders {sent} were sent.")
    ground.report.add("push-end-to-end", people / seconds, "deliveries/s", LEAST_END_TO_END, at_least=True)


def _fill(store: Store, people: int) -> None:
    """Make people with a browser at the receiver and a reminder that is due now."""
    now, practice_id = clock.now().replace(second=0, microsecond=0), new_id()
    key = vapid.read_keys(store.config)[0].public
    with store.work(writes=True):
        db().add(Practice(id=practice_id, name="bench", zone="UTC", created_at=now))
    for _person in range(people):
        device, person_id = _subscribed(store.config.push_services, key), new_id()
        store.keys.ensure(KeyKind.PATIENT, person_id)
        with store.work(writes=True):
            person = Person(
                id=person_id, practice_id=practice_id, role=Role.PATIENT, state=PersonState.ACTIVE, created_at=now
            )
            db().add(person)
            db().flush()
            token = sessions.begin_session(person, "", Stage.FULL)
            hashed = sessions.token_hash(token)
            session_id = db().scalars(select(DeviceSession.id).where(DeviceSession.token_hash == hashed)).one()
            viewer = replace(Whose(person_id, practice_id, ZoneInfo("UTC")).as_viewer, session_id=session_id)
            service.turn_on(viewer, Offered(device.endpoint, device.p256dh, device.auth, key), "")
            db().add(
                Reminder(
                    id=new_id(),
                    practice_id=practice_id,
                    patient_id=person_id,
                    kind=Kind.OWN,
                    times=[now.hour * 60 + now.minute],
                    weekdays=list(EVERY_DAY),
                    wording=Wording.DISCREET,
                    created_at=now,
                    changed_at=now,
                    next_at=now,
                )
            )


@contextmanager
def _receiver(ground: Ground) -> Iterator[str]:
    """Start the receiver of `web-push-testing`, which checks each signature and decrypts; give its address."""
    node = shutil.which("node")
    program = ROOT / "node_modules" / "web-push-testing" / "src" / "bin" / "server.js"
    if node is None or not program.exists():
        raise CannotMeasure("The push receiver is missing: install Node.js and run `npm ci --ignore-scripts`.")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with (ground.folder / "receiver.log").open("wb") as log:
        process = subprocess.Popen([node, str(program), json.dumps(port)], stdout=log, stderr=log, cwd=ground.folder)  # noqa: S603 - our own tool.
    try:
        url = f"http://localhost:{port}"
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        try:
            httpx.post(f"{url}/status", trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise CannotMeasure("The push receiver did not start.")


def _subscribed(url: str, key: str) -> Device:
    asked = {"userVisibleOnly": "true", "applicationServerKey": key}
    told: dict[str, Any] = httpx.post(f"{url}/subscribe", json=asked, trust_env=False).json()["data"]
    return replace(_device(key, told["endpoint"]), p256dh=told["keys"]["p256dh"], auth=told["keys"]["auth"])


def _device(key: str, endpoint: str) -> Device:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    now = clock.now()
    return Device(
        id=new_id(),
        practice_id=new_id(),
        person_id=new_id(),
        session_id=new_id(),
        browser="",
        created_at=now,
        last_seen_at=now,
        last_success_at=None,
        tested_at=None,
        vapid_key=key,
        endpoint=endpoint,
        p256dh=vapid.as_text(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        auth=vapid.as_text(os.urandom(16)),
    )
