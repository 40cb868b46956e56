"""Whoever said that alcohol and drugs play no part reads no word of use, on any page of theirs.

Every page that the application has for a patient is asked, and what every form answers, empty and filled in well. The
patient has one of everything that a patient can have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from babel.support import Translations

from patient_app.accounts import sessions
from patient_app.accounts.models import Person
from patient_app.consent import service as consents
from patient_app.consent.categories import Category, Level
from patient_app.core import i18n
from patient_app.core.identity import Stage as SignedIn
from patient_app.core.ids import new_id
from patient_app.core.installation import open_store
from patient_app.core.roles import Discipline
from patient_app.core.work import db
from patient_app.profile import service as profiles
from patient_app.profile.service import Part
from patient_app.profile.things import KIND_NAMES
from patient_app.safety.models import Step
from patient_app.safety.plan import Contact, StepWords, save_step
from tests import factories
from tests.page import Page
from tests.sweeps import access_table, filling
from tests.sweeps.conftest import Stage, staged
from tests.sweeps.world import BODIES, QUERIES, World

SPANISH = Translations.load(str(i18n.TRANSLATIONS), ["es"])
PLAIN = "owner"  # In the place of the owner of the world: the addresses lead to this patient's objects.
SHARED = {Category.MOOD: Level.DETAIL, Category.NOTES: Level.DETAIL, Category.SAFETY_PLAN: Level.DETAIL}
WORDS = re.compile(
    r"\b(?:us(?:e|es|ed|ing)|crav\w*|pulls?|urges?|drink\w*|drank|drunk|alcohol\w*|drugs?|substances?|sober\w*"
    r"|(?:re)?lapsed?|addict\w*|naloxone|narcan|overdose\w*|opioids?|withdrawal)\b",
    re.IGNORECASE,
)
# To use something that is no substance.
OTHERWISE = (
    "Use it now",
    "Last used",
    "Use finger or face",
    "Stop using finger or face",
    "Use 4 digits or more",
    "Use 10 letters or more",
    "You can use a plain name",
    "Use my own words",
    "other people use this phone",
    "Only I use this phone",
    "It was not used up. To use it, sign out first",
    "It was used before, or it is too old",
)
# Pages that are the same for everybody, signed in or not: who needs them may need them for somebody else.
FOR_EVERYBODY = {
    "/help": "what to do in danger, an overdose too",
    "/supporting/worried/now": "whom to call for somebody else, and how naloxone works",
}
# What a page has to say, and why.
HAS_TO_SAY: dict[str, tuple[tuple[str, ...], str]] = {
    **dict.fromkeys(
        ("/welcome", "/settings/about-me"),
        (
            ("Do alcohol or drugs play a part for you?", *map(str, KIND_NAMES.values())),
            "the question itself, where the answer can be changed, and what unfolds after a yes",
        ),
    ),
    **dict.fromkeys(
        ("/sharing/new", "/sharing/consents/<uuid:consent_id>", "/settings/quiet/tell"),
        (
            (
                "my use of this application",
                "That I use this application",
                "If that care is for alcohol or drug use, Federal law (42 CFR part 2) protects it. It cannot be used",
                "may use this for my treatment",
                "Records about alcohol or drug use are protected by Federal law (42 CFR part 2). They cannot be used",
                "if alcohol and drugs play no part",
            ),
            "the words that are signed, and the notice of 42 CFR part 2, are the same for everybody",
        ),
    ),
    **dict.fromkeys(
        ("/medications/new/<string:kind>", "/medications/<uuid:medicine_id>/change/<string:kind>"),
        (
            ("Is this for alcohol or drugs?", "may see your use as well as your medicines"),
            "each medicine asks it of everybody: what is for alcohol or drugs is protected apart, whoever takes it",
        ),
    ),
    "/sharing": (("addiction specialist",), "the title of somebody on their own team"),
    "/sharing/preview": (
        ("not a complete list of medicines or use",),
        "it is the very page that the other person gets, and on that it stands for every patient alike",
    ),
}


def plain(original: World, copied: World) -> World:
    """Return a copied world in which the addresses lead to the objects of a patient for whom use plays no part."""
    store = open_store(copied.config)
    practice = factories.MadePractice(original.people["owner"].practice_id, "Harbour Practice", "America/New_York")
    person = factories.make_patient(store, practice, name="Paula Plain")
    supporter, clinician = factories.make_supporter(store, practice), original.people["c-with"]
    tie = factories.tie_supporter(store, person, supporter, name="My aunt")
    member = factories.assign_team(store, person, clinician, original.people["admin"])
    consent = factories.give_consent(store, person, Discipline.PRESCRIBER, SHARED)
    entry, removed = (
        factories.make_check_in(store, person, mood=1, note="a grey day", removed=is_removed)
        for is_removed in (False, True)
    )
    steps = {step: StepWords(text="a walk") for step in (Step.SIGNS, Step.ALONE)}
    steps[Step.PEOPLE] = StepWords(contacts=(Contact("Ann", "555 0101"),))
    with store.work(writes=True):
        profiles.change(person.viewer, part=Part.NO, triggers=("noise",), helpers=("tea",))
        for step, said in steps.items():
            save_step(person.viewer, step, new_id(), said, base=0)
        token = sessions.begin_session(db().get_one(Person, person.id), "Firefox, Linux", SignedIn.FULL)
        session = sessions.sessions_of(person.id)[0].id
    store.close()
    own = {"check_in_id": entry, "entry_id": entry, "consent_id": consent, "link_id": tie, "support_link_id": tie}
    own |= {"membership_id": member, "session_id": session, "patient_id": person.id, "person_id": person.id}
    return replace(
        copied,
        people={**copied.people, PLAIN: person},
        tokens={**copied.tokens, PLAIN: token},
        ids={**copied.ids, **{name: str(value) for name, value in own.items()}},
        objects={**copied.objects, "removed_check_in": str(removed)},
    )


@pytest.fixture(scope="module")
def stage(original_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Give the world of such a patient, and the application over it."""
    folder = tmp_path_factory.mktemp("plain")
    world = plain(original_world, original_world.copy(folder / "instance"))
    with staged(world, folder / "copy") as found:
        yield found


def said(route: str, page: Page) -> list[str]:
    """Return the words of use on a page, with what stands around them."""
    if not page.is_page or route in FOR_EVERYBODY:
        return []
    text = page.get_data(as_text=True)
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text, flags=re.DOTALL)
    # What is read out, or stands in an empty field, is read as well.
    spoken = re.findall(r'\b(?:aria-label|placeholder|title|alt|content)="([^"]*)"', text)
    text = re.sub(r"\s+", " ", " ".join([re.sub(r"<[^>]+>", " ", text), *spoken]))
    phrases = [
        *OTHERWISE,
        *(phrase for where, (known, _why) in HAS_TO_SAY.items() if where == route for phrase in known),
    ]
    for phrase in phrases:
        for words in (phrase, SPANISH.gettext(phrase)):
            text = text.replace(words, " ")
    return [f"{route}: ...{text[max(0, hit.start() - 40) : hit.end() + 30]}..." for hit in WORDS.finditer(text)]


def asked(stage: Stage) -> Iterator[tuple[str, Page]]:
    """Yield what every route answers this patient, a form sent empty."""
    for rule, method in access_table.routes(stage.app):
        if rule.endpoint == "static_files":
            continue
        address = stage.world.address(rule, {"release": stage.app.extensions["static_files"].release})
        data = BODIES.get(rule.rule, {}) if method != "GET" else None
        page: Page = stage.client(PLAIN).open(
            address, method=method, data=data, query_string=QUERIES.get(rule.rule), follow_redirects=False
        )
        yield rule.rule, page
        if method != "GET":
            stage.reset()


def filled_in(stage: Stage) -> Iterator[tuple[str, Page]]:
    """Yield what every form answers that is filled in well, and the page that it leads to."""
    for target in filling.targets(stage.app, stage.world, PLAIN):
        if target.page.request.path == "/safety/naloxone":  # No page of theirs leads there.
            continue
        client = stage.client(PLAIN)
        sent = filling.well_filled(stage.world, target, "Typed")
        if "part" in sent:  # The others' answer is that use plays a part.
            sent |= {"part": ["no"], "wants": [], "kinds": [], "own_thing": [""]}
        page = client.post(target.form.action, data=sent)
        yield target.route, page
        if page.location is not None:
            next_page = client.get(page.location)
            yield filling.route_of(stage.app, page.location, "GET"), next_page
        stage.reset()


def test_the_pages(stage: Stage) -> None:
    pages = list(asked(stage))
    shown = {route for route, page in pages if page.is_page and page.status_code == 200}
    # They are this patient's own: each of these holds one of their objects.
    assert {"/check-in/<uuid:entry_id>", "/sharing/consents/<uuid:consent_id>", "/safety/<string:step>"} <= shown
    found = [line for route, page in pages for line in said(route, page)]
    assert not found, "\n".join(found)


def test_what_the_forms_answer(stage: Stage) -> None:
    found = [line for route, page in filled_in(stage) for line in said(route, page)]
    assert not found, "\n".join(found)


def test_the_words_are_there_for_who_did_not_say_so_and_would_be_found(stage: Stage) -> None:
    with stage.store.work(writes=True):
        profiles.change(stage.world.people[PLAIN].viewer, part=None)
    found = {line.partition(":")[0] for route, page in asked_for(stage) for line in said(route, page)}
    stage.reset()
    assert {"/check-in", "/sharing/new", "/safety", "/settings/about-me", "/welcome/sharing"} <= found


def test_what_the_page_did_not_ask_is_not_shared(stage: Stage) -> None:
    person = stage.world.people[PLAIN].viewer
    (target,) = (one for one in filling.targets(stage.app, stage.world, PLAIN) if one.route == "/sharing/new")
    sent = filling.well_filled(stage.world, target, "Typed") | {"substance_use": ["detail"]}
    assert stage.client(PLAIN).post(target.form.action, data=sent).status_code == 303
    with stage.store.work(writes=False):
        shared = [dict(one.grants) for one in consents.own_consents(person)]
    stage.reset()
    assert shared
    assert not any(Category.SUBSTANCE_USE in grants for grants in shared)


def asked_for(stage: Stage) -> Iterator[tuple[str, Page]]:
    """Yield a few pages."""
    client = stage.client(PLAIN)
    for address in ("/check-in", "/sharing/new", "/safety", "/settings/about-me", "/welcome/sharing"):
        yield address, client.get(address, query_string=QUERIES.get(address))
