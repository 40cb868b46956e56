"""The world of the sweeps: one patient, and everybody who could ever stand before that patient's data.

It is made once a run and copied; `World.reset` brings the databases back to the copy where a request wrote something.
On PostgreSQL it is the same world: made there by the same functions.
"""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import time_machine
from flask import Flask
from sqlalchemy import select, update
from werkzeug.routing import Rule

from patient_app.accounts import links, names, seen_as, sessions
from patient_app.accounts.models import (
    ClinicCode,
    CodePurpose,
    DeviceSession,
    LinkPurpose,
    Person,
    PersonState,
    PracticeNumber,
    SupportLink,
    SupportState,
)
from patient_app.accounts.names import Address
from patient_app.accounts.seen_as import Way
from patient_app.checkins.answers import Answers, ThingSaid, context, use_details
from patient_app.checkins.models import CheckInVersion
from patient_app.consent.categories import Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.config import Argon2Cost, Config
from patient_app.core.identity import Stage, viewer_or_none
from patient_app.core.ids import new_id
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.roles import Discipline, Role
from patient_app.core.work import Store, db
from patient_app.profile import service as profile
from patient_app.profile.things import Kind, Thing
from patient_app.push import service as push
from patient_app.push import vapid
from patient_app.push.service import Offered
from patient_app.safety.models import Step
from patient_app.safety.plan import Contact, StepWords, save_step
from patient_app.teamwork.models import TeamNote
from patient_app.worries.models import Worry, WorryMute
from tests import factories
from tests.factories import Made
from tests.page import Client
from tests.postgres import Postgres, Urls
from tests.sweeps.kept_rows import KeptFile, KeptRows
from tests.sweeps.world_appointments import appointments
from tests.sweeps.world_assignments import given
from tests.sweeps.world_doses import doses
from tests.sweeps.world_effects import effects
from tests.sweeps.world_learn import lessons
from tests.sweeps.world_medicines import medicines
from tests.sweeps.world_reminders import quiet, reminders
from tests.sweeps.world_skills import exercises

# Words in every field of the owner, and in fields of others that are not for everybody, each with what it takes to see
# it. Nothing else in the application holds them.
CANARY = "zanarq"
HOME = ZoneInfo("America/New_York")
# When the world is made, and when it is asked: later, so that nothing in it is still to come.
MADE_AT, ASKED_AT = time(20), time(20, 20)
CANARIES = {
    "name": f"{CANARY}name",
    "email": f"{CANARY}mail@example.org",
    "chart_number": f"{CANARY}chart",
    "address": f"{CANARY}street",
    "emergency_contact": f"{CANARY}contact",
    "note": f"{CANARY}note",
    "note_about_use": f"{CANARY}usenote",
    "note_private": f"{CANARY}secretnote",
    "note_removed": f"{CANARY}removednote",
    "supporter_name": f"{CANARY}called",
    "supporter_email": f"{CANARY}writes@example.org",
    "instructions": f"{CANARY}instructions",
    "date_of_birth": "1961-02-03",
    "called": f"{CANARY}shortname",
    "pronouns": f"{CANARY}pronouns",
    "goal": f"{CANARY}goal",
    "thing": f"{CANARY}substance",
    "amount": f"{CANARY}amount",
    "trigger": f"{CANARY}trigger",
    "helper": f"{CANARY}helper",
    "signature": f"{CANARY}signature",
    "plan": f"{CANARY}stepplan",
    "plan_contact": f"{CANARY}plancontact",
    "plan_about_use": f"{CANARY}useplan",
    "plan_before": f"{CANARY}oldplan",
    "naloxone": f"{CANARY}naloxone",
    "medicine": f"{CANARY}medicine",
    "medicine_for": f"{CANARY}takenfor",
    "medicine_reason": f"{CANARY}whychanged",
    "medicine_about_use": f"{CANARY}usemedicine",
    "medicine_private": f"{CANARY}secretmedicine",
    "medicine_removed": f"{CANARY}removedmedicine",
    "skip_reason": f"{CANARY}leftout",
    "skip_words": f"{CANARY}wordsofskipping",
    "supply_note": f"{CANARY}pharmacy",
    "reminder": f"{CANARY}remindedof",
    "reminder_words": f"{CANARY}lockscreen",
    "asks": f"{CANARY}pleasedothis",
    "blood_test": f"{CANARY}bloodtest",
    "effect_note": f"{CANARY}effectwords",
    "effect_private": f"{CANARY}secreteffect",
    "effect_removed": f"{CANARY}removedeffect",
    "week_words": f"{CANARY}weekwords",
    "visit_place": f"{CANARY}visitplace",
    "visit_who": f"{CANARY}visitwho",
    "to_raise": f"{CANARY}toraise",
    "exercise": f"{CANARY}exercisewords",
    "exercise_kept": f"{CANARY}keptline",
    "exercise_removed": f"{CANARY}removedexercise",
    "assignment_note": f"{CANARY}givennote",
    "assignment_word": f"{CANARY}saidno",
    "lesson_note": f"{CANARY}lessonnote",
    "device": "Quorvix, Linux",
    # Of others: the supporter with a consent, and the clinician with one.
    "supporter_own_name": f"{CANARY}sue",
    "own_note": f"{CANARY}ownspace",
    "worry": f"{CANARY}worry",
    "team_note": f"{CANARY}teamnote",
    "supporter_own_email": f"{CANARY}relative@example.org",
    "staff_name": f"Dr {CANARY}staff",
    "staff_email": f"{CANARY}colleague@example.org",
    "staff_device": "Brunzel, Linux",
    # How these two want to be called and spoken of.
    "staff_called": f"{CANARY}workname",
    "staff_pronouns": f"{CANARY}workpronouns",
    "supporter_called": f"{CANARY}kinname",
    "supporter_pronouns": f"{CANARY}kinpronouns",
}
# Kept in plain: the application makes a device's label of a few words of its own, never of what a browser says.
IN_PLAIN = frozenset({"device", "staff_device"})
# How else a canary may be written: a day is spelled as a reader's language has it.
SPELLED = {
    "date_of_birth": (
        CANARIES["date_of_birth"],
        "3 February 1961",
        "3 Feb 1961",
        "February 3, 1961",
        "Feb 3, 1961",
        "2/3/61",
        "2/3/1961",
        "02/03/1961",
        "03/02/1961",
        "3/2/1961",
        "3.2.1961",
        "03.02.1961",
        "3 de febrero de 1961",
    )
}

# What a route needs besides its address to come as far as asking whose object it is.
_TEAM = {"to": "team:prescriber"}
QUERIES = {"/sharing/new": _TEAM, "/sharing/preview": _TEAM, "/settings/quiet/tell": _TEAM}
BODIES = {
    "/appointments/<uuid:appointment_id>/took": {"word": "kept"},
    "/team/<uuid:patient_id>/appointments/<uuid:appointment_id>/took": {"word": "kept"},
    "/check-in/<uuid:entry_id>/private": {"private": "yes"},
    "/learn/lessons/<string:lesson>/mark": {"id": "01974b9e-0000-7000-8000-000000000001", "mark": "read"},
    "/supporting/lessons/<string:supporter_lesson>/mark": {
        "id": "01974b9e-0000-7000-8000-000000000001",
        "mark": "save",
    },
    "/medications/<uuid:medicine_id>/private": {"private": "yes"},
    "/medications/changes/<uuid:version_id>": {"answer": "seen"},
    "/medications/side-effects/<uuid:effect_id>/private": {"private": "yes"},
    "/reminders/<uuid:occurrence_id>/later": {"minutes": "30"},
    "/settings/phone": {"shared": "yes"},
    "/skills/runs/<uuid:run_id>/kind": {"shared": "no"},
    "/simple": {"simple": "off"},
    "/skills/runs/<uuid:run_id>/shared": {"shared": "yes"},
    "/skills/runs/<uuid:run_id>/who": {"readers": "team", "of": "run"},
    "/settings/reminders/zone": {"zone": "America/Chicago", "answer": "stay"},
}

# How long ago everybody's session began but the one that began with a clinic code, half as long ago.
NO_URLS = Urls("", "")
# Nobody listens there.
PUSH_SERVICE = "http://localhost:9"
BEFORE_THE_CODE = timedelta(minutes=2)
DETAIL = dict.fromkeys(Category, Level.DETAIL)
SITUATIONS: dict[str, str] = {
    "anonymous": "nobody signed in",
    "half-way": "a clinician who has given the password but not the second factor",
    "owner": "the patient whose objects stand in the addresses",
    "in-question": "the same patient's account, in a session that began with a clinic code and is in question",
    "other": "another patient of the practice",
    "s-with": "supporter, confirmed, active consent to mood in detail",
    "s-without": "supporter, confirmed, no consent",
    "s-paused": "supporter, consent paused",
    "s-expired": "supporter, consent past its end",
    "s-revoked": "supporter, consent revoked",
    "s-unconf": "supporter with an active consent whom the patient has not confirmed",
    "s-ended": "supporter with an active consent whose tie has ended",
    "c-with": "clinician on the team, active consent to everything",
    "c-without": "clinician on the team, no consent",
    "c-paused": "clinician on the team, consent paused",
    "c-expired": "clinician on the team, consent past its end",
    "c-revoked": "clinician on the team, consent revoked",
    "c-unshown": "clinician newly on the team whose name the patient was not shown",
    "c-off": "clinician who has left the team; the consents for the discipline and the person are active",
    "c-unass": "clinician never on the team; a consent for the discipline is active",
    "admin": "administrator",
    "patient-2": "patient of a second practice",
    "s-2": "supporter of a second practice",
    "c-2": "clinician of a second practice",
    "admin-2": "administrator of a second practice",
}


# What SQLite keeps of an installation.
FILES = ("tandem.sqlite", "keys.sqlite")


@dataclass
class World:
    """A prepared installation: settings, people by situation, their session tokens, ids for addresses."""

    config: Config
    people: dict[str, Made] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    # Objects by table, where a name in an address depends on its route.
    objects: dict[str, str] = field(default_factory=dict)
    # When the sessions were last made as fresh as those of people who signed in just now.
    fresh_at: datetime = field(default_factory=clock.now)
    # On PostgreSQL: the server, and what the tables of both databases held when they were opened.
    server: Postgres | None = None
    kept: tuple[KeptRows, ...] = ()
    # On SQLite: both files while they are open, by name.
    files: Mapping[str, KeptFile] = field(default_factory=dict)

    def copy(self, folder: Path, **changes: Any) -> World:
        """Return the same world over databases of its own, everybody just signed in."""
        self.freshen()
        shutil.copytree(self.config.instance, folder)
        urls = NO_URLS
        if self.server is not None:
            urls = self.server.copied(Urls(self.config.database_url, self.config.keys_database_url))
        config = replace(self.config, instance=folder, database_url=urls.main, keys_database_url=urls.keys, **changes)
        return replace(self, config=config)

    @contextmanager
    def opened(self) -> Iterator[tuple[Flask, Store]]:
        """Open the databases and make the application over them."""
        from patient_app.factory import create_app  # noqa: PLC0415 - slow to import, or not needed by all tests here.

        store = open_store(self.config)
        if self.server is not None:
            self.kept = KeptRows(store.database), KeptRows(store.keys.database)
        else:
            self.files = {name: KeptFile(self.config.instance / name) for name in FILES}
        try:
            yield create_app(self.config, store), store
        finally:
            for rows in self.kept:
                rows.close()
            for file in self.files.values():
                file.close()
            self.kept, self.files = (), {}
            store.close()

    @property
    def has_changed(self) -> bool:
        """Whether anything was written since it was opened or brought back; of SQLite alone."""
        return any(file.has_changed for file in self.files.values())

    def client(self, app: Flask, situation: str, *, checked: bool = False) -> Client:
        """Return the browser of somebody in a situation, who signed in at most a minute ago."""
        self.freshen()
        client = Client(app, checked=checked)
        token = self.tokens.get(situation)
        if token is not None:
            name = sessions.session_cookie_name(self.config)
            client.set_cookie(name, token, domain="localhost")
        return client

    def reset(self, original: World) -> None:
        """Bring both databases back to what they were, under the connections that are open; all just signed in."""
        if self.server is not None:
            if {"device_session", "clinic_code"} & set().union(*(one.restore() for one in self.kept)):
                self.fresh_at -= timedelta(hours=1)
            self.freshen()
            return
        original.freshen()
        for name, file in self.files.items():
            if file.has_changed or self.fresh_at != original.fresh_at:
                file.put_back(original.config.instance / name)
        self.fresh_at = original.fresh_at

    def freshen(self) -> None:
        """Let no session and no code grow old: a run takes longer than staff stay signed in without a request."""
        moment = clock.now()
        if abs(moment - self.fresh_at) < timedelta(minutes=1):
            return
        soon = moment + timedelta(minutes=15)
        store = open_store(self.config)
        with store.work(writes=True):
            db().execute(update(DeviceSession).values(last_seen_at=moment, confirmed_at=moment))
            half_way = update(DeviceSession).where(DeviceSession.stage == Stage.SECOND_FACTOR)
            db().execute(half_way.values(expires_at=soon))
            db().execute(update(ClinicCode).values(issued_at=moment, expires_at=soon))
        store.close()
        self.fresh_at = moment

    def count(self, table: str) -> int:
        """Return how many rows a table of the main database has now."""
        if self.kept:
            return self.kept[0].count(table)
        with closing(sqlite3.connect(self.config.instance / "tandem.sqlite")) as connection:
            return int(connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])  # noqa: S608 - a name of ours.

    def assert_signed_in(self, app: Flask, situation: str) -> None:
        """Fail unless a browser of this situation is signed in as the person it says, as far as they came."""
        client = self.client(app, situation)
        with client:
            client.get("/help")
            found = viewer_or_none()
        if situation not in self.tokens:
            assert found is None, f"{situation} is signed in"
            return
        assert found is not None, f"{situation} is not signed in any more"
        stage = Stage.SECOND_FACTOR if situation == "half-way" else Stage.FULL
        assert (found.id, found.stage) == (self.people[situation].id, stage), f"{situation} is somebody else"
        idle = sessions.lifetime(found.role, found.stage).idle
        assert abs(clock.now() - found.confirmed_at) < idle / 3, f"{situation} signed in too long ago"

    def address(self, rule: Rule, params: Mapping[str, str] | None = None) -> str:
        """Return the address of a route with the owner's objects in it; fail for a parameter nobody knows here."""
        values: dict[str, Any] = {}
        for name in sorted(rule.arguments):
            known = {**self.ids, **(params or {})}
            if name not in known:
                raise AssertionError(
                    f"{rule.rule} has the parameter {name!r}: say in World.ids which object of the owner it is"
                )
            values[name] = known[name]
        path = rule.rule
        for name, value in values.items():
            path = _put(path, name, value)
        return path


def _put(path: str, name: str, value: str) -> str:
    start = path.index("<")
    while True:
        end = path.index(">", start)
        if path[start + 1 : end].rsplit(":", maxsplit=1)[-1] == name:
            return path[:start] + value + path[end + 1 :]
        start = path.index("<", end)


@contextmanager
def today_at(clock_time: time) -> Iterator[None]:
    """Let it be this time of today where everybody of the world lives; the clock goes on from there.

    What a page offers depends on the hour: in the night, for one, all doses of the day are those of yesterday.
    """
    moment = datetime.combine(clock.now().astimezone(HOME).date(), clock_time, HOME)
    with time_machine.travel(moment.astimezone(UTC), tick=True):
        yield


def build(folder: Path, server: Postgres | None = None, urls: Urls = NO_URLS) -> World:
    """Make the world in a folder; with a server, in two of its databases that were migrated."""
    config = Config(
        instance=folder,
        base_url="http://localhost",
        database_url=urls.main,
        keys_database_url=urls.keys,
        master_key=make_master_key(),
        argon2=Argon2Cost(time_cost=1, memory_kib=64, parallelism=1),
        metrics_token="a token for metrics",
        push_services=PUSH_SERVICE,
    )
    folder.mkdir(exist_ok=True)
    vapid.make_keys(config)
    if server is None:
        migrate_all(config)
    store = open_store(config)
    world = World(config, server=server)
    factories.make_installation(store)
    practice = factories.make_practice(store, "Harbour Practice")
    second = factories.make_practice(store, "Hill Practice")
    people = world.people
    people["admin"] = factories.make_administrator(store, practice, name="Ada Admin")
    people["owner"] = factories.make_patient(
        store,
        practice,
        name=CANARIES["name"],
        sign_in_name=CANARIES["email"],
        chart={name: CANARIES[name] for name in ("chart_number", "date_of_birth", "address", "emergency_contact")},
    )
    people["other"] = factories.make_patient(store, practice, name="Otto Other")
    _clinicians(store, world, practice)
    _supporters(store, world, practice)
    _second_practice(store, world, second)
    _entries(store, world)
    _told(store, world)
    _safety_plan(store, world)
    _sessions(store, world)
    _device(store, world)
    _objects(store, world, practice)
    _worries(store, world)
    _team_note(store, world)
    medicines(store, world, CANARIES)
    doses(store, world, CANARIES)
    effects(store, world, CANARIES)
    exercises(store, world, CANARIES)
    given(store, world, CANARIES)
    lessons(store, world, CANARIES)
    reminders(store, world, CANARIES)
    quiet(store, world, CANARIES)
    appointments(store, world, CANARIES)
    store.close()
    return world


def _clinicians(store: Store, world: World, practice: factories.MadePractice) -> None:
    people, owner = world.people, world.people["owner"]
    disciplines = {
        "c-with": Discipline.PRESCRIBER,
        "c-without": Discipline.THERAPIST,
        "c-paused": Discipline.ADDICTION_SPECIALIST,
        "c-expired": Discipline.NURSE,
        "c-revoked": Discipline.CASE_MANAGER,
        "c-unshown": Discipline.PRESCRIBER,
        "c-off": Discipline.PRESCRIBER,
        "c-unass": Discipline.PRESCRIBER,
    }
    for situation, discipline in disciplines.items():
        own = {"name": f"Dr {situation}"}
        if situation == "c-with":
            own = {"name": CANARIES["staff_name"], "sign_in_name": CANARIES["staff_email"]}
        person = people[situation] = factories.make_clinician(store, practice, discipline, **own)
        if situation != "c-unass":
            shown = situation != "c-unshown"
            membership = factories.assign_team(store, owner, person, people["admin"], shown=shown)
            world.objects[f"membership {situation}"] = str(membership)
            factories.assign_team(store, people["other"], person, people["admin"])
    people["half-way"] = people["c-with"]
    people["in-question"] = people["owner"]
    past, ago = clock.now() - timedelta(hours=1), clock.now() - timedelta(days=3)
    world.objects["consent"] = str(factories.give_consent(store, owner, Discipline.PRESCRIBER, DETAIL))
    factories.give_consent(store, owner, people["c-off"], DETAIL)
    factories.give_consent(store, owner, Discipline.ADDICTION_SPECIALIST, DETAIL, state=ConsentState.PAUSED)
    # Past its end, once before and once after the worker noticed it; and one that has not begun.
    factories.give_consent(store, owner, Discipline.NURSE, DETAIL, starts_at=ago, ends_at=past)
    factories.give_consent(
        store, owner, Discipline.NURSE, DETAIL, starts_at=ago, ends_at=past, state=ConsentState.EXPIRED
    )
    factories.give_consent(store, owner, Discipline.NURSE, DETAIL, starts_at=clock.now() + timedelta(days=30))
    factories.give_consent(store, owner, people["c-expired"], DETAIL, state=ConsentState.DRAFT)
    for recipient in (Discipline.CASE_MANAGER, people["c-revoked"]):
        factories.give_consent(store, owner, recipient, DETAIL, state=ConsentState.REVOKED)
    with store.work(writes=True):
        from patient_app.accounts.models import TeamMembership  # noqa: PLC0415 - slow to import, or not needed by all tests here.

        memberships = db().scalars(select(TeamMembership).where(TeamMembership.clinician_id == people["c-off"].id))
        for row in memberships:
            row.ended_at = clock.now()


def _supporters(store: Store, world: World, practice: factories.MadePractice) -> None:
    people, owner = world.people, world.people["owner"]
    mood = {Category.MOOD: Level.DETAIL}
    past, ago = clock.now() - timedelta(hours=1), clock.now() - timedelta(days=3)
    states = {"s-unconf": SupportState.ACCEPTED, "s-ended": SupportState.ENDED}
    for situation in ("s-with", "s-without", "s-paused", "s-expired", "s-revoked", "s-unconf", "s-ended"):
        own = {"name": f"Sue {situation}"}
        if situation == "s-with":
            own = {"name": CANARIES["supporter_own_name"], "sign_in_name": CANARIES["supporter_own_email"]}
        person = people[situation] = factories.make_supporter(store, practice, **own)
        tie = factories.tie_supporter(
            store,
            owner,
            person,
            state=states.get(situation, SupportState.CONFIRMED),
            name=CANARIES["supporter_name"],
            instructions=CANARIES["instructions"] if situation == "s-with" else "",
        )
        world.objects[f"tie {situation}"] = str(tie)
    for situation in ("s-with", "s-unconf", "s-ended"):
        factories.give_consent(store, owner, people[situation], mood)
    factories.give_consent(store, owner, people["s-paused"], mood, state=ConsentState.PAUSED)
    factories.give_consent(store, owner, people["s-expired"], mood, starts_at=ago, ends_at=past)
    factories.give_consent(store, owner, people["s-revoked"], mood, state=ConsentState.REVOKED)


def _second_practice(store: Store, world: World, second: factories.MadePractice) -> None:
    people = world.people
    people["admin-2"] = factories.make_administrator(store, second, name="Adam Second")
    people["patient-2"] = factories.make_patient(store, second, name="Paul Second")
    people["c-2"] = factories.make_clinician(store, second, Discipline.PRESCRIBER, name="Carla Second")
    people["s-2"] = factories.make_supporter(store, second, name="Sam Second")
    factories.assign_team(store, people["patient-2"], people["c-2"], people["admin-2"])
    factories.tie_supporter(store, people["patient-2"], people["s-2"])
    factories.give_consent(store, people["patient-2"], Discipline.PRESCRIBER, DETAIL)
    factories.give_consent(store, people["patient-2"], people["s-2"], {Category.MOOD: Level.DETAIL})


def _entries(store: Store, world: World) -> None:
    owner, now = world.people["owner"], clock.now()

    def entry(days: int, **said: Any) -> str:
        return str(factories.make_check_in(store, owner, at=now - timedelta(days=days), **said))

    world.objects["check_in"] = entry(1, mood=4, craving=7, use=True, note=CANARIES["note"])
    entry(2, mood=2, note=CANARIES["note_about_use"], note_about_use=True)
    world.objects["private_check_in"] = entry(3, mood=1, craving=9, note=CANARIES["note_private"], private=True)
    world.objects["removed_check_in"] = entry(4, mood=5, note=CANARIES["note_removed"], removed=True)
    factories.make_check_in(store, world.people["other"], mood=3)
    factories.make_check_in(store, world.people["patient-2"], mood=3)


def _told(store: Store, world: World) -> None:
    """Let the owner tell of themselves, in a check-in and in the profile, and sign with another spelling."""
    owner = world.people["owner"]
    thing = Thing("one", Kind.OTHER, CANARIES["thing"])
    said = Answers(
        things=(ThingSaid(thing, craving=6, used=True),),
        amount=CANARIES["amount"],
        triggers=(CANARIES["trigger"],),
        helped=(CANARIES["helper"],),
    )
    with store.work(writes=True):
        version = (
            db()
            .scalars(select(CheckInVersion).where(CheckInVersion.check_in_id == uuid.UUID(world.objects["check_in"])))
            .one()
        )
        version.use_details, version.context = use_details(said), context(said)
        things = (thing, Thing("two", Kind.ALCOHOL))  # With more than one, a check-in asks about each.
        profile.change(owner.viewer, want_words=CANARIES["goal"], things=things)
        profile.set_address(owner.viewer, Address(CANARIES["called"], CANARIES["pronouns"]), 240)
        for situation, who in (("c-with", "staff"), ("s-with", "supporter")):
            own = Address(CANARIES[f"{who}_called"], CANARIES[f"{who}_pronouns"])
            names.choose(world.people[situation].viewer, own)
        # One supporter sees the owner by that name, in place of the one in the chart.
        seen_as.choose(owner.viewer, uuid.UUID(world.objects["tie s-paused"]), Way.CALLED)
        db().get_one(SupportLink, uuid.UUID(world.objects["tie s-with"])).email = CANARIES["supporter_email"]
        db().get_one(Consent, uuid.UUID(world.objects["consent"])).signature = CANARIES["signature"]


def _safety_plan(store: Store, world: World) -> None:
    """Let the owner have a safety plan, one step of it changed, one of it about use."""
    owner = world.people["owner"].viewer
    contact = Contact(CANARIES["plan_contact"], "555 0177")
    written = (
        (Step.SIGNS, 0, StepWords(text=CANARIES["plan_before"])),
        (Step.SIGNS, 1, StepWords(text=CANARIES["plan"])),
        (Step.PEOPLE, 0, StepWords(contacts=(contact,))),
        (Step.SAFER, 0, StepWords(text=CANARIES["plan_about_use"], about_use=True)),
        (Step.NALOXONE, 0, StepWords(text=CANARIES["naloxone"], expires="2027-03", about_use=True)),
    )
    with store.work(writes=True):
        for step, base, words in written:
            save_step(owner, step, new_id(), words, base=base)


def _sessions(store: Store, world: World) -> None:
    devices = {"owner": CANARIES["device"], "c-with": CANARIES["staff_device"]}
    with store.work(writes=True):
        for situation, person in world.people.items():
            stage = Stage.SECOND_FACTOR if situation == "half-way" else Stage.FULL
            device = devices.get(situation, "Firefox, Linux")
            begun = clock.now() if situation == "in-question" else clock.now() - BEFORE_THE_CODE
            row = db().get_one(Person, person.id)
            world.tokens[situation] = sessions.begin_session(row, device, stage, begun_at=begun)
        owner = db().get_one(Person, world.people["owner"].id)
        owner.entries_closed_from = clock.now() - BEFORE_THE_CODE / 2
        owner.entries_closed_until = clock.now() + timedelta(hours=24)
        own = select(DeviceSession.id).where(DeviceSession.token_hash == sessions.token_hash(world.tokens["owner"]))
        world.objects["session"] = str(db().scalars(own).one())


def _device(store: Store, world: World) -> None:
    """Let the owner's browser get messages."""
    owner = replace(world.people["owner"].viewer, session_id=uuid.UUID(world.objects["session"]))
    key = vapid.read_keys(world.config)[0].public  # A browser's own would be such a point too.
    offered = Offered(f"{PUSH_SERVICE}/{new_id()}", key, "A" * 22, key)
    with store.work(writes=True):
        world.ids["device_id"] = str(push.turn_on(owner, offered, "Firefox, Linux").device_id)


def _objects(store: Store, world: World, practice: factories.MadePractice) -> None:
    """Make what addresses name, and say which name is which object."""
    people, owner = world.people, world.people["owner"]
    invited = factories.make_patient(store, practice, name="Ina Invited", state=PersonState.INVITED)
    closed = factories.make_patient(store, practice, name="Clara Closed", state=PersonState.CLOSED)
    world.objects |= {f"step_{step}": str(step) for step in (Step.PEOPLE, Step.NALOXONE, Step.MADE)}
    world.objects |= {"invited": str(invited.id), "closed": str(closed.id)}
    code_id = new_id()
    with store.work(writes=True):
        number = db().scalars(select(PracticeNumber).where(PracticeNumber.practice_id == practice.id)).one()
        token = links.make_link(
            LinkPurpose.JOIN, practice_id=practice.id, person_id=invited.id, created_by=people["admin"].id, hours=72
        )
        db().add(
            ClinicCode(
                id=code_id,
                practice_id=practice.id,
                person_id=owner.id,
                purpose=CodePurpose.RESET,
                locator="ABCD",
                secret_hash=b"never",
                tries_left=5,
                issued_by=people["admin"].id,
                issued_at=clock.now(),
                expires_at=clock.now() + timedelta(minutes=15),
                needs_second=True,
            )
        )
        world.objects["number"] = str(number.id)
    world.ids.update(
        {
            "check_in_id": world.objects["check_in"],
            "code_id": str(code_id),
            "consent_id": world.objects["consent"],
            "entry_id": world.objects["check_in"],
            "link_id": world.objects["tie s-with"],
            "membership_id": world.objects["membership c-with"],
            "name": "css/app.css",
            "number_id": world.objects["number"],
            "patient_id": str(owner.id),
            "person_id": str(owner.id),
            "release": "RELEASE",
            "step": "signs",
            "session_id": world.objects["session"],
            "support_link_id": world.objects["tie s-with"],
            "token": token,
        }
    )


def _worries(store: Store, world: World) -> None:
    """Let two supporters have told the practice that they worry about the owner; one of them is muted now."""
    world.ids["worry_id"] = _worry(store, world, "s-with", CANARIES["worry"])
    world.objects["muted_worry"] = _worry(store, world, "s-without", "They did not answer.")
    with store.work(writes=True):
        muted, by, now = world.people["s-without"], world.people["c-without"], clock.now()
        mute = {"sender_id": muted.id, "muted_at": now, "muted_by": by.id, "muted_until": now + timedelta(days=30)}
        db().add(WorryMute(practice_id=muted.practice_id, **mute))


def _worry(store: Store, world: World, situation: str, words: str) -> str:
    sender, worry_id = world.people[situation], new_id()
    owner, now = world.people["owner"], clock.now()
    with store.work(writes=True):
        row = Worry(id=worry_id, practice_id=sender.practice_id, sender_id=sender.id, patient_id=owner.id, sent_at=now)
        row.words = row.about = words
        db().add(row)
    return str(worry_id)


def _team_note(store: Store, world: World) -> None:
    """Let the clinician with a consent have left a note about the owner, mood and use, to the team."""
    author, note_id = world.people["c-with"], new_id()
    with store.work(writes=True):
        row = TeamNote(
            id=note_id,
            practice_id=author.practice_id,
            patient_id=world.people["owner"].id,
            author_id=author.id,
            written_at=clock.now(),
            categories=["mood", "substance_use"],
        )
        row.words = CANARIES["team_note"]
        db().add(row)
    world.ids["note_id"] = str(note_id)


def roles_of(situation: str) -> Role | None:
    """Return what somebody in a situation is to the practice; None for nobody."""
    word = situation.partition("-")[0]
    if situation == "half-way":
        return Role.CLINICIAN
    return {
        "owner": Role.PATIENT,
        "in": Role.PATIENT,
        "other": Role.PATIENT,
        "patient": Role.PATIENT,
        "s": Role.SUPPORTER,
        "c": Role.CLINICIAN,
        "admin": Role.ADMINISTRATOR,
    }.get(word)
