"""The nine promises, one test each, named after it: short, and over the whole application where that can be.

Each looks for itself; the other tests look closer.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from sqlalchemy import event, select, update

from patient_app.checkins.models import CheckInVersion
from patient_app.consent.categories import Category, Level
from patient_app.core.config import Config
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import db
from patient_app.learn import reading_age, word_rules
from tests import factories
from tests.page import Page
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.test_content import blocks_of
from tests.sweeps.world import CANARIES, CANARY, QUERIES

KIB = 1024
NUMBERS = {"tel:988", "sms:988", "tel:911"}
# One of each kind of person, and each way of having no consent.
PEOPLE = ("anonymous", "half-way", "owner", "s-with", "c-with", "admin")
WITHOUT_CONSENT = (
    *("anonymous", "half-way", "other", "admin", "c-without", "c-paused", "c-expired", "c-revoked", "c-unshown"),
    *("c-off", "c-unass", "s-without", "s-paused", "s-expired", "s-revoked", "s-unconf", "s-ended"),
    *("patient-2", "c-2", "s-2", "admin-2"),
)
WRITTEN = [CANARIES[name] for name in ("note", "note_about_use", "note_private", "note_removed")]
SHAMING = re.compile(
    r"\b(?:streaks?|scores?|points|missed|overdue|late|fail(?:ed|ure)?|should have|must|great job|well done"
    r"|congratulations|keep it up|compliance|days in a row|badges?|level up)\b",
    re.IGNORECASE,
)


@pytest.fixture(autouse=True)
def as_it_was(stage: Stage) -> Iterator[None]:
    """Bring the world back after each test."""
    yield
    stage.reset()


def pages(stage: Stage, person: str) -> Iterator[tuple[str, Page]]:
    """Yield every page of every GET route as one person gets it, refusals included, and one that is not there."""
    for rule, method in access_table.routes(stage.app):
        if method == "GET" and rule.endpoint != "static_files":
            page = stage.client(person).get(stage.world.address(rule), query_string=QUERIES.get(rule.rule))
            if page.is_page:
                yield f"{rule.rule} for {person}", page
    yield f"no page for {person}", stage.client(person).get("/no/such/page")


def problems_of(stage: Stage, person: str, problem: re.Pattern[str]) -> list[str]:
    """Return where a person's pages hold words that they must not hold."""
    return [
        f"{place}: {found[0]}" for place, page in pages(stage, person) for found in problem.finditer(page.main_words)
    ]


def test_promise_1_nothing_a_person_wrote_is_lost_or_doubled(stage: Stage) -> None:
    client, said = stage.client("owner"), {"id": str(new_id()), "mood": "3", "note": "words to be kept"}

    def stored() -> int:
        """Count the versions on the disk, through a connection of its own."""
        with closing(sqlite3.connect(stage.world.config.instance / "tandem.sqlite")) as other:
            return int(other.execute("SELECT count(*) FROM check_in_version").fetchone()[0])

    before = stored()
    first = client.post("/check-in", data=said)
    assert (first.status_code, stored()) == (303, before + 1), "acknowledged means stored"
    with stage.store.database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2, "and on the disk"
    again = client.post("/check-in", data=said)
    assert (again.location, stored()) == (first.location, before + 1), "sent twice means stored once"
    changed = client.post("/check-in", data={**said, "note": "other words"})
    assert (changed.location, stored()) == (first.location, before + 2), "other words are a new version"
    assert "other words" in client.get(first.location or "").words
    for refused in (
        client.post("/check-in", data=said, headers={"Sec-Fetch-Site": "cross-site"}),
        stage.client("anonymous").post("/check-in", data=said),
        client.post("/check-in", data={**said, "id": str(new_id()), "mood": "99"}),
    ):
        assert refused.status_code in {401, 403, 422}
        assert "words to be kept" in refused.html, "what is not taken is given back"
    assert stored() == before + 2


def test_promise_2_nobody_sees_what_the_patient_did_not_agree_to(stage: Stage) -> None:
    seen = [
        f"{place}: {word}"
        for person in WITHOUT_CONSENT
        for place, page in pages(stage, person)
        for word in WRITTEN
        if word in page.html
    ]
    assert not seen, "no consent, no read"
    address = f"/team/{stage.world.people['owner'].id}"
    clinician, supporter = stage.client("c-with"), stage.client("s-with")
    assert CANARIES["note"] in clinician.get(address).html
    shown = supporter.get(address.replace("/team", "/supporting"))
    assert "Mood" in shown.words
    assert CANARIES["note"] not in shown.html, "at the field, not the page"
    assert "7 of 10" not in shown.html
    assert stage.client("owner").post("/sharing/pause-all").status_code == 303
    assert CANARIES["note"] not in clinician.get(address).html, "at the next request"
    assert "Mood" not in supporter.get(address.replace("/team", "/supporting")).main_words


def test_promise_3_substance_use_is_protected_apart(stage: Stage) -> None:
    """Who may read all but use gets the same words whether there is use or none; who may read use does not."""
    patient = stage.world.people["owner"]

    def words() -> dict[str, str]:
        return {place: page.words for place, page in pages(stage, "c-with")}

    def take_use_out() -> None:
        with stage.store.work(writes=True):
            mine = CheckInVersion.patient_id == patient.id
            db().execute(update(CheckInVersion).where(mine).values(craving=None, use=None))
            for version in db().scalars(select(CheckInVersion).where(mine, CheckInVersion.note_about_use)):
                version.note = ""

    may_read_use = words()
    take_use_out()
    assert words() != may_read_use
    stage.reset()
    assert stage.client("owner").post(f"/sharing/{stage.world.objects['consent']}/end").status_code == 303
    all_but_use = dict.fromkeys(set(Category) - {Category.SUBSTANCE_USE}, Level.DETAIL)
    factories.give_consent(stage.store, patient, Discipline.PRESCRIBER, all_but_use)
    words()  # From here on, the list counts nothing as new to this reader.
    may_not = words()
    assert any(CANARIES["note"] in text for text in may_not.values())
    take_use_out()
    assert words() == may_not


def test_promise_4_help_is_one_tap_away(stage: Stage) -> None:
    without = [
        place
        for person in PEOPLE
        for place, page in pages(stage, person)
        if not any("Help now" in "".join(link.itertext()) for link in page.all("a", href="/help"))
    ]
    assert not without
    file = stage.world.config.instance / "tandem.sqlite"
    away = file.with_suffix(".away")
    stage.store.close()
    file.rename(away)
    try:
        for person in PEOPLE:  # Signed in or not, with no database at all.
            help_page = stage.client(person).get("/help")
            assert help_page.status_code == 200
            assert set(help_page.links) >= NUMBERS
            for place, page in pages(stage, person):
                assert "/help" in page.links, place
                assert page.status_code < 500 or set(page.links) >= NUMBERS, place
    finally:
        away.rename(file)


def test_promise_5_a_stranger_with_the_phone_learns_nothing(stage: Stage) -> None:
    names = re.compile("|".join(re.escape(made.name) for made in stage.world.people.values()) + f"|{CANARY}")
    for person in ("anonymous", "owner", "s-with"):
        for place, page in pages(stage, person):
            told = [rule.breaks(page.title) for rule in (word_rules.TELLING_IN_TITLE, word_rules.TELLING_AT_HOME)]
            assert not any(told), f"{place}: {page.title}"
            assert not names.search(page.title), f"{place}: {page.title}"
            assert page.headers["Cache-Control"] == "no-store", place
            assert page.headers["Referrer-Policy"] == "no-referrer", place
    with closing(sqlite3.connect(stage.world.config.instance / "tandem.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = b"".join(path.read_bytes() for path in Path(stage.world.config.instance).iterdir() if path.is_file())
    assert CANARY.encode() not in raw
    client = stage.client("anonymous")
    made = factories.make_patient(stage.store, factories.make_practice(stage.store))
    answer = client.post("/sign-in", data={"sign_in_name": made.sign_in_name, "password": made.password})
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in cookie and "SameSite=" in cookie for cookie in cookies)


def test_promise_6_it_never_shames(stage: Stage) -> None:
    shaming = [told for person in ("owner", "other", "s-with") for told in problems_of(stage, person, SHAMING)]
    assert not shaming
    form = stage.client("owner").get("/check-in").form(action="/check-in")
    asked = {name: control for name, control in form.controls.items() if control.get("type") != "hidden"}
    assert {"mood", "craving", "use", "note"} <= set(asked)
    assert not [name for name, control in asked.items() if control.get("required") is not None], "all can be skipped"
    assert not [name for name, value in form.values if name in asked and value], "nothing is chosen beforehand"
    for question, answer in (("mood", "1"), ("craving", "9"), ("note", "words")):
        data = {"id": str(new_id()), question: answer}
        assert stage.client("owner").post("/check-in", data=data).status_code == 303, f"{question} alone is enough"


def test_promise_7_it_is_plain(stage: Stage) -> None:
    names = re.compile(rf"\S*{CANARY}\S*|" + "|".join(re.escape(made.name) for made in stage.world.people.values()))
    measured, hard = 0, []
    for person in PEOPLE:
        for place, page in pages(stage, person):
            blocks = dict.fromkeys(names.sub("Lee", block) for block in blocks_of(page.one("main")))
            measured += reading_age.count(blocks).measured
            hard += word_rules.too_hard(place, blocks)
    assert measured >= 5
    assert not hard, "\n".join(hard)
    check_in = stage.client("owner").get("/check-in")
    assert all(len(list(group.iter("legend"))) == 1 for group in check_in.all("fieldset")), "one question a block"
    saves = [b for b in check_in.all("button", type="submit") if "".join(b.itertext()).strip() == "Save"]
    assert len(saves) == 1, "one page, one Save"
    with sqlite_trigger(stage):
        fault = stage.client("owner").post("/check-in", data={"id": str(new_id()), "note": "kept words"})
    assert fault.status_code == 500
    assert "our mistake" in fault.heading, "a fault says that it is ours"
    assert "kept words" in fault.words, "and the words are kept"


@contextmanager
def sqlite_trigger(stage: Stage) -> Iterator[None]:
    """Let every check-in fail at its insert."""
    with closing(sqlite3.connect(stage.world.config.instance / "tandem.sqlite")) as connection:
        connection.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON check_in_version BEGIN SELECT RAISE(ABORT, 'x'); END"
        )
        connection.commit()
        yield
        connection.execute("DROP TRIGGER broken")
        connection.commit()


def test_promise_8_it_is_honest_about_people(stage: Stage) -> None:
    owner = stage.client("owner")
    writing = [(place, page) for place, page in pages(stage, "owner") if page.all("textarea")]
    assert len(writing) >= 2
    silent = [
        place
        for place, page in writing
        if "Nobody watches this around the clock" not in page.words and not re.search(r"\bread\b", page.main_words)
    ]
    assert not silent, "where somebody may hope to be heard, it says who reads"
    saved = owner.follow(owner.post("/check-in", data={"id": str(new_id()), "mood": "1", "note": "a hard night"}))
    assert "Who can see this" in saved.main_words
    assert "Nobody watches this around the clock" in saved.words
    assert "/help" in saved.links
    assert "Nobody watches this app around the clock" in owner.get("/help").words
    alone = stage.client("other")
    alone_saved = alone.follow(alone.post("/check-in", data={"id": str(new_id()), "mood": "1"}))
    assert re.search(r"[Nn]obody reads|with nobody", alone_saved.main_words)
    chart = stage.client("c-with").get(f"/team/{stage.world.people['owner'].id}")
    assert "You see only what this person chose to share." in chart.words


def test_promise_9_it_is_fast_on_a_cheap_phone_and_needs_one_small_machine(stage: Stage) -> None:
    fetched = first_load(stage, "/today")
    scripts = sum(size for address, size in fetched.items() if address.endswith(".js"))
    styles = sum(size for address, size in fetched.items() if address.endswith(".css"))
    assert scripts
    assert styles
    assert sum(fetched.values()) <= 45 * KIB, fetched
    assert (scripts <= 24 * KIB, styles <= 10 * KIB) == (True, True), fetched

    before = statements(stage, "/today")
    for _ in range(40):
        factories.make_check_in(stage.store, stage.world.people["owner"], note="one more")
    assert statements(stage, "/today") == before, "as many questions to the database for many entries as for few"

    alone = Config(instance=Path("anywhere"))
    assert {alone.database_url.partition(":")[0], alone.keys_database_url.partition(":")[0]} == {"sqlite"}
    assert alone.smtp is None


def first_load(stage: Stage, address: str) -> dict[str, int]:
    """Return what a browser fetches before `load`, and how many bytes each takes on the wire."""
    client, accepts = stage.client("owner"), {"Accept-Encoding": "gzip, br"}
    page = client.get(address, headers=accepts)
    assert page.status_code == 200
    fetched = {address: len(page.get_data())}
    wanted = [element.get("href") or "" for element in page.all("link")]
    wanted += [element.get("src") or "" for tag in ("script", "img") for element in page.all(tag)]
    wanted += [(element.get("href") or "").partition("#")[0] for element in page.all("use")]
    while wanted:
        part = wanted.pop()
        if part and part not in fetched and not part.startswith("data:"):
            answer = client.get(part, headers=accepts)
            assert answer.status_code == 200, part
            fetched[part] = len(answer.get_data())
            if part.endswith(".js"):
                source = client.get(part).get_data(as_text=True)
                wanted += [urljoin(part, name) for name in re.findall(r'(?:from|import)\s*"(\.[^"]+)"', source)]
    return fetched


def statements(stage: Stage, address: str) -> int:
    """Return how many SQL statements a page takes, the second time."""
    client = stage.client("owner")
    assert client.get(address).status_code == 200
    said: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        said.append(statement)

    event.listen(stage.store.database.engine, "before_cursor_execute", note)
    try:
        assert client.get(address).status_code == 200
    finally:
        event.remove(stage.store.database.engine, "before_cursor_execute", note)
    return len(said)
