"""Sending a message to a device: RFC 8030 (push), 8291 (encryption) and 8292 (who sends).

The package `webpush` encrypts and signs. This adapter is the one place that uses it, and mends what it lacks: a time to
live for each message (its own sticks, and takes no 0), Urgency and Topic, the limit of size, the audience's port, and a
token that is made once for an origin (`signing.Signer`). Nothing here opens a unit of work: whoever sends has finished
theirs, and says afterwards what came of it (`service.record`).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
from webpush import WebPush
from webpush.types import WebPushKeys, WebPushSubscription
from webpush.vapid import VAPID

from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.core.logs import logger
from patient_app.push import allowed, vapid
from patient_app.push.allowed import NotAllowed
from patient_app.push.devices import Device
from patient_app.push.outcomes import Outcome, Result, Urgency
from patient_app.push.signing import Signer

# Push services take 4,096 bytes; encryption adds 103 to what was written (RFC 8291, 4).
LARGEST_PAYLOAD = 3993
# What is sent is filled up with spaces to a multiple of this: its length tells less of what it says.
FILLED_TO = 512
LONGEST_TTL = 28 * 24 * 60 * 60  # What all services take.
# Of each step of a message; `reminders` waits for the whole of it no longer than it says.
TIMEOUT = httpx.Timeout(connect=3.0, read=5.0, write=3.0, pool=2.0)
LIMITS = httpx.Limits(max_connections=128, max_keepalive_connections=64, keepalive_expiry=30.0)
# A service that so many messages in a row got no answer from is left alone for a while; then one is tried.
UNANSWERED, REST = 3, timedelta(seconds=30)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SMALL_ANSWER = 4096
_RETRIED = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class TooLarge(ValueError):
    """A message that no push service has to take."""


class Sender:
    """Sends messages; one for each process, used by all of its threads."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        self._config = config
        self._allowed = allowed.read(config.push_services)
        self._contact = vapid.contact(config)
        self._pushers = {key.public: _Pusher(key, self._contact) for key in vapid.read_keys(config)}
        # No proxy of the environment, no redirects, and never without a time-out.
        self._client = httpx.Client(
            timeout=TIMEOUT, limits=LIMITS, follow_redirects=False, trust_env=False, transport=transport
        )
        self._silences = Silences()

    def close(self) -> None:
        """Give all connections back."""
        self._client.close()

    def send(
        self,
        device: Device,
        payload: Mapping[str, Any],
        *,
        ttl: int,
        topic: str | None = None,
        urgency: Urgency = Urgency.NORMAL,
        attempt: int = 0,
    ) -> Outcome:
        """Send a message to a device, once, and return what came of it, mostly within 10 seconds.

        `ttl` is how many seconds the message makes sense: so long the push service keeps it for a phone that cannot
        be reached. `topic` (32 signs of base64url at most): a newer message takes the place of one that waits there.
        `attempt` counts from 0 and makes the waiting longer where the service names none. Raise `TooLarge` for a
        payload of more than `LARGEST_PAYLOAD` bytes, and `ValueError` for a topic that is none.
        """
        body = filled(payload)
        if topic is not None and not _TOPIC.fullmatch(topic):
            raise ValueError("A topic is up to 32 signs of base64url.")
        pusher = self._pusher_of(device.vapid_key)
        if pusher is None:  # Its key is not in the file (any more). The phone makes it anew when the app is opened.
            logger().error("push key missing")
            return Outcome(Result.LATER, None, clock.now() + _wait(None, attempt))
        try:
            origin = self._allowed.origin_of(device.endpoint)
            sealed = pusher.sealed(body, device)
        except (NotAllowed, ValueError):  # Off the list by now, or keys that are none.
            return Outcome(Result.REFUSED)
        rests_until = self._silences.rests_until(origin)
        if rests_until is not None:
            return Outcome(Result.LATER, None, rests_until)
        headers = {
            "Authorization": pusher.signer.authorization(origin),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(min(max(ttl, 0), LONGEST_TTL)),
            "Urgency": urgency.value,
        }
        if topic is not None:
            headers["Topic"] = topic
        return self._posted(device, origin, sealed, headers, attempt)

    def _pusher_of(self, public: str) -> _Pusher | None:
        """Return what signs with a key; one that is new in the file since the start is taken from there."""
        if public not in self._pushers:
            for key in vapid.usable_keys(self._config):
                if key.public not in self._pushers:
                    self._pushers[key.public] = _Pusher(key, self._contact)
        return self._pushers.get(public)

    def _posted(self, device: Device, origin: str, body: bytes, headers: dict[str, str], attempt: int) -> Outcome:
        try:
            with self._client.stream("POST", device.endpoint, content=body, headers=headers) as answer:
                status, asked = answer.status_code, answer.headers.get("Retry-After")
                if answer.headers.get("Content-Length", "").isdecimal() and _is_small(answer):
                    answer.read()  # So that the connection is used again; a long answer is not waited for.
        except httpx.HTTPError as fault:
            if not isinstance(fault, httpx.PoolTimeout):  # That is our own crowd.
                self._silences.note(origin, answered=False)
            logger().warning("push not delivered", service=origin, fault=type(fault).__name__)
            return Outcome(Result.LATER, None, clock.now() + _wait(None, attempt))
        self._silences.note(origin, answered=True)
        outcome = _outcome(status, asked, attempt)
        if outcome.result is not Result.ACCEPTED:
            level = logger().error if outcome.result is Result.REFUSED else logger().info
            level("push not accepted", service=origin, status=status, result=outcome.result.value)
        return outcome


class Silences:
    """Which push services do not answer: nobody waits for one again and again, and no other one waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unanswered: dict[str, int] = {}
        self._rests: dict[str, datetime] = {}

    def rests_until(self, origin: str) -> datetime | None:
        """Return until when a service is left alone; None for one that may be asked. After a rest, one asks for all."""
        with self._lock:
            until = self._rests.get(origin)
            if until is None:
                return None
            now = clock.now()
            if now < until <= now + REST:
                return until
            self._rests[origin] = now + REST
            return None

    def note(self, origin: str, *, answered: bool) -> None:
        """Take note that a service answered, or did not."""
        with self._lock:
            if answered:
                self._unanswered.pop(origin, None)
                self._rests.pop(origin, None)
                return
            count = self._unanswered[origin] = self._unanswered.get(origin, 0) + 1
            if count >= UNANSWERED:
                self._rests[origin] = clock.now() + REST


def filled(payload: Mapping[str, Any]) -> bytes:
    """Return a payload as it is sealed; raise `TooLarge` when it does not fit into a message."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > LARGEST_PAYLOAD:
        raise TooLarge(f"{len(body)} bytes, and {LARGEST_PAYLOAD} fit.")
    return body.ljust(min(-(-len(body) // FILLED_TO) * FILLED_TO, LARGEST_PAYLOAD))


class _Pusher(WebPush):
    """The library under one key of ours, asked for nothing but the sealed bytes."""

    def __init__(self, key: vapid.VapidKey, contact: str) -> None:
        super().__init__(*key.pair(), subscriber=contact)
        self.signer = Signer(key, contact)
        self.vapid = _Unsigned(*key.pair())

    def sealed(self, body: bytes, device: Device) -> bytes:
        """Return the body of a message for a device; raise `ValueError` when its keys are none."""
        keys = WebPushKeys(auth=device.auth, p256dh=device.p256dh)
        told = WebPushSubscription.model_construct(endpoint=device.endpoint, keys=keys)
        return self.get(body, told).encrypted


class _Unsigned(VAPID):
    """Signs nothing where the library would sign each message: `Signer` has the header."""

    def get_authorization_header(self, endpoint: object, subscriber: str, expiration: int) -> str:
        """Return no header."""
        return ""


def _is_small(answer: httpx.Response) -> bool:
    return int(answer.headers["Content-Length"][:9]) <= _SMALL_ANSWER


def _outcome(status: int, asked: str | None, attempt: int) -> Outcome:
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Outcome(Result.ACCEPTED, status)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return Outcome(Result.GONE, status)
    if status in _RETRIED or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(Result.LATER, status, clock.now() + _wait(asked, attempt))
    # A redirect too: nobody is led anywhere. 401 and 403 tell of our key, never of the phone: nothing is taken away.
    return Outcome(Result.REFUSED, status)


def _wait(asked: str | None, attempt: int) -> timedelta:
    """Return how long to wait: what the service asks for (seconds or a date), else longer with each attempt."""
    named = _retry_after(asked) if asked else None
    if named is None:
        named = FIRST_WAIT * 2 ** min(max(attempt, 0), 16)
    return min(max(named, timedelta(seconds=1)), LONGEST_WAIT)


def _retry_after(asked: str) -> timedelta | None:
    text = asked.strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=int(text[:6])) if len(text) <= 6 else LONGEST_WAIT  # noqa: PLR2004 - eleven days.
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - clock.now()


_senders: dict[Config, Sender] = {}
_senders_lock = threading.Lock()


def sender_of(config: Config) -> Sender:
    """Return the sender of this process for an installation, made at the first call.

    Raise `ConfigError` when the key file or the setting of services cannot be used. A new key is read when the
    first device of it is sent to.
    """
    with _senders_lock:
        if config not in _senders:
            _senders[config] = Sender(config)
        return _senders[config]
