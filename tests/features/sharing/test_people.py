"""Supporters, new members of the team, the picture of what others see, and who has looked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from patient_app.access_log import service as access_log
from patient_app.access_log.models import AccessKind
from patient_app.accounts import supporters
from patient_app.accounts.models import MailMessage, Person, SupportLink, SupportState, TeamMembership
from patient_app.consent.categories import OFFERED, Category, Level
from patient_app.consent.models import Consent, ConsentState
from patient_app.core import clock
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.core.work import Store, db
from patient_app.reading import skills
from patient_app.sharing import service
from patient_app.sharing.log_days import LogRow, by_day
from patient_app.skills import files, readers, recording
from patient_app.skills.answers import Said
from patient_app.skills.models import ExerciseReader
from patient_app.skills.readers import Chosen
from tests import factories
from tests.features.sharing.conftest import World
from tests.page import Client, Page, text_of

EVERYTHING = dict.fromkeys(OFFERED, Level.DETAIL)
MOOD_ONLY = {Category.MOOD: Level.DETAIL}


def sign_in(client: Client, person: factories.Made) -> Client:
    """Return another browser in which a person is signed in."""
    other = Client(client.application)
    factories.sign_in(other, person)
    return other


def links_in(store: Store) -> list[SupportLink]:
    with store.work(writes=False):
        return list(db().scalars(select(SupportLink).order_by(SupportLink.invited_at, SupportLink.id)))


# --- Supporters ---------------------------------------------------------------------------------------------------


def test_an_invitation_is_sent_once_and_can_be_taken_back(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    form = client.get("/sharing/supporters/new").form(field="email")
    answers = {"name": "My brother", "email": "brother@example.org", "instructions": "Come by."}
    for _ in range(2):
        assert client.submit(form, **answers).location == "/sharing?done=supporter-invited"
    link = links_in(store)[-1]
    assert link.state == SupportState.INVITED
    with store.work(writes=False):
        mails = list(db().scalars(select(MailMessage)))
        assert [mail.address for mail in mails] == ["brother@example.org"]
        assert "Robin" not in (mails[0].body or "")
    page = client.get("/sharing")
    assert "My brother" in page.words
    client.submit(page.form(action=f"/sharing/supporters/{link.id}/end"))
    assert "My brother" not in client.get("/sharing").words


def test_an_invitation_that_cannot_be_is_said_beside_the_field(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    good = {"name": "Kim", "email": "kim@example.org", "instructions": "سلام 🌊"}
    for answers, field in (
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x07b"}, "name"),
        ({"email": ""}, "email"),
        ({"email": "kim"}, "email"),
        ({"instructions": "x" * 1_000_000}, "instructions"),
    ):
        page = client.get("/sharing/supporters/new")
        page = client.submit(page.form(field="email"), **{**good, **answers})
        assert (page.status_code, set(page.errors)) == (422, {field}), answers
        if field != "instructions":
            assert "سلام 🌊" in "".join(page.one("textarea").itertext())
    assert len(links_in(store)) == 1


def test_an_id_that_is_taken_gives_a_fresh_one_and_keeps_the_words(client: Client, world: World, store: Store) -> None:
    other = factories.make_patient(store, world.practice)
    taken = factories.tie_supporter(store, other, None, state=SupportState.INVITED)
    factories.sign_in(client, world.patient)
    form = client.get("/sharing/supporters/new").form(field="email")
    page = client.submit(form, id=str(taken), name="Kim", email="kim@example.org")
    assert page.status_code == 422
    values = dict(page.form(field="email").values)
    assert values["name"] == "Kim"
    assert values["id"] != str(taken)


def test_a_supporter_sees_no_name_before_the_patient_confirmed(client: Client, world: World, store: Store) -> None:
    stranger = factories.make_supporter(store, world.practice, name="Sam Stone")
    tie = factories.tie_supporter(
        store, world.patient, stranger, state=SupportState.ACCEPTED, name="My friend", instructions="Sing to me."
    )
    theirs = sign_in(client, stranger)
    page = theirs.get("/supporting")
    assert "Waiting to be confirmed" in page.words
    assert "Robin" not in page.words
    assert theirs.get(f"/supporting/{world.patient.id}").status_code == 404

    factories.sign_in(client, world.patient)
    page = client.get("/sharing")
    assert "Sam Stone has accepted" in page.words
    assert "Is this the right person?" in page.words
    assert client.get("/sharing/new", query_string={"to": f"person:{stranger.id}"}).status_code == 404
    client.submit(page.form(action=f"/sharing/supporters/{tie}/confirm"))
    page = theirs.get(f"/supporting/{world.patient.id}")
    assert "Sing to me." in page.words
    assert "Nothing is shared right now." in page.words


def test_not_this_person_shows_them_nothing_ever(client: Client, world: World, store: Store) -> None:
    stranger = factories.make_supporter(store, world.practice)
    tie = factories.tie_supporter(store, world.patient, stranger, state=SupportState.ACCEPTED)
    factories.sign_in(client, world.patient)
    client.submit(client.get("/sharing").form(action=f"/sharing/supporters/{tie}/end"))
    page = sign_in(client, stranger).get("/supporting")
    assert "Waiting" not in page.words
    assert client.post(f"/sharing/supporters/{tie}/confirm").status_code == 404


def test_removing_a_supporter_ends_every_consent_for_them(client: Client, world: World, store: Store) -> None:
    factories.make_check_in(store, world.patient, mood=4)
    factories.give_consent(store, world.patient, world.supporter, EVERYTHING)
    kept = factories.give_consent(store, world.patient, Discipline.PRESCRIBER, EVERYTHING)
    theirs = sign_in(client, world.supporter)
    assert "Good" in theirs.get(f"/supporting/{world.patient.id}").main_words
    factories.sign_in(client, world.patient)
    client.submit(client.get("/sharing").form(action=f"/sharing/supporters/{world.tie}/end"))
    assert theirs.get(f"/supporting/{world.patient.id}").status_code == 404
    assert "Nothing is shared right now" in theirs.get("/supporting").words
    with store.work(writes=False):
        states = {consent.id: consent.state for consent in db().scalars(select(Consent))}
    assert states.pop(kept) == ConsentState.ACTIVE
    assert set(states.values()) == {ConsentState.REVOKED}
    # Tied again later, they begin with nothing.
    factories.tie_supporter(store, world.patient, world.supporter)
    assert "Good (" not in theirs.get(f"/supporting/{world.patient.id}").words


@pytest.mark.parametrize("ends", ["patient", "supporter", "security", "before"])
def test_a_supporter_who_comes_back_reads_no_exercise_that_was_theirs_before(
    world: World, store: Store, ends: str
) -> None:
    """Whoever ended the tie, and where it ended before that took the names away: chosen by name, they begin anew."""
    patient, supporter = world.patient, world.supporter
    exercise, run_id = files.exercises()["worry-time"], new_id()
    words = Said({next(one.id for one in exercise.fields if one.kind == "text"): "for my sister then"}, finished=True)
    with store.work(writes=True):
        moment, names = clock.moment(clock.now(), patient.zone), Chosen(people=frozenset({supporter.id}))
        recording.record(patient.viewer, exercise, run_id, words, moment)
        readers.choose_for_run(patient.viewer, run_id, names)
        readers.choose_for_kind(patient.viewer, exercise, moment.day, names)
        tie = db().scalars(select(SupportLink).where(SupportLink.supporter_id == supporter.id)).one()
        if ends == "patient":
            service.end_support(patient.viewer, tie.id)
        elif ends == "supporter":
            supporters.end_support(supporter.viewer, tie.id)
        elif ends == "security":
            supporters.end_made_since(patient.id, tie.invited_at)
        else:
            tie.state = SupportState.ENDED
    if ends != "before":
        with store.work(writes=False):
            assert db().scalars(select(ExerciseReader)).all() == []
    again = factories.tie_supporter(store, patient, supporter, state=SupportState.ACCEPTED)
    with store.work(writes=True):
        service.confirm_supporter(patient.viewer, again)
    factories.give_consent(store, patient, supporter, {Category.SKILLS: Level.DETAIL}, entries_from=None)
    with store.work(writes=True):
        assert skills.read_skills(supporter.viewer, patient.id).runs == ()
        assert db().scalars(select(ExerciseReader)).all() == []
        # Confirmed twice, nothing is taken from who was named since.
        readers.choose_for_run(patient.viewer, run_id, names)
        service.confirm_supporter(patient.viewer, again)
        assert len(skills.read_skills(supporter.viewer, patient.id).runs) == 1


def test_instructions_are_kept_and_come_first(client: Client, world: World, store: Store) -> None:
    factories.sign_in(client, world.patient)
    page = client.get(f"/sharing/supporters/{world.tie}/instructions")
    form = page.form(field="instructions")
    assert dict(form.values)["instructions"] == "Call me, do not text."
    assert client.submit(form, instructions="x" * 2001).status_code == 422
    assert client.submit(form, instructions="Take a walk with me.\nThen tea.").status_code == 303
    words = sign_in(client, world.supporter).get(f"/supporting/{world.patient.id}").main_words
    assert words.index("Take a walk with me.") < words.index("Nothing is shared right now.")


def test_anothers_supporter_is_not_there(client: Client, world: World, store: Store) -> None:
    other = factories.make_patient(store, world.practice)
    tie = factories.tie_supporter(store, other, world.supporter, state=SupportState.ACCEPTED, instructions="secret")
    factories.sign_in(client, world.patient)
    for target in (tie, new_id()):
        assert client.get(f"/sharing/supporters/{target}/instructions").status_code == 404
        for step, data in (("confirm", {}), ("end", {}), ("instructions", {"instructions": "mine"})):
            assert client.post(f"/sharing/supporters/{target}/{step}", data=data).status_code == 404
    with store.work(writes=False):
        row = db().get_one(SupportLink, tie)
        assert (row.state, row.instructions) == (SupportState.ACCEPTED, "secret")


def test_what_ended_or_is_paused_looks_to_a_supporter_like_nothing_was_shared(
    client: Client, world: World, store: Store
) -> None:
    factories.make_check_in(store, world.patient, mood=4)
    theirs = sign_in(client, world.supporter)
    never = theirs.get(f"/supporting/{world.patient.id}").main_words
    for state in (ConsentState.PAUSED, ConsentState.REVOKED, ConsentState.EXPIRED):
        factories.give_consent(store, world.patient, world.supporter, EVERYTHING, state=state)
        assert theirs.get(f"/supporting/{world.patient.id}").main_words == never
    past = datetime.now(UTC) - timedelta(minutes=1)
    factories.give_consent(store, world.patient, world.supporter, EVERYTHING, ends_at=past)
    assert theirs.get(f"/supporting/{world.patient.id}").main_words == never


# --- The team -----------------------------------------------------------------------------------------------------


def test_a_new_member_reads_once_the_patient_has_seen_the_name(client: Client, world: World, store: Store) -> None:
    factories.make_check_in(store, world.patient, note="canary note")
    factories.give_consent(store, world.patient, Discipline.NURSE, EVERYTHING)
    nurse = factories.make_clinician(store, world.practice, Discipline.NURSE, name="Nia Cole")
    membership = factories.assign_team(store, world.patient, nurse, world.administrator, shown=False)
    theirs = sign_in(client, nurse)
    page = theirs.get(f"/team/{world.patient.id}")
    assert page.status_code == 200
    assert "canary note" not in page.words
    factories.sign_in(client, world.patient)
    page = client.get("/sharing")
    assert "Nia Cole, nurse." in page.words
    assert "once you press OK" in page.words
    assert "canary note" not in theirs.get(f"/team/{world.patient.id}").words  # Opening the page is no answer.
    client.submit(page.form(action=f"/sharing/team/{membership}/shown"))
    assert "canary note" in theirs.get(f"/team/{world.patient.id}").words
    assert "New on your care team" not in client.get("/sharing").words


def test_anothers_team_is_not_there(client: Client, world: World, store: Store) -> None:
    other = factories.make_patient(store, world.practice)
    membership = factories.assign_team(store, other, world.therapist, world.administrator, shown=False)
    factories.sign_in(client, world.patient)
    assert client.post(f"/sharing/team/{membership}/shown").status_code == 404
    assert client.post(f"/sharing/team/{new_id()}/shown").status_code == 404
    with store.work(writes=False):
        assert db().get_one(TeamMembership, membership).shown_at is None


# --- See what they see --------------------------------------------------------------------------------------------

SCOPES = [
    {},
    {Category.MOOD: Level.DETAIL},
    {Category.SUBSTANCE_USE: Level.DETAIL},
    {Category.NOTES: Level.DETAIL},
    {Category.MOOD: Level.SUMMARY, Category.SUBSTANCE_USE: Level.SUMMARY},
    {Category.MOOD: Level.SUMMARY, Category.NOTES: Level.DETAIL},
    EVERYTHING,
]


def write_a_week(store: Store, patient: factories.Made) -> None:
    moment = datetime.now(UTC)
    for number, said in enumerate(
        (
            {"mood": 5, "note": "a walk by the river"},
            {"mood": 1, "craving": 9, "use": True, "note": "after the bar", "note_about_use": True},
            {"mood": 4, "note": "kept for me", "private": True},
            {"mood": None, "craving": 3},
            {"mood": 2, "use": False},
        )
    ):
        factories.make_check_in(store, patient, at=moment - timedelta(days=number, hours=1), **said)  # type: ignore[arg-type]


def shared_part(page: Page) -> list[str]:
    """Return what a reader is shown of the patient's, without the frame around it.

    The frame is who the patient is, what the reader did about it, and the headings that tell new days from seen ones.
    Medicines stand on a page of their own (`tests/features/care_team/test_medicines.py`).
    """
    frame = {
        "lead",
        "lead small",
        "back",
        "banner info",
        "constant-line",
        "look",
        "about-picture",
        "ways-on",
        "other-page",
    }
    kept = []
    parts = [[*one] if one.get("id") == "shared" else [one] for one in page.one("main")]
    for element in (one for inside in parts for one in inside):
        if element.tag in {"h1", "nav"} or element.get("class") in frame:
            continue
        if element.get("id") in {"notice", "phone-lines", "leaving"}:
            continue
        days = [part for part in element if part.get("class") == "read-day"]
        kept += [words for part in days or [element] if (words := text_of(part))]
    return kept


def test_the_picture_is_exactly_what_the_recipient_gets(client: Client, world: World, store: Store) -> None:
    write_a_week(store, world.patient)
    factories.sign_in(client, world.patient)
    clinicians = sign_in(client, world.prescriber)
    supporters = sign_in(client, world.supporter)
    # The therapist's scope differs on purpose: a picture of one discipline is not that of another.
    factories.give_consent(store, world.patient, Discipline.THERAPIST, EVERYTHING)
    for scope in SCOPES:
        with store.work(writes=True):
            others = Consent.discipline.is_distinct_from(Discipline.THERAPIST)
            db().execute(update(Consent).where(others).values(state=ConsentState.REVOKED))
        if scope:
            factories.give_consent(store, world.patient, Discipline.PRESCRIBER, scope)
            factories.give_consent(store, world.patient, world.supporter, scope)
        for until in (None, date.today() - timedelta(days=2)):  # noqa: DTZ011 - any day of these.
            picture = client.get("/sharing/preview", query_string={"to": "team:prescriber", "until": until})
            real = clinicians.get(f"/team/{world.patient.id}", query_string={"until": until})
            if scope:
                assert shared_part(picture) == shared_part(real), scope
            else:
                assert "You share nothing with them now." in picture.main_words
            assert shared_part(real)
            picture = client.get(
                "/sharing/preview", query_string={"to": f"person:{world.supporter.id}", "until": until}
            )
            real = supporters.get(f"/supporting/{world.patient.id}", query_string={"until": until})
            assert shared_part(picture) == shared_part(real), scope
            assert "kept for me" not in picture.words


def test_the_picture_of_a_clinician_says_what_it_does_not_show(client: Client, world: World, store: Store) -> None:
    for recipient in (Discipline.PRESCRIBER, world.supporter):
        factories.give_consent(store, world.patient, recipient, EVERYTHING)
    factories.sign_in(client, world.patient)
    told = "short notes about your care. Those are not shown here."
    assert told in client.get("/sharing/preview", query_string={"to": "team:prescriber"}).words
    assert told not in client.get("/sharing/preview", query_string={"to": f"person:{world.supporter.id}"}).words


def test_looking_at_the_picture_leaves_no_record(client: Client, world: World, store: Store) -> None:
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, EVERYTHING)
    factories.sign_in(client, world.patient)
    client.get("/sharing/preview", query_string={"to": "team:prescriber"})
    with store.work(writes=False):
        assert access_log.records_of(world.patient.id) == []


def test_after_a_reset_by_code_older_entries_stay_closed_here_too(client: Client, world: World, store: Store) -> None:
    factories.make_check_in(store, world.patient, note="written before")
    factories.give_consent(store, world.patient, Discipline.PRESCRIBER, EVERYTHING)
    paused = factories.give_consent(store, world.patient, Discipline.THERAPIST, EVERYTHING, state=ConsentState.PAUSED)
    moment = datetime.now(UTC)
    with store.work(writes=True):
        person = db().get_one(Person, world.patient.id)
        person.entries_closed_from = moment - timedelta(hours=1)
        person.entries_closed_until = moment + timedelta(hours=23)
    factories.sign_in(client, world.patient)
    page = client.get("/sharing/preview", query_string={"to": "team:prescriber"})
    assert page.status_code == 200
    assert "written before" not in page.words
    page = client.post(f"/sharing/{paused}/resume")
    assert page.status_code == 422
    assert "stays closed until" in page.words
    assert client.post("/sharing/pause-all").status_code == 303


# --- Who has looked -----------------------------------------------------------------------------------------------


def test_who_has_looked_is_told_in_plain_words(
    client: Client, world: World, store: Store, set_time: Callable[[str], None]
) -> None:
    set_time("2026-11-03 19:00")
    factories.make_check_in(store, world.patient, mood=2, note="words")
    factories.give_consent(
        store, world.patient, Discipline.PRESCRIBER, {Category.MOOD: Level.DETAIL, Category.NOTES: Level.DETAIL}
    )
    prescriber, therapist = sign_in(client, world.prescriber), sign_in(client, world.therapist)
    supporter = sign_in(client, world.supporter)
    set_time("2026-11-03 19:05")
    prescriber.get(f"/team/{world.patient.id}")
    set_time("2026-11-03 19:06")
    therapist.get(f"/team/{world.patient.id}")
    set_time("2026-11-03 19:07")
    prescriber.get("/team")
    set_time("2026-11-03 19:08")
    supporter.get(f"/supporting/{world.patient.id}")
    with store.work(writes=True):
        access_log.record(
            [
                access_log.Reading(
                    practice_id=world.practice.id,
                    patient_id=world.patient.id,
                    viewer_id=world.administrator.id,
                    viewer_role="administrator",
                    kind=AccessKind.CODE_ISSUED,
                )
            ]
        )
    factories.sign_in(client, world.patient)
    page = client.get("/sharing/access-log")
    assert [text_of(day) for day in page.all("h2", class_name="on-day")] == ["Tuesday 3 November 2026"]
    rows = [text_of(row) for row in page.all("li", class_name="row")]
    assert rows == [
        f"{world.administrator.name}, administrator, made a code with which you can sign in. 2:08 PM",
        "Alex Vale, your supporter, opened your page. Nothing on it was shared with them. 2:08 PM",
        "Tom Birch, therapist, opened your page. Nothing on it was shared with them. 2:06 PM",
        "Dr Ana Ruiz, prescriber, read your mood and notes. 2:05 PM · Days: 21 October 2026 to 3 November 2026",
        # Signing in leads to the list; opened again on the same day, it is not recorded again.
        "Dr Ana Ruiz, prescriber, saw your mood in a list. 2:00 PM · Days: 4 October 2026 to 4 November 2026",
    ]


def test_every_kind_of_record_has_words_and_a_long_list_has_pages(store: Store, world: World, app: object) -> None:
    kinds = list(AccessKind)
    with store.work(writes=True):
        for number in range(service.LOG_LINES + 20):
            access_log.record(
                [
                    access_log.Reading(
                        practice_id=world.practice.id,
                        patient_id=world.patient.id,
                        viewer_id=world.therapist.id,
                        viewer_role="clinician",
                        kind=kinds[number % len(kinds)],
                    )
                ]
            )
    with store.work(writes=False):
        lines, earlier = service.who_looked(world.patient.viewer)
        assert len(lines) == service.LOG_LINES
        nobodys = str(service.SENTENCES[AccessKind.RESTORED])  # The one that tells of no person.
        assert all(line.text.endswith(".") for line in lines)
        assert all("Tom Birch, therapist," in line.text for line in lines if line.text != nobodys)
        more, end = service.who_looked(world.patient.viewer, earlier)
        assert (len(more), end) == (20, None)
        assert service.who_looked(world.patient.viewer, 10**30)[0] == lines


def test_the_same_words_stand_once_a_day_with_each_time() -> None:
    times = ("2026-11-03T14:05", "2026-11-03T14:01", "2026-11-03T09:00", "2026-11-02T08:00")
    at = [datetime.fromisoformat(one) for one in times]
    said = ["Ana read.", "Tom looked.", "Ana read.", "Ana read."]
    found = by_day([service.LogLine(one, text, "") for one, text in zip(at, said, strict=True)])
    assert found == [
        (at[0].date(), [LogRow("Ana read.", "", (at[0], at[2])), LogRow("Tom looked.", "", (at[1],))]),
        (at[3].date(), [LogRow("Ana read.", "", (at[3],))]),
    ]


def test_an_address_may_ask_for_anything(client: Client, world: World) -> None:
    factories.sign_in(client, world.patient)
    for before in ("", "x", "-1", "0", "9" * 400, "-" + "9" * 21, "1.5"):
        assert client.get("/sharing/access-log", query_string={"before": before}).status_code == 200
