"""A script that writes a time of day writes it as the server does: run here by node, for every minute and language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import astuple
from pathlib import Path

import pytest
from flask import Flask

from patient_app.core import times
from tests.features.offline.phone import Phone
from tests.page import Client

SCRIPT = Path(times.__file__).resolve().parents[1] / "static/js/phone/main.js"
MINUTES = range(24 * 60)
_RUN = """
const [language, halves] = JSON.parse(process.argv[1]);
const document = { documentElement: { lang: language }, querySelector: () => ({ dataset: { halves } }) };
%s
const on = (minute) => new Date(2026, 2, 1, Math.floor(minute / 60), minute %% 60);
console.log(JSON.stringify([...Array(1440).keys()].map((minute) => timeOf(on(minute)))));
"""


def _script() -> str:
    source = SCRIPT.read_text(encoding="utf-8")
    found = re.search(r"const \{ lang \} = document.*?\n};\n", source, re.DOTALL)
    assert found is not None
    return _RUN % found[0].replace("export const", "const")


@pytest.mark.parametrize(("language", "day"), [("en", "1 March"), ("es", "1 de marzo")])
def test_a_phone_writes_each_minute_as_the_server_does(language: str, day: str) -> None:
    node, halves = shutil.which("node"), times.halves(language)
    assert node is not None
    assert halves is not None
    told = json.dumps([language, "|".join(astuple(halves))])
    run = subprocess.run([node, "-e", _script(), told], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(run.stdout) == [f"{day}, {times.in_words(minute, language)}" for minute in MINUTES]


def test_what_a_phone_is_shown_carries_the_words(app: Flask, phone: Phone) -> None:
    halves = times.halves("en")
    assert halves is not None
    for page in (phone.browser.get("/today"), Client(app).get("/locked")):
        told = [each.get("data-halves") for each in page.document.iter() if each.get("data-halves")]
        assert set(told) == {"|".join(astuple(halves))}
