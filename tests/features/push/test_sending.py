"""What is sent, and what each answer means. The real receiver checks who sends and decrypts; these check all else."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from patient_app.core import clock
from patient_app.core.config import Config
from patient_app.push import sending, vapid
from patient_app.push.outcomes import Result, Urgency
from patient_app.push.sending import Sender, TooLarge
from tests.features.push.receivers import Browser, Service
from tests.features.push.test_vapid import claims_of

SetTime = Callable[[datetime | str], None]
SAYS = {"notification": {"title": "Reminder", "body": "You have a reminder 🌿"}}
HOUR = 3600


def test_a_message_is_encrypted_for_its_browser_and_says_how_it_is_to_be_handled(
    sender: Sender, service: Service, key: str
) -> None:
    browser = Browser("http://localhost:8090/notify/one")
    outcome = sender.send(browser.device(key), SAYS, ttl=HOUR, topic="a-Topic_1", urgency=Urgency.HIGH)
    assert (outcome.result, outcome.status) == (Result.ACCEPTED, 201)
    sent = service.last
    assert (sent.method, str(sent.url)) == ("POST", browser.endpoint)
    assert (sent.headers["TTL"], sent.headers["Topic"], sent.headers["Urgency"]) == ("3600", "a-Topic_1", "high")
    assert sent.headers["Content-Encoding"] == "aes128gcm"
    assert sent.headers["Content-Type"] == "application/octet-stream"
    assert json.loads(browser.opened(sent.content)) == SAYS
    assert claims_of(sent.headers["Authorization"])["aud"] == "http://localhost:8090"
    assert claims_of(sent.headers["Authorization"])["sub"] == "mailto:no-reply@care.example"
    assert b"Reminder" not in sent.content


def test_each_message_has_its_own_time_to_live_and_none_sticks(sender: Sender, service: Service, key: str) -> None:
    device = Browser().device(key)
    for ttl in (60, 0, 7, -5, 10**9):
        sender.send(device, SAYS, ttl=ttl)
    assert [sent.headers["TTL"] for sent in service.requests] == ["60", "0", "7", "0", str(28 * 24 * HOUR)]
    assert all("Topic" not in sent.headers for sent in service.requests)
    assert {sent.headers["Urgency"] for sent in service.requests} == {"normal"}


def test_the_token_is_signed_once_for_all_messages_to_a_service(sender: Sender, service: Service, key: str) -> None:
    for number in range(3):
        sender.send(Browser(f"https://fcm.googleapis.com/fcm/send/{number}").device(key), SAYS, ttl=HOUR)
    sender.send(Browser().device(key), SAYS, ttl=HOUR)
    tokens = [sent.headers["Authorization"] for sent in service.requests]
    assert len(set(tokens[:3])) == 1
    assert tokens[3] != tokens[0]
    assert len({sent.content for sent in service.requests}) == 4


def test_the_length_tells_little_and_the_largest_fits(sender: Sender, service: Service, key: str) -> None:
    device = Browser().device(key)
    for words in ("", "x" * 300):
        sender.send(device, {"w": words}, ttl=HOUR)
    assert {len(sent.content) for sent in service.requests} == {512 + 103}
    room = sending.LARGEST_PAYLOAD - len('{"w":""}')
    sender.send(device, {"w": "x" * room}, ttl=HOUR)
    assert len(service.last.content) == 4096
    with pytest.raises(TooLarge):
        sender.send(device, {"w": "x" * (room + 1)}, ttl=HOUR)
    with pytest.raises(TooLarge):
        sender.send(device, {"w": "é" * (room // 2 + 1)}, ttl=HOUR)
    assert len(service.requests) == 3


@pytest.mark.parametrize("topic", ["", "a" * 33, "with space", "a/b", "é", "a\r\nb"])
def test_a_topic_that_is_none_is_refused(sender: Sender, service: Service, key: str, topic: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        sender.send(Browser().device(key), SAYS, ttl=HOUR, topic=topic)
    assert not service.requests


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, Result.ACCEPTED),
        (202, Result.ACCEPTED),
        (404, Result.GONE),
        (410, Result.GONE),
        (408, Result.LATER),
        (429, Result.LATER),
        (500, Result.LATER),
        (503, Result.LATER),
        (301, Result.REFUSED),
        (307, Result.REFUSED),
        (400, Result.REFUSED),
        (401, Result.REFUSED),
        (403, Result.REFUSED),
        (413, Result.REFUSED),
    ],
)
def test_each_answer_means_one_thing(
    sender: Sender, service: Service, key: str, status: int, result: Result, log_lines: io.StringIO
) -> None:
    service.status, service.headers = status, {"Location": "https://fcm.googleapis.com/elsewhere"}
    browser = Browser("https://fcm.googleapis.com/fcm/send/zanarq-endpoint")
    outcome = sender.send(browser.device(key), SAYS, ttl=HOUR)
    assert (outcome.result, outcome.status) == (result, status)
    assert (outcome.retry_at is not None) == (result is Result.LATER)
    assert len(service.requests) == 1, "a redirect was followed"
    told = log_lines.getvalue()
    assert bool(told) == (result is not Result.ACCEPTED)
    for secret in ("zanarq", claims_of(service.last.headers["Authorization"])["sub"], key):
        assert secret not in told


@pytest.mark.parametrize(
    ("asked", "attempt", "seconds"),
    [
        (None, 0, 10),
        (None, 1, 20),
        (None, 4, 160),
        (None, 99, 3600),
        (None, -1, 10),
        ("120", 0, 120),
        ("0", 0, 1),
        ("7200", 0, 3600),
        ("9" * 400, 0, 3600),
        ("Sun, 31 May 2026 12:05:00 GMT", 0, 300),
        ("Sun, 31 May 2026 11:00:00 GMT", 0, 1),
        ("soon", 0, 10),
        ("-5", 1, 20),
        ("١٢٠", 0, 10),
    ],
)
def test_a_service_says_when_to_come_again_and_else_it_takes_longer_each_time(
    pushing: Config, key: str, set_time: SetTime, asked: str | None, attempt: int, seconds: int
) -> None:
    set_time("2026-05-31 12:00")
    answer = httpx.Response(429, headers={} if asked is None else [(b"Retry-After", asked.encode())])
    made = Sender(pushing, httpx.MockTransport(lambda _request: answer))
    outcome = made.send(Browser().device(key), SAYS, ttl=HOUR, attempt=attempt)
    assert outcome.retry_at == datetime(2026, 5, 31, 12, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "fault",
    [httpx.ConnectTimeout, httpx.ReadTimeout, httpx.PoolTimeout, httpx.ConnectError, httpx.RemoteProtocolError],
)
def test_no_answer_is_tried_again(sender: Sender, service: Service, key: str, fault: type[httpx.HTTPError]) -> None:
    service.fault = fault
    before = clock.now()
    outcome = sender.send(Browser().device(key), SAYS, ttl=HOUR)
    assert (outcome.result, outcome.status) == (Result.LATER, None)
    assert outcome.retry_at is not None
    assert outcome.retry_at > before


def test_every_request_has_its_time_limits_and_takes_no_proxy_of_the_environment(
    sender: Sender, service: Service, key: str, monkeypatch: pytest.MonkeyPatch, pushing: Config
) -> None:
    sender.send(Browser().device(key), SAYS, ttl=HOUR)
    limits = service.last.extensions["timeout"]
    assert limits == {"connect": 3.0, "read": 5.0, "write": 3.0, "pool": 2.0}
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:1")
    made = Sender(pushing)
    assert not made._client.trust_env
    assert not made._client.follow_redirects
    made.close()


def test_an_address_off_the_list_and_keys_that_are_none_reach_nobody(
    sender: Sender, service: Service, key: str
) -> None:
    device = Browser().device(key)
    for wrong in (
        replace(device, endpoint="https://169.254.169.254/a"),
        replace(device, endpoint="http://localhost:8091/notify"),
        replace(device, p256dh="AAAA"),
        replace(device, p256dh=""),
    ):
        assert sender.send(wrong, SAYS, ttl=HOUR).result is Result.REFUSED
    assert not service.requests


def test_after_a_rotation_each_subscription_is_signed_with_its_own_key(
    pushing: Config, service: Service, key: str
) -> None:
    vapid.rotate(pushing)
    newest = vapid.read_keys(pushing)[0].public
    made = Sender(pushing, httpx.MockTransport(service))
    for used in (key, newest):
        assert made.send(Browser().device(used), SAYS, ttl=HOUR).result is Result.ACCEPTED
        assert f"k={used}" in service.last.headers["Authorization"].replace(" ", "")
        claims_of(service.last.headers["Authorization"])
    # One that is not in the file signs nothing, and ends nothing: a lost file must not take everybody's devices away.
    lost = made.send(Browser().device("B" * 87), SAYS, ttl=HOUR)
    assert lost.result is Result.LATER
    assert lost.retry_at is not None
    # A key that is new since the sender was made is found in the file, and those of before go on.
    vapid.rotate(pushing)
    for used in (vapid.read_keys(pushing)[0].public, key):
        assert made.send(Browser().device(used), SAYS, ttl=HOUR).result is Result.ACCEPTED


def test_a_service_that_does_not_answer_is_left_alone_for_a_while_and_then_asked_once(
    sender: Sender, service: Service, key: str, set_time: SetTime
) -> None:
    set_time("2026-05-31 08:00")
    silent, other = Browser(), Browser("https://fcm.googleapis.com/fcm/send/other")
    service.fault = httpx.ReadTimeout
    results = [sender.send(silent.device(key), SAYS, ttl=HOUR) for _time in range(5)]
    assert {one.result for one in results} == {Result.LATER}
    assert len(service.requests) == sending.UNANSWERED
    assert results[-1].retry_at == clock.now() + sending.REST
    # Nobody else waits for it.
    service.fault = None
    assert sender.send(other.device(key), SAYS, ttl=HOUR).result is Result.ACCEPTED
    # After its rest one asks for all; as long as that gets no answer it rests on.
    service.fault = httpx.ConnectTimeout
    set_time("2026-05-31 08:01")
    asked = len(service.requests)
    for _time in range(3):
        assert sender.send(silent.device(key), SAYS, ttl=HOUR).result is Result.LATER
    assert len(service.requests) == asked + 1
    service.fault = None
    set_time("2026-05-31 08:02")
    for _time in range(3):
        assert sender.send(silent.device(key), SAYS, ttl=HOUR).result is Result.ACCEPTED


def test_being_too_many_ourselves_is_no_silence_of_the_service(sender: Sender, service: Service, key: str) -> None:
    service.fault = httpx.PoolTimeout
    for _time in range(5):
        assert sender.send(Browser().device(key), SAYS, ttl=HOUR).result is Result.LATER
    assert len(service.requests) == 5
