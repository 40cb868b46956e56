"""What every field of every form does with every kind of bad value, asked of the application and kept as one table.

`python -m tests.sweeps.bad_values` prints it; `--write` puts it into bad_values.txt, to be reviewed line by line.
"""

from __future__ import annotations

import dataclasses
import io
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from flask import Flask

from patient_app.core import logs
from patient_app.core.forms import is_control
from patient_app.core.ids import new_id
from tests.page import FormOnPage, Page, PageBroken
from tests.sweeps import filling
from tests.sweeps import world as worlds
from tests.sweeps.filling import Target
from tests.sweeps.world import FILES, World

TABLE = Path(__file__).with_name("bad_values.txt")
SITUATIONS = ("anonymous", "half-way", "owner", "s-with", "c-with", "admin")
# What keeps books about requests and not what people wrote: whole tables, and columns of others. A wrong code counts.
BOOKS = frozenset({"throttle", "reset_request", "access_record", "access_chain"})
BOOKED: dict[str, frozenset[str]] = {
    "device_session": frozenset({"last_seen_at"}),
    "clinic_code": frozenset({"tries_left"}),
}
REFUSED = frozenset({400, 401, 404, 410, 413, 422, 429})
EXPECTED = REFUSED | {200, 303, 409}
# A field that says which words a choice was about: where these are others by now, the choice is to be made anew.
ABOUT_OTHERS = {"names": "sees"}
NEVER_KEPT = frozenset({"password", "one-time-code"})
WORDS = frozenset({"text", "email", "tel", "date", "time", None})
LONG = "x" * 1_000_000

# What is sent in place of a field's own value.
TEXTS: dict[str, str] = {
    "empty": "",
    "spaces": " \t ",
    "1 MB": LONG,
    "future date": "2999-01-01",
    "no date": "2026-02-30",
    "nothing of the kind": "banana",
    "negative": "-1",
    "huge number": "9" * 400,
    "control characters": "before\x00\x07after",
    "right to left": "مرحبا \u202eabc",
    "emoji": "👩🏽‍🚀🏳️‍🌈",
    "markup": "<script>alert(1)</script>{{ 7*7 }}%s",
    "quotes": "'; DROP TABLE person; --\"",
}
KINDS = (*TEXTS, "several values", "a file", "an id of somebody's", "an id of nobody's")
SHORT = {
    "control characters": "control",
    "future date": "future",
    "huge number": "huge",
    "nothing of the kind": "banana",
    "right to left": "rtl",
    "several values": "several",
    "an id of somebody's": "their-id",
    "an id of nobody's": "no-id",
}
COLUMNS = [SHORT.get(kind, kind).replace(" ", "-") for kind in KINDS]
MEANINGS = {
    "yes": "taken: what is left of it is good, or the field may say anything",
    "NO": "refused (422) with a message beside this field",
    "near": "refused with a message beside another field",
    "top": "refused with a message at the top only: nobody sees this field",
}

_IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Rows = dict[tuple[str, str], list[str]]


@dataclasses.dataclass
class Sender:
    """Sends bad values to the application over a copy of the world, which is brought back after each."""

    original: World
    world: World
    app: Flask
    # What was in the databases before anything was sent, and how fresh the sessions were then.
    _before: dict[str, int] = dataclasses.field(default_factory=dict)
    _fresh_at: datetime | None = None

    def send(self, target: Target, data: Mapping[str, Any]) -> tuple[Page, bool]:
        """Send a form; return the answer, and whether it was refused and changed something that people wrote."""
        client = self.world.client(self.app, target.situation)
        if self._fresh_at != self.world.fresh_at:  # Else it is as it was before the last one, which was brought back.
            self._fresh_at, self._before = self.world.fresh_at, contents(self.world)
        page = client.post(target.form.action, data=data)
        is_other = page.status_code in REFUSED and self.world.has_changed and contents(self.world) != self._before
        return page, is_other

    def try_value(self, target: Target, field: str, kind: str) -> tuple[str, list[str]]:
        """Send one bad value among good ones; return the word for what happened, and what is wrong with the answer."""
        data = {**filling.well_filled(self.world, target, "Typed"), field: bad_value(kind, self.world)}
        self.world.reset(self.original)  # To open the page of the form may have written something.
        try:
            page, changed = self.send(target, data)
        finally:
            self.world.reset(self.original)
        problems = [f"{target.name}, {field} = {kind}: {problem}" for problem in wrong(page, target.form, data, field)]
        if changed:
            problems.append(f"{target.name}, {field} = {kind}: refused with {page.status_code}, and something changed")
        return outcome(page, target.form, field), problems

    def rows(self, situation: str) -> tuple[Rows, list[str]]:
        """Return the row of each field of each form in a situation, and all that is wrong."""
        rows: Rows = {}
        problems: list[str] = []
        for target in filling.targets(self.app, self.world, situation):
            for field in target.form.names:
                tried = [self.try_value(target, field, kind) for kind in KINDS]
                rows[target.route, kind_of(field)] = [word for word, _ in tried]
                problems += [problem for _, found in tried for problem in found]
            if not target.form.names:
                for kind in ("1 MB", "several values", "a file"):
                    problems += self.try_value(target, "nothing", kind)[1]
        return rows, problems


def kind_of(field: str) -> str:
    """Return the name of a field in the table: one row for all of a kind, whatever ids are in their names."""
    return _IDS.sub("<id>", field)


def bad_value(kind: str, world: World) -> Any:
    """Return what is sent."""
    others: dict[str, Any] = {
        "several values": ["1", "2", "2999-01-01"],
        "an id of somebody's": world.ids["entry_id"],
        "an id of nobody's": str(new_id()),
    }
    return (io.BytesIO(b"\x00\xffwords"), "words.txt") if kind == "a file" else others.get(kind, TEXTS.get(kind))


def contents(world: World) -> dict[str, int]:
    """Return a fingerprint of all rows of each table that keeps what people wrote, and of the key store."""
    found = {}
    for name in FILES:
        with closing(sqlite3.connect(world.config.instance / name)) as connection:
            query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            columns: dict[str, list[str]] = {}
            for table, column in connection.execute(query):
                if table not in BOOKS and column not in BOOKED.get(table, ()):
                    columns.setdefault(table, []).append(f'"{column}"')
            for table, names in columns.items():
                rows = connection.execute(f'SELECT {", ".join(names)} FROM "{table}"').fetchall()  # noqa: S608 - our own names.
                found[table] = hash(frozenset(rows))
    return found


def outcome(page: Page, form: FormOnPage, field: str) -> str:
    """Return the one word for what became of a value; a status where there is no word for it."""
    if page.status_code in {200, 303}:
        return "yes"
    if page.status_code != 422:
        return str(page.status_code)
    try:
        told = messages(shortened(page), form)
    except PageBroken:
        return "broken"
    return "NO" if field in told else "near" if told else "top"


def shortened(page: Page) -> Page:
    """Return the page with the longest text made short: a strict parser takes a second for the whole."""
    html = page.get_data(as_text=True)
    if LONG in html:
        page.set_data(html.replace(LONG, "LONG"))
    return page


def messages(page: Page, form: FormOnPage) -> dict[str, str]:
    """Return the messages of a refused form that stand beside a field and are tied to it, by the field's name."""
    told: dict[str, str] = {}
    ours = answer_form(page, form)
    if ours is None:
        return told
    errors = {f"{name}-error": message for name, message in page.errors.items()}
    for element in ours.element.iter():
        for name in (element.get("aria-describedby") or "").split():
            field = element.get("name") or next((part.get("name") for part in element.iter() if part.get("name")), None)
            if name in errors and field is not None:
                told[field] = errors[name]
    return told


def answer_form(page: Page, form: FormOnPage) -> FormOnPage | None:
    """Return the same form on the page that answers it: the one that goes where it went and has most of its fields."""
    path = urlsplit(form.action).path
    same = [found for found in page.forms if urlsplit(found.action).path == path and set(form.names) & set(found.names)]
    names = set(form.names)
    return min(same, key=lambda found: len(names ^ set(found.names)), default=None)


def wrong(page: Page, form: FormOnPage, sent: Mapping[str, Any], bad: str) -> Iterator[str]:
    """Yield what is wrong with the answer to a form with one bad value."""
    if page.status_code not in EXPECTED:
        yield f"answered {page.status_code}"
    if page.status_code == 422:
        try:
            yield from _unclear(shortened(page), form, sent, bad)
        except PageBroken as broken:
            yield str(broken)


def _unclear(page: Page, form: FormOnPage, sent: Mapping[str, Any], bad: str) -> Iterator[str]:
    ours = answer_form(page, form)
    if ours is None:
        yield "refused without the form: all that was typed is lost"
        return
    ids = {element.get("id") for element in page.document.iter()}
    missing = [name for name in page.errors if name and name not in ids]
    if missing:
        yield f"messages stand beside no field: {missing}"
    summary = page.by_id("error-summary")
    if not messages(page, form) and (summary is None or form.controls[bad].get("type") != "hidden"):
        yield "refused without a message that is tied to a field"
    if summary is None or summary.get("role") != "alert":
        yield "refused without the list of what to check"
    for name, value in sent.items():
        if name in form.controls and ABOUT_OTHERS.get(bad) != name:
            yield from _lost(ours, form.controls[name], name, value, is_bad=name == bad)


def _lost(ours: FormOnPage, control: Element, name: str, value: Any, *, is_bad: bool) -> Iterator[str]:
    """Yield when what was typed into a field is not there any more, or a secret is."""
    kept = [given for field, given in ours.values if field == name]
    if control.get("type") == "password" or control.get("autocomplete") in NEVER_KEPT:
        if any(kept):
            yield f"a secret was given back in {name}"
    elif takes_words(control):
        typed = _typed(value)
        if typed is not None and (not kept or seen(kept[0]) != seen(typed)):
            yield f"the words typed into {name} were not kept: {str(kept)[:60]}"
    elif not is_bad and control.tag != "button" and sorted(kept) != sorted(value):
        yield f"what was picked in {name} was not kept: {kept}, not {value}"


def _typed(value: Any) -> str | None:
    """Return the text that was sent; None for a file, and for several values of which any may be kept."""
    if isinstance(value, str):
        return "LONG" if value == LONG else value
    return str(value[0]) if isinstance(value, list) and len(value) == 1 else None


def takes_words(control: Element) -> bool:
    """Whether a field takes words that are shown again."""
    return control.tag == "textarea" or (control.tag == "input" and control.get("type") in WORDS)


def seen(text: str) -> str:
    """Return what a person sees of a text: no control characters, and spaces at its ends do not count."""
    return "".join(letter for letter in text if not is_control(letter)).strip()


# --- the table -------------------------------------------------------------------------------------------------


def draw(rows: Mapping[tuple[str, str], list[str]]) -> str:
    """Return the whole table."""
    head = [
        "What fields do with bad values. Written by `python -m tests.sweeps.bad_values --write`; review each change."
    ]
    head += ["", *(f"  {word:<5} {meaning}" for word, meaning in MEANINGS.items())]
    head += ["", "A row with @ is for this situation only, where it differs from the other people with the form.", ""]
    widths = [max(len(column), 4) for column in COLUMNS]
    routes, fields = (max(len(key[part]) for key in rows) for part in (0, 1))
    lines = [("", "", COLUMNS), *((*key, rows[key]) for key in sorted(rows))]
    body = [
        f"{route:<{routes}}  {field:<{fields}}  "
        + "  ".join(f"{word:<{width}}" for word, width in zip(words, widths, strict=True))
        for route, field, words in lines
    ]
    return "\n".join(line.rstrip() for line in [*head, *body]) + "\n"


def read(text: str) -> Rows:
    """Return the rows of a table."""
    lines = [line.split() for line in text.splitlines() if line.startswith("/")]
    return {(words[0], words[1]): words[2:] for words in lines}


def differences(committed: Rows, found: Rows, situation: str) -> list[str]:
    """Return how the rows that were found for somebody differ from the committed ones, one line each."""
    told = []
    for (route, field), words in sorted(found.items()):
        row = committed.get((f"{route}@{situation}", field), committed.get((route, field)))
        if row is None:
            told.append(f"{route}, {field}: no row; run `python -m tests.sweeps.bad_values --write` and review it")
            continue
        told += [
            f"{route}, {field} = {kind}: {is_now}, and the table says {was}"
            for kind, is_now, was in zip(KINDS, words, row, strict=True)
            if is_now != was
        ]
    return told


def main() -> None:
    """Print the table, or write it."""
    logs.configure(level="CRITICAL")
    rows: Rows = {}
    problems: list[str] = []
    with worlds.today_at(worlds.ASKED_AT), tempfile.TemporaryDirectory() as folder:
        original = worlds.build(Path(folder) / "original")
        copied = original.copy(Path(folder) / "copy")
        with copied.opened() as (app, _store):
            for situation in SITUATIONS:
                found, wrongs = Sender(original, copied, app).rows(situation)
                problems += wrongs
                for (route, field), words in found.items():
                    if rows.setdefault((route, field), words) != words:
                        rows[f"{route}@{situation}", field] = words
    sys.stderr.write("".join(f"{problem}\n" for problem in dict.fromkeys(problems)))
    if "--write" in sys.argv:
        TABLE.write_text(draw(rows), encoding="utf-8")
    else:
        sys.stdout.write(draw(rows))


if __name__ == "__main__":
    main()
