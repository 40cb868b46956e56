"""No page, message or script writes a time of day in its own way: `core/times.py` does, for all of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "patient_app"
# Who writes times for machines, or for whoever runs the server (in UTC, with seconds): no page shows these.
FOR_MACHINES = {
    "cli.py": "what a command prints",
    "diagnosis.py": "what a command prints",
    "backup/restoring.py": "what a command prints",
    "backup/taking.py": "names of files",
    "accounts/mail.py": "names of files, and the head of a letter",
    "core/ical.py": "calendars",
    "offline/reading_items.py": "what scripts send",
    "core/times.py": "the rule itself",
}
# A pattern or a format of a time, hours that are made of minutes, and what Babel writes by itself.
OWN_WAY = re.compile(
    r"%H|%I|%-I|[\"'{, ](?:HH?|hh?|KK?|kk?):mm|:0?2d?\}:|%02d:|\bformat_(?:date)?time\b|isoformat\([\"']min|timespec="
    r"|\|\s*timeformat\(|toLocaleTimeString|getHours\(\)|hour: \""
)
# The one place of the scripts: it has the words from the page, and tests/features/offline holds it to the rule.
IN_SCRIPTS = {"static/js/phone/main.js"}
TIME_PLACES = re.compile(r"%\((?:time|when)\)s\.(?:\s|$)")
ARTICLE = re.compile(r"\b(?:a )?las? %\((?:time|when|opens|closes)\)s")


def _sources() -> list[Path]:
    found = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.txt")]
    scripts = [*(PACKAGE / "static" / "js").rglob("*.js"), *(ROOT / "service_worker").rglob("*.js")]
    return [path for path in [*found, *scripts] if not {"migrations", "vendor"} & set(path.parts)]


def test_nothing_writes_a_time_of_day_in_its_own_way() -> None:
    assert len(_sources()) > 500
    found = [
        f"{name}: {line.strip()}"
        for path in _sources()
        if (name := path.relative_to(ROOT if "service_worker" in path.parts else PACKAGE).as_posix())
        not in FOR_MACHINES.keys() | IN_SCRIPTS
        for line in path.read_text(encoding="utf-8").splitlines()
        if OWN_WAY.search(line)
    ]
    assert found == [], "Write it with core/i18n.py (TIME in a pattern, `timeformat`), or as_field for machines."


@pytest.mark.parametrize(
    "line",
    [
        '{{ at|datetimeformat("EEE d MMM, HH:mm") }}',
        '{{ at|datetimeformat("h:mm a") }}',
        'f"{at:%H:%M}"',
        'f"{minute // 60:02}:{minute % 60:02}"',
        'f"{minute // 60:02d}:{minute % 60:02d}"',
        'format_time(at, "short")',
        'at.isoformat("minutes")',
        "when.toLocaleTimeString()",
    ],
)
def test_the_sweep_notices_what_it_is_for(line: str) -> None:
    assert OWN_WAY.search(line)


def test_every_exception_is_still_one() -> None:
    for name in FOR_MACHINES:
        assert (PACKAGE / name).is_file()


def test_no_spanish_sentence_puts_a_point_or_an_article_beside_a_time() -> None:
    # "a las 1:00 p. m.." would be wrong twice, and "a las mediodía" is no Spanish.
    with (PACKAGE / "translations/es/LC_MESSAGES/messages.po").open("rb") as file:
        messages = [text for message in read_po(file) for text in _texts(message.string)]
    assert len(messages) > 2000
    assert [text for text in messages if TIME_PLACES.search(text) or ARTICLE.search(text)] == []


def _texts(string: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string or ())
