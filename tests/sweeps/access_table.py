"""Who gets what: every route, method and situation, asked of the running application and written as one table.

`python -m tests.sweeps.access_table` prints it; `--write` puts it into access_table.txt, to be reviewed line by line.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.routing import Rule

from patient_app.core import logs
from tests.page import Page
from tests.sweeps import world as worlds
from tests.sweeps.world import BODIES, QUERIES, SITUATIONS, World

TABLE = Path(__file__).with_name("access_table.txt")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WORDS = {
    "page": "a page",
    "page+": "a page, and an access record of the reading",
    "text": "an answer that is no page",
    "form": "the form again with messages (422): the person may use it, an empty form is no answer",
    "done": "accepted, nothing to show (204)",
    ">word": "sent on (303) to the address that ends in this word",
    "sign-in": "asked to sign in: a page sends on to /sign-in, a form answers 401",
    "none": "there is no such page (404): not there, not yours and not for you are the same",
    "no": "refused (403)",
    "stay": "a page that says: sign out first (409)",
    "unread": "what was sent is not of the kind that it takes (415)",
    "gone": "a page that says: this link or code no longer works (410)",
}

Line = tuple[str, str]


def routes(app: Flask) -> list[tuple[Rule, str]]:
    """Return every route with every method it takes, in a fixed order."""
    found = [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in METHODS
        if rule.methods is not None and method in rule.methods
    ]
    return sorted(found, key=lambda pair: (pair[0].rule, METHODS.index(pair[1])))


def outcome(page: Page, records: int) -> str:
    """Return the one word for an answer."""
    status = page.status_code
    if status == 303:
        return _sent_to(page.location or "")
    if status == 200:
        return ("page" if page.mimetype == "text/html" else "text") + ("+" if records else "")
    return {
        204: "done",
        401: "sign-in",
        403: "no",
        404: "none",
        409: "stay",
        410: "gone",
        415: "unread",
        422: "form",
    }.get(status, str(status))


def _sent_to(location: str) -> str:
    path = urlsplit(location).path
    if path == "/sign-in":
        return "sign-in"
    named = [part for part in path.split("/") if part and not (len(part) == 36 and part.count("-") == 4)]
    return f">{named[-1]}" if named else ">/"


class Sweep:
    """Asks every question once; `told` is called with each answer."""

    def __init__(self, original: World, copied: World, app: Flask) -> None:
        self._original = original
        self._world = copied
        self._app = app

    def line(self, rule: Rule, method: str, situations: Iterable[str] = tuple(SITUATIONS)) -> dict[str, str]:
        """Return the outcome of one route and method for each situation."""
        return {situation: self._ask(rule, method, situation) for situation in situations}

    def _ask(self, rule: Rule, method: str, situation: str) -> str:
        address = self._world.address(rule, {"release": self._app.extensions["static_files"].release})
        client = self._world.client(self._app, situation)
        before = self._records()
        data = BODIES.get(rule.rule, {}) if method != "GET" else None
        page: Page = client.open(address, method=method, data=data, query_string=QUERIES.get(rule.rule))
        after = self._records()
        if method != "GET" or after != before:
            self._world.reset(self._original)
        return outcome(page, after - before if method == "GET" else 0)

    def _records(self) -> int:
        return self._world.count("access_record")


def draw(app: Flask, ask: Callable[[Rule, str], dict[str, str]]) -> str:
    """Return the whole table."""
    lines = [(f"{method:<6} {rule.rule}", ask(rule, method)) for rule, method in routes(app)]
    first = max(len(name) for name, _ in lines)
    widths = {
        situation: max(len(situation), *(len(outcomes[situation]) for _, outcomes in lines)) for situation in SITUATIONS
    }
    head = [
        "Who gets what. Written by `python -m tests.sweeps.access_table --write`; each change is to be reviewed.",
        "",
    ]
    head += [f"  {situation:<10} {meaning}" for situation, meaning in SITUATIONS.items()]
    head += ["", *(f"  {word:<10} {meaning}" for word, meaning in WORDS.items()), ""]
    rows = [("", dict(zip(SITUATIONS, SITUATIONS, strict=True))), *lines]
    body = [
        f"{name:<{first}}  " + "  ".join(f"{outcomes[situation]:<{widths[situation]}}" for situation in SITUATIONS)
        for name, outcomes in rows
    ]
    return "\n".join(line.rstrip() for line in [*head, *body]) + "\n"


def read(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of a table by `METHOD /route`."""
    lines = [line for line in text.splitlines() if line and not line.startswith("  ")]
    table = {}
    for line in lines:
        words = line.split()
        if words[0] in METHODS:
            table[f"{words[0]} {words[1]}"] = dict(zip(SITUATIONS, words[2:], strict=True))
    return table


def main() -> None:
    """Print the table, or write it."""
    logs.configure(level="ERROR")
    with worlds.today_at(worlds.ASKED_AT), tempfile.TemporaryDirectory() as folder:
        original = worlds.build(Path(folder) / "original")
        copied = original.copy(Path(folder) / "copy")
        with copied.opened() as (app, _store):
            text = draw(app, Sweep(original, copied, app).line)
    if "--write" in sys.argv:
        TABLE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
