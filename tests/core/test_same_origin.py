"""Requests that another site makes a browser send are refused."""

from __future__ import annotations

import pytest
from flask import Flask

from patient_app.core import same_origin
from patient_app.core.same_origin import is_same_origin

OWN = "https://care.example"
FOREIGN = (
    "https://evil.example",
    "http://care.example",
    "https://care.example:8443",
    "https://care.example.evil",
    "null",
    "",
)


@pytest.mark.parametrize(
    ("fetch_site", "origin", "taken"),
    [
        ("same-origin", OWN, True),
        ("same-origin", None, True),
        ("same-site", OWN, False),
        ("cross-site", OWN, False),
        ("cross-site", None, False),
        ("none", OWN, False),
        ("none", None, False),
        ("", OWN, False),
        ("Same-Origin", OWN, False),
        (None, OWN, True),
        (None, None, False),
        *((None, foreign, False) for foreign in FOREIGN),
    ],
)
def test_the_whole_table(fetch_site: str | None, origin: str | None, taken: bool) -> None:
    assert is_same_origin(fetch_site, origin, OWN) is taken


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_only_methods_that_change_nothing_go_without(method: str) -> None:
    app = Flask(__name__)
    same_origin.init_app(app, OWN, exempt=frozenset({"report"}))
    ours = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]
    app.add_url_rule("/here", "here", lambda: "here", methods=ours)
    app.add_url_rule("/report", "report", lambda: "report", methods=ours)
    browser = app.test_client()
    expected = 200 if method in {"GET", "HEAD", "OPTIONS"} else 403
    assert browser.open("/here", method=method).status_code == expected
    assert browser.open("/here", method=method, headers={"Sec-Fetch-Site": "cross-site"}).status_code == expected
    assert browser.open("/here", method=method, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert browser.open("/report", method=method).status_code == 200
