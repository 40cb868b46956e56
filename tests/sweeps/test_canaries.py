"""Words of the owner show where a consent, or what staff need to tell two people apart, lets them, and nowhere else."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import unquote_plus, urlsplit

import pytest
from flask import request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from patient_app.accounts import seen_as
from patient_app.accounts.models import SupportLink
from patient_app.accounts.seen_as import Way
from patient_app.checkins.models import CheckIn, CheckInVersion
from patient_app.checkins.words import MOODS
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentCategory, ConsentEvent, ConsentState
from patient_app.core import access, clock
from patient_app.core.access import Permission
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import db
from patient_app.follow_up.models import FollowUpTold
from patient_app.teamwork.models import TeamNote
from tests import factories
from tests.page import Page, text_of
from tests.sweeps import access_table, filling
from tests.sweeps.conftest import Stage, staged
from tests.sweeps.world import BODIES, CANARIES, CANARY, QUERIES, SITUATIONS, SPELLED, World

IDENTITY = frozenset({"name", "chart_number", "date_of_birth"})
TO_TEAM = IDENTITY | {"called", "pronouns"}
CHART = IDENTITY | {"address", "emergency_contact", "email"}
ABOUT_USE = frozenset({"thing", "amount", "trigger", "helper"})
PLAN = frozenset({"plan", "plan_contact", "plan_about_use", "naloxone"})
EFFECTS = frozenset({"effect_note", "week_words", "exercise", "assignment_note", "assignment_word", "lesson_note"})
MEDICINE = frozenset({"medicine", "medicine_for", "medicine_reason", "medicine_about_use", "skip_reason", "blood_test"})
VISITS = frozenset({"visit_place", "visit_who", "to_raise"})
OF_THE_SUPPORTER = frozenset({"supporter_own_name", "supporter_own_email", "own_note"})
SUPPORTER_CALLED = frozenset({"supporter_called", "supporter_pronouns"})
STAFF_CALLED = frozenset({"staff_called", "staff_pronouns"})
STAFF_NAMES = STAFF_CALLED | {"staff_name"}
OF_THE_STAFF = STAFF_NAMES | {"staff_email", "staff_device"}
# What each situation may see at all, whatever the page.
MAY_SEE: dict[str, frozenset[str]] = {
    "owner": frozenset(CANARIES)
    - {"note_removed", "effect_removed", "exercise_removed", "medicine_removed", "worry", "team_note"}
    - OF_THE_SUPPORTER
    - (OF_THE_STAFF - STAFF_NAMES),
    # What identifies the account; of whom it is shared with, and of what was told before, nothing.
    "in-question": frozenset({"email", "called", "device"}),
    "other": STAFF_NAMES,
    "admin": CHART | TO_TEAM | STAFF_NAMES,
    "c-with": TO_TEAM
    | {"note", "note_about_use", "team_note", "asks"}
    | ABOUT_USE
    | PLAN
    | MEDICINE
    | EFFECTS
    | VISITS
    | OF_THE_STAFF,
    "s-with": frozenset({"name", "instructions", "asks"}) | OF_THE_SUPPORTER | SUPPORTER_CALLED,
    **dict.fromkeys(("c-without", "c-paused", "c-expired", "c-revoked", "c-unshown"), TO_TEAM),
    **dict.fromkeys(("s-without", "s-expired", "s-revoked"), frozenset({"name"})),
    "s-paused": frozenset({"called"}),  # By the owner's choice, and so not the name in the chart.
}
# What an answer to one route shows beside that: an entry that was brought back is there again.
ON_A_PAGE: dict[tuple[str, str], frozenset[str]] = {
    ("/check-in/<uuid:entry_id>/bring-back", "owner"): frozenset({"note_removed"}),
    ("/medications/<uuid:medicine_id>/bring-back", "owner"): frozenset({"medicine_removed"}),
    ("/medications/side-effects/<uuid:effect_id>/bring-back", "owner"): frozenset({"effect_removed"}),
    ("/skills/runs/<uuid:run_id>/bring-back", "owner"): frozenset({"exercise_removed"}),
    # What a supporter told the practice: its team reads it, whatever the patient shares.
    **{
        (f"/team/worries{rest}", situation): words | {"supporter_called"}
        for rest, words in (
            ("", frozenset[str]()),
            ("/<uuid:worry_id>/read", frozenset[str]()),
            ("/<uuid:worry_id>/unmute", frozenset[str]()),
            ("/<uuid:worry_id>", frozenset({"worry"})),
            ("/<uuid:worry_id>/mute", frozenset({"worry"})),
        )
        for situation in ("c-with", "c-without", "c-paused", "c-expired", "c-revoked", "c-unshown")
    },
}


@pytest.fixture(scope="module", params=["original_world", "original_world_on_postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give the world on each database: what is decided in a query is decided by both alike."""
    original: World = request.getfixturevalue(request.param)
    with staged(original, tmp_path_factory.mktemp("copy") / "instance") as found:
        yield found


def canaries_in(page: Page) -> set[str]:
    """Return which of the owner's words an answer holds, in its body or its headers, however they are spelled."""
    text = page.get_data(as_text=True) + "\n" + "\n".join(f"{name}: {value}" for name, value in page.headers)
    text = unquote_plus(text).casefold()
    found = {
        name
        for name, word in CANARIES.items()
        if any(spelled.casefold() in text for spelled in SPELLED.get(name, (word,)))
    }
    if CANARY in text and not found:
        found.add("a part of a word")
    return found


def answers(stage: Stage, situation: str) -> Iterator[tuple[str, Page]]:
    """Yield every answer that somebody in a situation can get, by route and method."""
    release = stage.app.extensions["static_files"].release
    for rule, method in access_table.routes(stage.app):
        if rule.endpoint == "static_files":
            continue
        address = stage.world.address(rule, {"release": release})
        data = BODIES.get(rule.rule, {}) if method != "GET" else None
        # A fresh browser each time: some of these requests sign it out.
        client = stage.client(situation)
        page: Page = client.open(address, method=method, data=data, query_string=QUERIES.get(rule.rule))
        yield f"{method} {rule.rule}", page
        if method != "GET":
            stage.reset()


def readings(stage: Stage, situation: str) -> Iterator[tuple[str, Page]]:
    """Yield every page that somebody in a situation can open; the world stays as the test made it."""
    for rule, method in access_table.routes(stage.app):
        if method == "GET" and rule.endpoint != "static_files":
            address = stage.world.address(rule)
            yield f"GET {rule.rule}", stage.client(situation).get(address, query_string=QUERIES.get(rule.rule))


def answers_to_forms(stage: Stage, situation: str) -> Iterator[tuple[str, Page]]:
    """Yield what every form answers, filled in well, and the page that it leads to."""
    for target in filling.targets(stage.app, stage.world, situation):
        client = stage.client(situation)
        page = client.post(target.form.action, data=filling.well_filled(stage.world, target, "Typed"))
        yield f"POST {target.route} filled in well", page
        if page.location is not None:
            yield f"GET {urlsplit(page.location).path} after POST {target.route}", client.get(page.location)
        stage.reset()


def leaks(stage: Stage, situation: str) -> list[str]:
    """Return every answer with a word in it that somebody in a situation may not see."""
    problems = []
    stage.world.assert_signed_in(stage.app, situation)
    for name, page in (*answers(stage, situation), *answers_to_forms(stage, situation)):
        route = name.split()[-1] if " after " in name else name.split()[1]
        allowed = MAY_SEE.get(situation, frozenset()) | ON_A_PAGE.get((route, situation), frozenset())
        seen = canaries_in(page) - allowed
        if seen:
            problems.append(f"{name} for {situation} ({SITUATIONS[situation]}) shows {sorted(seen)}")
    return problems


@pytest.mark.parametrize("situation", SITUATIONS)
def test_no_answer_holds_a_word_that_is_not_for_this_reader(stage: Stage, situation: str) -> None:
    problems = leaks(stage, situation)
    assert not problems, "\n".join(problems)


def test_the_owner_reads_everything_back_but_what_was_removed(stage: Stage) -> None:
    seen = set().union(*(canaries_in(page) for name, page in answers(stage, "owner") if name.startswith("GET")))
    assert {"note", "note_about_use", "note_private", "instructions", "supporter_name", "staff_name"} <= seen
    assert {"called", "pronouns", "goal", "signature", "device", *ABOUT_USE} <= seen
    assert "note_removed" not in seen


def test_with_consent_the_words_do_show_so_that_their_absence_means_something(stage: Stage) -> None:
    page = stage.client("c-with").get(f"/team/{stage.world.people['owner'].id}")
    shown = TO_TEAM | {"note", "note_about_use", "team_note"} | ABOUT_USE
    assert shown <= canaries_in(page) <= MAY_SEE["c-with"] - OF_THE_STAFF
    page = stage.client("c-with").get(f"/team/{stage.world.people['owner'].id}/medications")
    assert canaries_in(page) - TO_TEAM - OF_THE_STAFF == MEDICINE
    page = stage.client("s-with").get(f"/supporting/{stage.world.people['owner'].id}")
    assert canaries_in(page) == {"name", "instructions"}
    for situation, path, own in (
        ("s-with", "/joined", {"supporter_own_email"}),
        ("c-with", "/settings", {"staff_device"}),
        ("admin", f"/practice/people/{stage.world.people['owner'].id}", CHART | TO_TEAM | STAFF_CALLED),
        ("admin", "/practice/staff", STAFF_NAMES),
    ):
        assert own <= canaries_in(stage.client(situation).get(path)), path


@pytest.mark.parametrize("way", [Way.CALLED, Way.CALLED_AND_PRONOUNS])
def test_a_supporter_reads_the_name_that_was_chosen_for_them_and_not_the_other(stage: Stage, way: Way) -> None:
    """Everywhere in place of the chart's; for every other supporter nothing changes."""
    owner, chosen = stage.world.people["owner"], stage.world.people["s-with"]
    try:
        with stage.store.work(writes=True):
            ties = select(SupportLink.id).where(SupportLink.patient_id == owner.id)
            seen_as.choose(owner.viewer, db().scalars(ties.where(SupportLink.supporter_id == chosen.id)).one(), way)
        read = {name: canaries_in(page) for name, page in readings(stage, "s-with")}
        named = {"called", "pronouns"} if way is Way.CALLED_AND_PRONOUNS else {"called"}
        assert set().union(*read.values()) & TO_TEAM == named
        assert len([name for name, seen in read.items() if "called" in seen]) >= 5, read
        read = {name: canaries_in(page) for name, page in readings(stage, "s-without")}
        assert set().union(*read.values()) & TO_TEAM == {"name"}
    finally:
        stage.reset()


def test_a_planted_leak_is_seen_in_a_body_and_in_a_header(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copied = stage.original.copy(tmp_path_factory.mktemp("planted") / "copy")
    with copied.opened() as (app, store):

        @access.access(Permission.TODAY_READ)
        def careless() -> tuple[str, dict[str, str]]:
            return "nothing", {"Content-Type": "text/plain", "X-Note": CANARIES["note"]}

        app._got_first_request = False
        app.add_url_rule("/planted", "planted", careless)
        planted = Stage(stage.original, copied, app, store)
        assert [line for line in leaks(planted, "other") if "GET /planted" in line]


def test_a_planted_leak_in_the_answer_to_a_form_is_seen(
    stage: Stage, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form that tells nothing until it is filled in well: an empty one is refused."""
    monkeypatch.setitem(filling.ANSWERS, "/planted", {"words": "good"})
    copied = stage.original.copy(tmp_path_factory.mktemp("planted") / "copy")
    with copied.opened() as (app, store):

        @access.access(Permission.PUBLIC)
        def show() -> str:
            form = '<form method="post" action="/planted"><label>Words <input name="words"></label></form>'
            return f"<!DOCTYPE html><html><head><title>x</title></head><body>{form}</body></html>"

        @access.access(Permission.PUBLIC)
        def careless() -> tuple[str, int]:
            return (f"Born on {date(1961, 2, 3):%-d %B %Y}", 200) if request.form.get("words") else ("No.", 422)

        app._got_first_request = False
        app.add_url_rule("/planted", "show", show, methods=["GET"])
        app.add_url_rule("/planted", "careless", careless, methods=["POST"])
        planted = Stage(stage.original, copied, app, store)
        told = [line for line in leaks(planted, "other") if "/planted" in line]
        assert len(told) == 1
        assert "shows ['date_of_birth']" in told[0]


# --- a small model of its own ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A check-in as it was made."""

    days_ago: int
    mood: int | None
    craving: int | None
    use: bool | None
    note: str
    about_use: bool = False
    private: bool = False
    removed: bool = False


ENTRIES = (
    Entry(1, 1, 7, True, f"{CANARY}one"),
    Entry(2, 2, None, None, f"{CANARY}two", about_use=True),
    Entry(3, None, 3, False, ""),
    Entry(4, 4, None, None, ""),
    Entry(5, None, None, None, f"{CANARY}five"),
    Entry(6, None, None, None, f"{CANARY}six", about_use=True),
    Entry(7, 5, 9, True, f"{CANARY}seven", private=True),
    Entry(8, 3, 8, True, f"{CANARY}eight", removed=True),
    Entry(12, 4, 10, False, f"{CANARY}twelve"),
)
PAST, NOW, FUTURE = -1, 0, 1


@dataclass(frozen=True)
class Agreed:
    """A consent in the model: days are counted from now, `since` in days ago."""

    recipient: str
    scope: tuple[tuple[Category, Level], ...]
    state: ConsentState
    starts: int
    ends: int | None
    since: int | None


RECIPIENTS = ("prescriber", "therapist", "c-with", "c-unshown", "c-off", "s-with", "s-unconf", "s-ended", "s-without")
READERS = ("c-with", "c-unshown", "c-off", "c-unass", "c-without", "s-with", "s-without", "s-unconf", "s-ended")
# Which recipients of a consent a reader stands for, by what the world says of them.
STANDS_FOR = {
    "c-with": {"prescriber", "c-with"},
    "c-unshown": {"c-unshown"},
    "c-without": {"therapist"},
    "c-off": set[str](),
    "c-unass": set[str](),
    "s-with": {"s-with"},
    "s-without": {"s-without"},
    "s-unconf": set[str](),
    "s-ended": set[str](),
}
TO_THE_PAGE = frozenset({"c-with", "c-unshown", "c-without", "s-with", "s-without"})

agreements = st.lists(
    st.builds(
        Agreed,
        recipient=st.sampled_from(RECIPIENTS),
        scope=st.dictionaries(st.sampled_from(Category), st.sampled_from(Level), min_size=1, max_size=4).map(
            lambda scope: tuple(scope.items())
        ),
        state=st.sampled_from([*ConsentState, ConsentState.ACTIVE, ConsentState.ACTIVE, ConsentState.ACTIVE]),
        starts=st.sampled_from([-20, -20, -20, 1]),
        ends=st.sampled_from([None, None, 10, -1]),
        since=st.sampled_from([None, None, 0, 4, 10]),
    ),
    max_size=4,
)


def open_to(reader: str, agreed: list[Agreed]) -> list[Agreed]:
    """Return the consents that are open to a reader."""
    return [
        one
        for one in agreed
        if one.state is ConsentState.ACTIVE
        and one.starts <= NOW
        and (one.ends is None or one.ends > NOW)
        and one.recipient in STANDS_FOR[reader]
    ]


def expected(reader: str, agreed: list[Agreed]) -> dict[int, dict[str, object]]:
    """Return what a reader sees of single entries, by days ago."""

    def is_open(category: Category, entry: Entry) -> bool:
        return any(
            (category, Level.DETAIL) in one.scope and (one.since is None or entry.days_ago <= one.since)
            for one in open_to(reader, agreed)
        )

    seen: dict[int, dict[str, object]] = {}
    for entry in ENTRIES:
        if entry.private or entry.removed:
            continue
        use = is_open(Category.SUBSTANCE_USE, entry)
        fields: dict[str, object] = {
            "mood": entry.mood if is_open(Category.MOOD, entry) else None,
            "craving": entry.craving if use else None,
            "use": entry.use if use else None,
            "note": entry.note or None if is_open(Category.NOTES, entry) and (use or not entry.about_use) else None,
        }
        said = {name: value for name, value in fields.items() if value is not None}
        if said:
            seen[entry.days_ago] = said
    return seen


def shown(page: Page, today: date) -> dict[int, dict[str, object]]:
    """Return what a page shows of single entries, by days ago."""
    moods = {str(word): number for number, word in MOODS.items()}
    seen: dict[int, dict[str, object]] = {}
    for section in page.all("section"):
        label = section.get("aria-labelledby") or ""
        if not label.startswith("day-"):
            continue
        said: dict[str, object] = {}
        for pair in section.iter("div"):
            terms, values = list(pair.findall("dt")), list(pair.findall("dd"))
            if not terms:
                continue
            term, value = text_of(terms[0]), text_of(values[0])
            if term == "Mood":
                said["mood"] = moods[value]
            elif term in {"Pull", "Pull to drink or use"}:
                said["craving"] = int(value.split()[0])
            elif term == "Drank or used":
                said["use"] = value == "Yes"
            elif term == "Note":
                said["note"] = value
            else:
                raise AssertionError(f"the page shows {term!r}, which this test does not know")
        day = date.fromisoformat(label.removeprefix("day-"))
        assert (today - day).days not in seen
        seen[(today - day).days] = said
    return seen


@pytest.fixture(scope="module")
def modelled(stage: Stage) -> Iterator[Stage]:
    """Replace the owner's entries by those of the model, at noon of their days; and take the team's note away."""
    owner = stage.world.people["owner"]
    with stage.store.work(writes=True):
        db().execute(delete(TeamNote).where(TeamNote.patient_id == owner.id))
        db().execute(delete(CheckInVersion).where(CheckInVersion.patient_id == owner.id))
        db().execute(delete(CheckIn).where(CheckIn.patient_id == owner.id))
    for entry in ENTRIES:
        factories.make_check_in(
            stage.store,
            owner,
            at=clock.now() - timedelta(days=entry.days_ago),
            mood=entry.mood,
            craving=entry.craving,
            use=entry.use,
            note=entry.note,
            note_about_use=entry.about_use,
            private=entry.private,
            removed=entry.removed,
        )
    yield stage
    stage.reset()


def _agree(stage: Stage, agreed: list[Agreed], today: date) -> None:
    owner, now = stage.world.people["owner"], clock.now()
    with stage.store.work(writes=True):
        own = Consent.__table__.select().with_only_columns(Consent.id).where(Consent.patient_id == owner.id)
        db().execute(delete(ConsentEvent).where(ConsentEvent.patient_id == owner.id))
        db().execute(delete(ConsentCategory).where(ConsentCategory.consent_id.in_(own)))
        db().execute(delete(FollowUpTold).where(FollowUpTold.patient_id == owner.id))
        db().execute(delete(Consent).where(Consent.patient_id == owner.id))
    for one in agreed:
        recipient = (
            Discipline(one.recipient) if one.recipient in list(Discipline) else stage.world.people[one.recipient]
        )
        factories.give_consent(
            stage.store,
            owner,
            recipient,
            dict(one.scope),
            state=one.state,
            starts_at=now + timedelta(days=one.starts),
            ends_at=None if one.ends is None else now + timedelta(days=one.ends),
            entries_from=None if one.since is None else today - timedelta(days=one.since),
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(agreed=agreements, reader=st.sampled_from(READERS))
def test_a_reader_sees_exactly_what_the_model_says(modelled: Stage, agreed: list[Agreed], reader: str) -> None:
    owner = modelled.world.people["owner"]
    today = clock.moment(clock.now(), owner.zone).day
    _agree(modelled, agreed, today)
    client = modelled.client(reader)
    kind = "team" if reader.startswith("c-") else "supporting"
    page = client.get(f"/{kind}/{owner.id}")
    if reader not in TO_THE_PAGE:
        assert page.status_code == 404
        assert CANARY not in page.get_data(as_text=True)
        return
    assert page.status_code == 200
    wanted = expected(reader, agreed)
    assert shown(page, today) == wanted
    _no_more_than(page, reader, agreed, wanted)
    listed = client.get(f"/{kind}").get_data(as_text=True)
    assert not set(re.findall(rf"{CANARY}\w+", listed)) & {entry.note for entry in ENTRIES}
    if kind == "team":
        _newest_in_list(client.get("/team"), str(owner.id), wanted)


def _no_more_than(page: Page, reader: str, agreed: list[Agreed], wanted: dict[int, dict[str, object]]) -> None:
    words = page.get_data(as_text=True)
    notes = {entry.note for entry in ENTRIES if entry.note}
    assert set(re.findall(rf"{CANARY}\w+", words)) & notes == {
        str(said["note"]) for said in wanted.values() if "note" in said
    }
    opened = {category for one in open_to(reader, agreed) for category, _level in one.scope}
    has_use = Category.SUBSTANCE_USE in opened
    assert ("42 CFR part 2" in words) == has_use
    if not has_use:
        assert "Pull to drink" not in words
        assert "Drank or used" not in words
        assert "drinking or use" not in words
    if Category.MOOD not in opened:
        assert "Mood" not in page.main_words


def _newest_in_list(page: Page, patient_id: str, wanted: dict[int, dict[str, object]]) -> None:
    """The list shows the newest entry of which mood, craving or use is open, and nothing else of any."""
    (link,) = [a for a in page.all("a") if (a.get("href") or "").endswith(patient_id)]
    words = text_of(link)
    newest = next((said for _, said in sorted(wanted.items()) if set(said) - {"note"}), {})
    assert ("Mood: " in words) == ("mood" in newest)
    if "mood" in newest:
        assert f"Mood: {MOODS[newest['mood']]}" in words  # type: ignore[index]  # A number of the model.
    assert ("Pull: " in words) == ("craving" in newest)
    if "craving" in newest:
        assert f"Pull: {newest['craving']} of 10" in words
    assert ("Drank or used" in words) == (newest.get("use") is True)
    assert ("Did not drink or use" in words) == (newest.get("use") is False)


def test_the_model_can_say_yes_and_no() -> None:
    everything = tuple((category, Level.DETAIL) for category in Category)
    agreed = Agreed("prescriber", everything, ConsentState.ACTIVE, -1, None, None)
    assert len(expected("c-with", [agreed])) == 7
    assert expected("c-unshown", [agreed]) == {}
    paused = Agreed("prescriber", everything, ConsentState.PAUSED, -1, None, None)
    assert expected("c-with", [paused]) == {}
    notes = Agreed("prescriber", ((Category.NOTES, Level.DETAIL),), ConsentState.ACTIVE, -1, None, None)
    assert set(expected("c-with", [notes])) == {1, 5, 12}


# --- "not yours" and "not there" -------------------------------------------------------------------------------


def _without_what_differs(page: Page, own_id: str) -> tuple[int, bytes, list[tuple[str, str]]]:
    body = page.get_data().replace(own_id.encode(), b"THE-ID")
    headers = [
        (name, value.replace(own_id, "THE-ID"))
        for name, value in page.headers
        if name not in {"X-Request-Id", "Set-Cookie"}
    ]
    return page.status_code, body, headers


@pytest.mark.parametrize("situation", [name for name in SITUATIONS if name != "owner"])
def test_not_yours_is_answered_like_not_there(stage: Stage, situation: str) -> None:
    """Where somebody gets a 404 for the owner's object, an object that never was gets the very same answer."""
    problems = []
    for rule, method in access_table.routes(stage.app):
        client = stage.client(situation)
        names = [name for name in rule.arguments if rule._converters[name].__class__.__name__ == "UUIDConverter"]
        for changed in names:
            real = stage.world.ids[changed]
            nobody = str(new_id())
            data = BODIES.get(rule.rule, {}) if method != "GET" else None
            theirs: Page = client.open(stage.world.address(rule), method=method, data=data)
            if theirs.status_code not in {404, 401}:
                stage.reset()
                continue
            never: Page = client.open(stage.world.address(rule, {changed: nobody}), method=method, data=data)
            if _without_what_differs(theirs, real) != _without_what_differs(never, nobody):
                problems.append(f"{method} {rule.rule} ({changed}): {theirs.status_code} and {never.status_code}")
    assert not problems, "\n".join(problems)


# Names in addresses that all mean a medicine of the owner's.
_MEDICINES = {"medicine_id", "needed_id", "unseen_id"}


def test_ids_of_another_kind_are_not_there_either(stage: Stage) -> None:
    """An id that exists, of something else, opens nothing: not to its owner, not to staff."""
    problems = []
    for situation in ("owner", "c-with", "s-with", "admin"):
        client = stage.client(situation)
        for rule, method in access_table.routes(stage.app):
            for name in rule.arguments & stage.world.ids.keys():
                for other in set(stage.world.ids.values()):
                    if method != "GET" or other == stage.world.ids[name] or not _is_uuid(other):
                        continue
                    if rule._converters[name].__class__.__name__ != "UUIDConverter":
                        continue
                    if {name, *(known for known, id_ in stage.world.ids.items() if id_ == other)} <= _MEDICINES:
                        continue
                    page = client.open(stage.world.address(rule, {name: other}), method=method)
                    if page.status_code not in {404, 303}:
                        problems.append(f"{method} {rule.rule} for {situation} with another id: {page.status_code}")
    assert not problems, "\n".join(problems)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
