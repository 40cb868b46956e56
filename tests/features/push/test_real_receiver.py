"""Against the receiver of `web-push-testing`, over a real connection: it checks the signature and decrypts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from patient_app.core.config import Config
from patient_app.push import sending, vapid
from patient_app.push.devices import Device
from patient_app.push.outcomes import Result, Urgency
from patient_app.push.sending import Sender
from tests.features.push.receivers import Browser, RealReceiver

HOUR = 3600


@pytest.fixture
def real(pushing: Config, receiver: RealReceiver) -> Iterator[Sender]:
    made = Sender(replace(pushing, push_services=receiver.url))
    yield made
    made.close()


def _device(receiver: RealReceiver, key: str) -> tuple[Device, str]:
    told = receiver.subscribe(key)
    keys = told["keys"]
    device = replace(Browser().device(key), endpoint=told["endpoint"], p256dh=keys["p256dh"], auth=keys["auth"])
    return device, told["clientHash"]


def test_it_takes_what_we_send_and_reads_the_same_words(receiver: RealReceiver, real: Sender, key: str) -> None:
    device, client = _device(receiver, key)
    for words in ("You have a reminder 🌿", "x" * (sending.LARGEST_PAYLOAD - len('{"body":""}'))):
        assert real.send(device, {"body": words}, ttl=HOUR, topic="t", urgency=Urgency.HIGH).result is Result.ACCEPTED
        assert json.loads(receiver.messages(client)[-1]) == {"body": words}


def test_it_says_that_a_subscription_is_gone(receiver: RealReceiver, real: Sender, key: str) -> None:
    device, client = _device(receiver, key)
    receiver.expire(client)
    outcome = real.send(device, {}, ttl=HOUR)
    assert (outcome.result, outcome.status) == (Result.GONE, 410)


def test_it_refuses_a_signature_of_another_key(receiver: RealReceiver, real: Sender, pushing: Config, key: str) -> None:
    device, client = _device(receiver, key)
    vapid.rotate(pushing)
    other = vapid.read_keys(pushing)[0].public
    made = Sender(replace(pushing, push_services=receiver.url))
    assert made.send(replace(device, vapid_key=other), {}, ttl=HOUR).status == 400
    assert receiver.messages(client) == []
    made.close()


def test_one_that_hears_nothing_is_not_waited_for(pushing: Config, key: str) -> None:
    device = replace(Browser().device(key), endpoint="http://localhost:8090/notify/nobody")
    made = Sender(pushing)
    assert made.send(device, {}, ttl=HOUR).result is Result.LATER
    made.close()
