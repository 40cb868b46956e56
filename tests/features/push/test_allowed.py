"""To which addresses a message may be sent: an address comes from a browser, so from anybody."""

from __future__ import annotations

import pytest

from patient_app.core.config import ConfigError
from patient_app.push import allowed
from patient_app.push.allowed import NotAllowed

OF_BROWSERS = (
    ("https://fcm.googleapis.com/fcm/send/abc:def-ghi_JKL", "https://fcm.googleapis.com"),
    ("https://updates.push.services.mozilla.com/wpush/v2/gAAA", "https://updates.push.services.mozilla.com"),
    ("https://web.push.apple.com/QGuQyavXutnMH", "https://web.push.apple.com"),
    ("https://wns2-by3p.notify.windows.com/w/?token=BQYAAAD%2bx", "https://wns2-by3p.notify.windows.com"),
    ("https://fcm.googleapis.com:443/fcm/send/abc", "https://fcm.googleapis.com"),
)
NEVER = (
    "",
    "fcm.googleapis.com/fcm/send/a",
    "http://fcm.googleapis.com/fcm/send/a",
    "ftp://fcm.googleapis.com/a",
    "file:///etc/passwd",
    "//fcm.googleapis.com/a",
    "https://fcm.googleapis.com:8443/a",
    "https://fcm.googleapis.com:0/a",
    "https://fcm.googleapis.com:99999/a",
    "https://fcm.googleapis.com:4a/a",
    "https://fcm.googleapis.com./a",
    "https://fcm.googleapis.com.evil.example/a",
    "https://evilfcm.googleapis.com/a",
    "https://push.apple.com/a",
    "https://evilpush.apple.com/a",
    "https://.push.apple.com/a",
    "https://a..push.apple.com/a",
    "https://-.push.apple.com/a",
    "https://push.apple.com.evil.example/a",
    "https://me@fcm.googleapis.com/a",
    "https://fcm.googleapis.com@127.0.0.1/a",
    "https://127.0.0.1#@fcm.googleapis.com/a",
    "https://127.0.0.1\\@fcm.googleapis.com/a",
    "https://fcm.googleapis.com\\.evil.example/a",
    "https://fcm.googleapis.com#/a",
    "https://127.0.0.1/a",
    "https://2130706433/a",
    "https://0x7f.1/a",
    "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a",
    "https://localhost/a",
    "http://localhost/a",
    "http://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/a",
    "https://fcm.googleapis.com%2eevil.example/a",
    "https://fcm%2egoogleapis.com/a",
    "https://ｆcm.googleapis.com/a",
    "https://fcm。googleapis。com/a",
    "https://fcm.googleapis.com\u3002evil.example/a",
    "https://xn--fcm-zzz.googleapis.com/a",
    "https://web.pusһ.apple.com/a",
    "https://fcm.googleapis.com/a b",
    "https://fcm.googleapis.com/a\r\nHost: evil.example",
    "https://fcm.googleapis.com/\x00",
    " https://fcm.googleapis.com/a",
    "https://FCM.googleapis.com/a\t",
    "https:fcm.googleapis.com/a",
    "https:///fcm.googleapis.com/a",
    "https://fcm.googleapis.com/" + "a" * 2000,
    "https://" + "a" * 64 + ".push.apple.com/a",
    "https://\udc80.push.apple.com/a",
)


@pytest.mark.parametrize(("endpoint", "origin"), OF_BROWSERS)
def test_the_services_of_browsers_are_on_the_list(endpoint: str, origin: str) -> None:
    assert allowed.read("").origin_of(endpoint) == origin


@pytest.mark.parametrize("endpoint", NEVER, ids=range(len(NEVER)))
def test_nothing_else_is_sent_to_however_it_is_spelled(endpoint: str) -> None:
    with pytest.raises(NotAllowed):
        allowed.read("").origin_of(endpoint)


def test_the_setting_adds_services_and_names_plain_http_for_this_machine_alone() -> None:
    found = allowed.read(" push.example.org, https://own.example:8443 ,http://localhost:8090,*.more.example")
    assert found.origin_of("https://push.example.org/a") == "https://push.example.org"
    assert found.origin_of("https://own.example:8443/a") == "https://own.example:8443"
    assert found.origin_of("http://localhost:8090/a") == "http://localhost:8090"
    assert found.origin_of("https://one.more.example/a") == "https://one.more.example"
    for other in (
        "http://push.example.org/a",
        "https://own.example/a",
        "http://localhost/a",
        "https://localhost:8090/a",
        "http://localhost:8091/a",
        "https://more.example/a",
        "http://127.0.0.1:8090/a",
    ):
        with pytest.raises(NotAllowed):
            found.origin_of(other)


@pytest.mark.parametrize(
    "setting",
    [
        "http://push.example.org",
        "ftp://push.example.org",
        "push.example.org/path",
        "https://me@push.example.org",
        "*",
        "*.*",
        "https://push.example.org:0",
        "https://push.example.org:70000",
        "https://push.example.org:٤٤٣",
        "http://*.localhost",
        "a b",
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_in_one_sentence(setting: str) -> None:
    with pytest.raises(ConfigError, match="PUSH_SERVICES"):
        allowed.read(setting)
