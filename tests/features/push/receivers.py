"""Who receives messages in tests: a browser's own keys, the real receiver of `web-push-testing`, one that says no."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from patient_app.accounts import sessions
from patient_app.accounts.models import DeviceSession, Person
from patient_app.core import clock
from patient_app.core.identity import Stage
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db
from patient_app.push import service, vapid
from patient_app.push.devices import Device
from patient_app.push.service import Offered
from tests.conftest import ROOT, free_port
from tests.factories import Made

SERVER = ROOT / "node_modules" / "web-push-testing" / "src" / "bin" / "server.js"
STARTS_WITHIN = 20.0


def text(value: bytes) -> str:
    """Return bytes in base64url."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


@dataclass
class Browser:
    """A browser's subscription, with the private side of it."""

    endpoint: str = "https://updates.push.services.mozilla.com/wpush/v2/one"
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def p256dh(self) -> bytes:
        """The public point."""
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def offered(self, key: str) -> Offered:
        """Return it as the server is told of it."""
        return Offered(self.endpoint, text(self.p256dh), text(self.secret), key)

    def told(self, what: str, key: str, **more: Any) -> dict[str, Any]:
        """Return what its script sends."""
        offered = self.offered(key)
        return {
            "do": what,
            "endpoint": offered.endpoint,
            "p256dh": offered.p256dh,
            "auth": offered.auth,
            "key": key,
            **more,
        }

    def device(self, key: str) -> Device:
        """Return it as a device, without a row."""
        now = clock.now()
        return Device(
            id=new_id(),
            practice_id=new_id(),
            person_id=new_id(),
            session_id=new_id(),
            browser="Firefox, Linux",
            created_at=now,
            last_seen_at=now,
            last_success_at=None,
            tested_at=None,
            vapid_key=key,
            endpoint=self.endpoint,
            p256dh=text(self.p256dh),
            auth=text(self.secret),
        )

    def opened(self, body: bytes) -> bytes:
        """Decrypt a message as RFC 8291 says, by own code."""
        salt, length = body[:16], body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        context = b"WebPush: info\x00" + self.p256dh + theirs
        material = HKDF(hashes.SHA256(), 32, salt=self.secret, info=context).derive(shared)
        key = HKDF(hashes.SHA256(), 16, salt=salt, info=b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(hashes.SHA256(), 12, salt=salt, info=b"Content-Encoding: nonce\x00").derive(material)
        return AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00").removesuffix(b"\x02")


def subscribe(store: Store, person: Made, browser: Browser) -> None:
    """Sign a person in on a browser, and turn messages on there; the store's settings name the key and the service."""
    with store.work(writes=True):
        token = sessions.begin_session(db().get_one(Person, person.id), "Firefox, Linux", Stage.FULL)
        hashed = sessions.token_hash(token)
        session_id = db().scalars(select(DeviceSession.id).where(DeviceSession.token_hash == hashed)).one()
        [key, *_older] = vapid.read_keys(store.config)
        viewer = replace(person.viewer, session_id=session_id)
        service.turn_on(viewer, browser.offered(key.public), "Firefox, Linux")


@dataclass
class Service:
    """A push service that answers as it is told, and keeps what it got."""

    status: int = 201
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: type[httpx.HTTPError] | None = None
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.requests.append(request)
        if self.fault is not None:
            raise self.fault("of the test", request=request)  # type: ignore[call-arg]
        return httpx.Response(self.status, headers=self.headers)

    @property
    def last(self) -> httpx.Request:
        """The last that came."""
        return self.requests[-1]


@dataclass(frozen=True)
class RealReceiver:
    """The server of `web-push-testing`: checks who sends (VAPID) and decrypts. Nothing else: see test_sending.py."""

    url: str

    def subscribe(self, key: str) -> dict[str, Any]:
        """Return a subscription as a browser gives it, with `clientHash`."""
        answer: dict[str, Any] = self._ask("subscribe", {"userVisibleOnly": "true", "applicationServerKey": key})
        return answer

    def messages(self, client: str) -> list[str]:
        """Return what a subscription got, decrypted."""
        found: list[str] = self._ask("get-notifications", {"clientHash": client})["messages"]
        return found

    def expire(self, client: str) -> None:
        """Let a subscription be gone."""
        httpx.post(f"{self.url}/expire-subscription/{client}", trust_env=False).raise_for_status()

    def _ask(self, what: str, asked: dict[str, str]) -> Any:
        answer = httpx.post(f"{self.url}/{what}", json=asked, trust_env=False)
        answer.raise_for_status()
        return answer.json()["data"]


@contextmanager
def real_receiver(log: Path) -> Iterator[RealReceiver]:
    """Start it on a free port; end it afterwards."""
    node = shutil.which("node")
    if node is None or not SERVER.exists():
        pytest.exit("The push tests need Node.js and `npm ci --ignore-scripts` (scripts/browser.sh).", returncode=3)
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen([node, str(SERVER), json.dumps(port)], stdout=output, stderr=output, cwd=log.parent)
    try:
        _wait(f"http://127.0.0.1:{port}/status", process)
        yield RealReceiver(f"http://localhost:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=1):  # noqa: S310 - our own.
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("The receiver did not start.")
