"""Reading the clinic's list of appointments, a CSV file: each row on its own, each problem named. Pure: stores nothing.

`docs/appointments.md` has the columns. Nothing is guessed: a date that could be read in two ways, a time that does not
come on that day and a cell that a spreadsheet would run are problems of their row.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.accounts.registry import one_line
from patient_app.appointments.forms import LONGEST_WORDS, is_link
from patient_app.appointments.models import Took
from patient_app.appointments.said import LONGEST_MINUTES
from patient_app.appointments.when import NoSuchTime, Start, is_near, start
from patient_app.core.forms import is_control

MOST_BYTES = 400 * 1024
MOST_ROWS = 500
LONGEST_CELL = 400
LONGEST_ID = 80
NEEDED = ("id", "clinician_email", "date", "time")
COLUMNS = (*NEEDED, "patient_number", "patient_email", "zone", "minutes", "place", "link", "status")
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TIME = re.compile(r"([0-9]|[01][0-9]|2[0-3]):([0-5][0-9])(?::00)?", re.ASCII)
_FEWEST_MINUTES = 5
_TOOK = {"kept": Took.KEPT, "not_kept": Took.MISSED}
_TOO_MUCH = _l("This list is too long. Split it, so that each part has %(most)s rows or fewer.", most=MOST_ROWS)
_NO_CSV = _l("This is no CSV file. Save your list as CSV, and pick that file.")


class NoList(Exception):
    """What came is no such list; `reason` says why, for a person."""

    def __init__(self, reason: LazyString) -> None:
        super().__init__()
        self.reason = reason


@dataclass
class Row:
    """One row as it was read: what it says as far as that can be read, and what is wrong with it.

    `number` is the line of the file in which it ends, as a spreadsheet shows it where no cell has two lines.
    """

    number: int
    cells: Mapping[str, str]
    start: Start | None = None
    minutes: int | None = None
    cancelled: bool = False
    took: Took | None = None
    problems: list[LazyString] = field(default_factory=list)

    @property
    def list_id(self) -> str:
        """The row's own id in the clinic's program."""
        return self.cells["id"]


def text_of(sent: bytes) -> str:
    """Return the text of a file in UTF-8, with or without its mark, or as Windows writes it; else raise `NoList`."""
    if len(sent) > MOST_BYTES:
        raise NoList(_TOO_MUCH)
    if b"\x00" in sent:
        raise NoList(_NO_CSV)
    try:
        return sent.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return sent.decode("cp1252")
    except UnicodeDecodeError:
        raise NoList(_l("This file is in letters that we cannot read. Save it as CSV UTF-8.")) from None


def read(text: str, zone: str, today: date) -> list[Row]:
    """Return the rows of a list, in which times are by the clock of `zone` where a row names none.

    Raise `NoList` for what is no list at all, or for one without the columns that are needed.
    """
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise NoList(_TOO_MUCH)
    lines = _lines(text)
    try:
        head = next(lines, (0, []))[1]
        names = [one_line(name).casefold().replace(" ", "_") for name in head]
        _check_head(names)
        rows = [_row(number, names, cells, zone, today) for number, cells in lines if any(map(str.strip, cells))]
    except csv.Error:
        raise NoList(_NO_CSV) from None
    if not rows:
        raise NoList(_l("There are no rows in this list."))
    if len(rows) > MOST_ROWS:
        raise NoList(_TOO_MUCH)
    _check_twice(rows)
    return rows


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    first = text.partition("\n")[0]
    separator = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for cells in reader:
        yield reader.line_num, cells


def _check_head(names: list[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if not {"patient_number", "patient_email"} & set(names):
        missing.append("patient_number")
    if missing:
        raise NoList(_l("These columns are missing: %(names)s.", names=", ".join(missing)))
    if len(set(names) & set(COLUMNS)) != sum(name in COLUMNS for name in names):
        raise NoList(_l("A column is there twice."))


def _row(number: int, names: list[str], cells: list[str], zone: str, today: date) -> Row:
    said = dict.fromkeys(COLUMNS, "")
    said.update((name, cell.strip()) for name, cell in zip(names, cells, strict=False) if name in said)
    row = Row(number, said)
    if len(cells) > len(names):
        row.problems.append(_l("This row has more cells than the first row."))
    if any(any(map(is_control, cell)) or len(cell) > LONGEST_CELL for cell in said.values()):
        row.problems.append(_l("There is a hidden sign in this row, or a cell that is too long."))
        row.cells = {
            name: "".join(letter for letter in cell if not is_control(letter))[:LONGEST_CELL]
            for name, cell in said.items()
        }
        return row
    if any(cell.startswith(_FORMULA) for cell in said.values()):
        row.problems.append(_l("A cell begins like a formula. Write it without =, +, - or @ in front."))
    for check in _CHECKS:
        check(row, zone, today)
    return row


def _check_ids(row: Row, _zone: str, _today: date) -> None:
    if not row.list_id or len(row.list_id) > LONGEST_ID:
        row.problems.append(_l("The id is missing, or too long."))
    if not row.cells["patient_number"] and not row.cells["patient_email"]:
        row.problems.append(_l("The patient's number and e-mail are both missing."))
    if not row.cells["clinician_email"]:
        row.problems.append(_l("The clinician's e-mail is missing."))


def _check_start(row: Row, zone: str, today: date) -> None:
    day, minute = _day(row), _minute(row)
    if day is not None and not is_near(day, today):
        row.problems.append(_l("The date is too far from now."))
    elif day is not None and minute is not None:
        try:
            row.start = start(day, minute, row.cells["zone"] or zone)
        except NoSuchTime:
            row.problems.append(_l("This time does not come that day in that time zone, or there is no such zone."))


def _day(row: Row) -> date | None:
    text = row.cells["date"]
    try:
        return date.fromisoformat(text if _DATE.fullmatch(text) else "")
    except ValueError:
        row.problems.append(_l("The date has to be written as 2026-05-31."))
        return None


def _minute(row: Row) -> int | None:
    found = _TIME.fullmatch(row.cells["time"])
    if found is None:
        row.problems.append(_l("The time has to be written as 14:30."))
        return None
    return int(found[1]) * 60 + int(found[2])


def _check_minutes(row: Row, _zone: str, _today: date) -> None:
    text = row.cells["minutes"]
    if not text:
        return
    is_number = text.isascii() and text.isdecimal() and len(text) <= 4  # noqa: PLR2004 - more digits than any length.
    if not is_number or not _FEWEST_MINUTES <= int(text) <= LONGEST_MINUTES:
        row.problems.append(_l("The minutes have to be a whole number, from 5 up to 12 hours."))
    else:
        row.minutes = int(text)


def _check_where(row: Row, _zone: str, _today: date) -> None:
    if len(row.cells["place"]) > LONGEST_WORDS:
        row.problems.append(_l("The place is too long."))
    if row.cells["link"] and not is_link(row.cells["link"]):
        row.problems.append(_l("The link has to start with https://."))


def _check_status(row: Row, _zone: str, _today: date) -> None:
    status = row.cells["status"].casefold()
    if status in _TOOK:
        row.took = _TOOK[status]
    elif status == "cancelled":
        row.cancelled = True
    elif status not in {"", "planned"}:
        row.problems.append(_l("The status is one of planned, cancelled, kept, not_kept, or empty."))


_Check = Callable[[Row, str, date], None]
_CHECKS: tuple[_Check, ...] = (_check_ids, _check_start, _check_minutes, _check_where, _check_status)


def _check_twice(rows: list[Row]) -> None:
    """Name each row of an id that is there twice: which of them is meant, nobody here can know."""
    counts = Counter(row.list_id for row in rows)
    for row in rows:
        if row.list_id and counts[row.list_id] > 1:
            row.problems.append(_l("This id is in the list twice."))
