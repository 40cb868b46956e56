"""Every field of every form with everything that can go wrong: a message beside it, words kept, nothing stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import request
from markupsafe import escape

from patient_app.core import access
from patient_app.core.access import Permission
from patient_app.core.forms import without_controls
from tests.page import Client, text_of
from tests.sweeps import access_table, bad_values, filling
from tests.sweeps.bad_values import SITUATIONS, Sender
from tests.sweeps.conftest import Stage
from tests.sweeps.filling import Target
from tests.sweeps.world import QUERIES

ODD_BUT_GOOD = "مرحبا \u2067abc\u2069 👩🏽\u200d🚀 Ω≈ç"


@pytest.fixture(scope="module")
def committed() -> bad_values.Rows:
    """Return the committed table."""
    return bad_values.read(bad_values.TABLE.read_text(encoding="utf-8"))


def sender(stage: Stage) -> Sender:
    """Return what sends bad values to the application of a module."""
    return Sender(stage.original, stage.world, stage.app)


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_bad_value_is_refused_or_taken_as_the_table_says(
    stage: Stage, committed: bad_values.Rows, situation: str
) -> None:
    """And where it is refused: a message beside the field, every word still there, and nothing changed."""
    rows, problems = sender(stage).rows(situation)
    assert rows
    problems += bad_values.differences(committed, rows, situation)
    assert not problems, "\n".join(sorted(set(problems)))


def test_the_table_holds_the_fields_that_there_are(stage: Stage, committed: bad_values.Rows) -> None:
    fields = {
        (target.route, bad_values.kind_of(name))
        for situation in SITUATIONS
        for target in filling.targets(stage.app, stage.world, situation)
        for name in target.form.names
    }
    assert {(route.partition("@")[0], field) for route, field in committed} == fields


def test_the_table_is_drawn_and_read_alike(committed: bad_values.Rows) -> None:
    assert bad_values.draw(committed) == bad_values.TABLE.read_text(encoding="utf-8")
    known = {*bad_values.MEANINGS, "400", "404"}
    assert {word for words in committed.values() for word in words} <= known


@pytest.mark.parametrize("situation", SITUATIONS)
def test_bytes_that_are_no_text_are_never_a_fault(stage: Stage, situation: str) -> None:
    problems = []
    bodies = (
        (b"%ff%fe=%ed%a0%80&note=%ff", "application/x-www-form-urlencoded"),
        (b"\xff\xfe\x00", "application/x-www-form-urlencoded"),
        (
            b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n\xed\xa0\x80\xff\r\n--x--',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x", "multipart/form-data"),
        (b'{"note": "words"}', "application/json"),
        (b"words", "text/plain; charset=utf-7"),
        (b"", ""),
    )
    for target in filling.targets(stage.app, stage.world, situation):
        for body, kind in bodies:
            fields = b"&".join(f"{name}=".encode() + b"%ed%a0%80%ff" for name in target.form.names)
            for data in (body, fields):
                page = stage.client(situation).post(target.form.action, data=data, content_type=kind)
                if page.status_code >= 500:
                    problems.append(f"{target.name} with {data[:30]!r} as {kind}: {page.status_code}")
                stage.reset()
    assert not problems, "\n".join(problems)


def test_odd_but_good_words_are_stored_and_read_back(stage: Stage) -> None:
    client = stage.client("owner", checked=True)
    form = client.get("/check-in").form(field="note")
    page = client.submit(form, note=ODD_BUT_GOOD)
    assert page.status_code == 303
    read = client.follow(page)
    assert ODD_BUT_GOOD in [text_of(element) for element in read.document.iter()] or ODD_BUT_GOOD in read.main_words
    assert ODD_BUT_GOOD in client.get("/history").main_words
    stage.reset()


ODD_VALUES = (
    "",
    "banana",
    "-1",
    "9" * 50,
    "2999-01-01",
    "0001-01-01",
    "9999-12-31",
    "\x00",
    "%ff",
    "//evil.example",
    "مرحبا",
)
NAMES = ("until", "after", "period", "day", "month", "before", "days", "to", "next", "done", "language", "asked")


@pytest.mark.parametrize("situation", ["anonymous", "owner", "c-with", "s-with"])
def test_odd_addresses_are_never_a_fault(stage: Stage, situation: str) -> None:
    problems = []
    for rule, method in access_table.routes(stage.app):
        if method != "GET" or rule.endpoint == "static_files" or rule.endpoint.startswith("machines."):
            continue
        for value in ODD_VALUES:
            query = {**dict.fromkeys(NAMES, value), **QUERIES.get(rule.rule, {})}
            page = stage.client(situation).get(stage.world.address(rule), query_string=query)
            if page.status_code >= 500:
                problems.append(f"{rule.rule} with {value!r} in its address: {page.status_code}")
            if "evil.example" in (page.location or "").split("?")[0]:
                problems.append(f"{rule.rule} with {value!r} leads away: {page.location}")
    assert not problems, "\n".join(problems)


# --- the sweep sees what is wrong ------------------------------------------------------------------------------


CAREFUL = """
<div class="error-summary" role="alert" id="error-summary"><a href="#words">No.</a></div>
<form method="post" action="/planted">
<label for="words">Words</label><p id="words-error">No.</p>
<input name="words" id="words" aria-describedby="words-error" value="{words}">
<label for="more">More</label><textarea name="more" id="more">{more}</textarea>
<label for="pick">Pick</label><select name="pick" id="pick"><option>a</option><option{picked}>b</option></select>
<label for="secret">Secret</label><input name="secret" id="secret" type="password">
</form>"""
GOOD: dict[str, filling.Answer] = {"words": "good", "more": "story", "pick": "b", "secret": "quiet"}
# What is wrong with each, and how it is told. The careful form itself is the first.
PLANTED: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, ""),
    "only an alert": ({CAREFUL: '<p role="alert">No.</p>'}, "all that was typed is lost"),
    "no message at all": ({'<p id="words-error">No.</p>': ""}, "without a message that is tied to a field"),
    "a message tied to nothing": ({' aria-describedby="words-error"': ""}, "without a message that is tied to a field"),
    "a message beside no field": ({"words-error": "nowhere-error"}, "messages stand beside no field"),
    "no list at the top": ({' id="error-summary"': ""}, "without the list of what to check"),
    "the bad word lost": ({"{words}": ""}, "the words typed into words were not kept"),
    "another word lost": ({"{more}": ""}, "the words typed into more were not kept"),
    "a choice lost": ({"{picked}": ""}, "what was picked in pick was not kept"),
    "a secret given back": ({'type="password"': 'type="password" value="quiet"'}, "a secret was given back in secret"),
}


@dataclass
class Planted:
    """A form that is planted into an application of its own, and what it does with what it is sent."""

    sender: Sender
    html: str = CAREFUL
    status: int = 422
    change: Callable[[], None] = lambda: None

    def show(self) -> str:
        """Return the form as it stands on its page."""
        return self._page(CAREFUL.format(words="", more="", picked=""))

    def take(self) -> tuple[str, int]:
        """Refuse, or take, what was sent."""
        if "fault" in request.form["words"]:
            raise ValueError
        self.change()
        said = {name: str(escape(without_controls(request.form[name]))) for name in ("words", "more")}
        picked = " selected" if request.form["pick"] == "b" else ""
        return self._page(self.html.format(**said, picked=picked)), self.status

    @property
    def target(self) -> Target:
        """The form as somebody finds it."""
        page = Client(self.sender.app, checked=False).get("/planted")
        return Target("anonymous", "/planted", page, page.forms[0])

    def problems(self, kind: str) -> list[str]:
        """Return what is told of one bad value."""
        return self.sender.try_value(self.target, "words", kind)[1]

    @staticmethod
    def _page(body: str) -> str:
        return f"<!DOCTYPE html><html><head><title>x</title></head><body>{body}</body></html>"


@pytest.fixture
def planted(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Planted]:
    """Plant the careful form."""
    copied = stage.original.copy(tmp_path / "copy")
    monkeypatch.setitem(filling.ANSWERS, "/planted", GOOD)
    with copied.opened() as (app, _store):
        found = Planted(Sender(stage.original, copied, app))
        app._got_first_request = False
        public = access.access(Permission.PUBLIC)
        show = public(lambda: found.show())  # noqa: PLW0108 - a bound method cannot carry its policy.
        take = public(lambda: found.take())  # noqa: PLW0108 - as above.
        app.add_url_rule("/planted", "show", show, methods=["GET"])
        app.add_url_rule("/planted", "take", take, methods=["POST"])
        yield found


@pytest.mark.parametrize("kind", ["nothing of the kind", "1 MB", "control characters", "markup", "emoji"])
@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_careless_form_is_seen(planted: Planted, fault: str, kind: str) -> None:
    changes, told = PLANTED[fault]
    for before, after in changes.items():
        assert before in planted.html
        planted.html = planted.html.replace(before, after)
    problems = planted.problems(kind)
    assert any(told in problem for problem in problems) if told else not problems, problems


def test_a_planted_fault_and_an_odd_answer_are_seen(planted: Planted) -> None:
    planted.status = 418
    assert "answered 418" in planted.problems("nothing of the kind")[0]
    word, _problems = planted.sender.try_value(planted.target, "words", "nothing of the kind")
    assert word == "418"
    page, _changed = planted.sender.send(planted.target, {"words": "fault", "more": "", "pick": "a"})
    assert list(bad_values.wrong(page, planted.target.form, {"words": "fault"}, "words")) == ["answered 500"]


CHANGES = {
    "a row": "INSERT INTO installation SELECT 2, kind, created_at FROM installation",
    "a value": "UPDATE person SET language = 'es' WHERE role = 'patient'",
    "a session": "UPDATE device_session SET ended_at = created_at",
    "a removal": "DELETE FROM consent_event",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_planted_change_during_a_refusal_is_seen(planted: Planted, change: str) -> None:
    def write() -> None:
        file = planted.sender.world.config.instance / "tandem.sqlite"
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(CHANGES[change])

    assert not planted.problems("nothing of the kind")
    planted.change = write
    (problem,) = planted.problems("nothing of the kind")
    assert "refused with 422, and something changed" in problem


def test_a_planted_bad_value_that_is_taken_and_a_new_field_are_seen(
    planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bad_values, "KINDS", bad_values.KINDS[:2])

    def row() -> list[str]:
        return [planted.sender.try_value(planted.target, "words", kind)[0] for kind in bad_values.KINDS]

    words = row()
    assert words == ["NO", "NO"]
    planted.status = 200
    taken = row()
    committed = {("/planted", "words"): words}
    assert bad_values.differences(committed, {("/planted", "words"): taken}, "anonymous") == [
        "/planted, words = empty: yes, and the table says NO",
        "/planted, words = spaces: yes, and the table says NO",
    ]
    assert (
        bad_values.differences(
            {("/planted@owner", "words"): taken, **committed}, {("/planted", "words"): taken}, "owner"
        )
        == []
    )
    (told,) = bad_values.differences(committed, {("/planted", "new"): taken}, "anonymous")
    assert "/planted, new: no row" in told
    filling.ANSWERS["/planted"] = {"words": "good"}
    with pytest.raises(AssertionError, match="say in ANSWERS"):
        planted.problems("empty")
