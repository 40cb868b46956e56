"""The tasks of the day by keyboard alone: no pointer is used, and what has the focus can always be seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from playwright.sync_api import Page as BrowserPage

from patient_app.consent.categories import Category, Level
from patient_app.core.ids import new_id
from patient_app.core.roles import Discipline
from patient_app.profile import service as profile
from patient_app.profile.things import Kind, Thing
from patient_app.worries import service as worries
from tests.conftest import LiveServer, Watched
from tests.factories import (
    Made,
    assign_team,
    give_consent,
    make_administrator,
    make_check_in,
    make_clinician,
    make_patient,
    make_practice,
    make_supporter,
    tie_supporter,
)

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
MOST_TABS = 120
# What the focus is on: its own words, those of its label and its group, and whether it can be seen.
FOCUSED = """() => {
  const on = document.activeElement;
  if (!on || on === document.body) return null;
  const group = on.closest("fieldset")?.querySelector("legend")?.textContent ?? "";
  const label = on.labels?.[0]?.textContent ?? on.getAttribute("aria-label") ?? on.textContent;
  const seen = (on.labels?.[0] ?? on).getBoundingClientRect();
  return {
    group: group.trim(), label: (label ?? "").trim().replace(/\\s+/g, " "), kind: on.type || on.localName,
    seen: seen.width > 0 && seen.bottom > 0 && seen.top < innerHeight,
    stays: Boolean((on.matches("a") ? on : on.form)?.hasAttribute("data-htmx-powered")),
  };
}"""
AWAIT_SWAP = """() => {
  globalThis.swapped = false;
  addEventListener("htmx:after:swap", () => { globalThis.swapped = true; }, { once: true });
}"""


class Keyboard:
    """Somebody who has nothing but keys."""

    def __init__(self, page: BrowserPage) -> None:
        self.page = page

    def tab_to(self, label: str, group: str = "", *, exact: bool = True) -> None:
        """Press Tab until something with these words, or with words that begin so, has the focus."""
        passed = []
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            found = self.page.evaluate(FOCUSED)
            if found is None:
                continue
            assert found["seen"], f"the focus cannot be seen: {found}"
            passed.append(found["label"])
            named = found["label"] == label if exact else found["label"].startswith(label)
            if named and found["group"].startswith(group):
                return
        raise AssertionError(f"no Tab leads to “{label}” of “{group}”: {passed}")

    def choose(self, group: str, answer: str) -> None:
        """Go into a group of answers and along it until one is chosen, by the keys of radio buttons."""
        self.tab_to("", group, exact=False)
        for _ in range(20):
            self.page.keyboard.press("Space")
            if answer in self.page.evaluate(FOCUSED)["label"]:
                return
            self.page.keyboard.press("ArrowRight")
            if answer in self.page.evaluate(FOCUSED)["label"]:
                return
        raise AssertionError(f"no key leads to “{answer}” of “{group}”")

    def tick(self, label: str, group: str) -> None:
        """Tick one of several, or take it back."""
        self.tab_to(label, group)
        self.page.keyboard.press("Space")

    def press(self, label: str, *, exact: bool = True) -> None:
        """Follow a link or press a button."""
        self.tab_to(label, exact=exact)
        self.enter()

    def enter(self) -> None:
        """Press Enter, and wait for the page that it leads to, or for the part of this one."""
        pressed = self.page.evaluate(FOCUSED)
        if pressed["kind"] == "summary":
            self.page.keyboard.press("Enter")
            return
        if pressed["stays"]:
            self.page.evaluate(AWAIT_SWAP)
            self.page.keyboard.press("Enter")
            self.page.wait_for_function("() => globalThis.swapped")
            return
        with self.page.expect_event("load"):  # A step that a script notes in the history of the browser is no new page.
            self.page.keyboard.press("Enter")

    def write(self, label: str, words: str) -> None:
        """Write into a field."""
        self.tab_to(label, exact=False)
        self.page.keyboard.type(words)

    def sign_in(self, person: Made) -> None:
        """Sign in, by a code too where one is asked for."""
        self.page.context.clear_cookies()
        self.page.goto("/sign-in")
        self.write("E-mail or sign-in name", person.sign_in_name)
        self.write("Password", person.password)
        self.enter()
        if person.totp_secret:
            self.write("Code", person.code)
            self.enter()


@pytest.fixture(params=["scripts on", "scripts off"])
def keys(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, watched: Watched
) -> Iterator[Keyboard]:
    """Open a page for somebody with a keyboard."""
    context = browser.new_context(
        base_url=live_server.url,
        service_workers="block",
        viewport={"width": 1280, "height": 800},
        java_script_enabled=request.param == "scripts on",
        reduced_motion="reduce",  # Keys are quicker than a fade, and Chromium calls a fade that was cut short a fault.
    )
    page = context.new_page()
    watched.watch(page)
    yield Keyboard(page)
    context.close()


def delete_and_undo(keys: Keyboard, entry: str) -> None:
    """Delete a check-in, and bring it back."""
    keys.page.goto(entry)
    keys.press("Delete")
    keys.press("Delete it")
    expect(keys.page.get_by_role("heading", level=1)).to_have_text("Deleted")
    keys.press("Undo")


def test_the_tasks_of_a_day(live_server: LiveServer, keys: Keyboard) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Robin Vale")
    assign_team(
        store, patient, make_clinician(store, practice, Discipline.PRESCRIBER), make_administrator(store, practice)
    )
    page = keys.page
    keys.sign_in(patient)
    assert page.url.endswith("/welcome")
    keys.press("Skip")
    keys.press("Leave it as it is")
    keys.press("Go to today")

    # A check-in, with what is unfolded, and back to it.
    keys.press("Check in")
    keys.choose("How are you now?", "Low")
    keys.choose("Any pull to drink or use?", "7")
    keys.choose("Since last time, did you drink or use?", "No")
    keys.press("More, if you like")
    keys.write("A note, if you like", "typed with keys alone")
    keys.press("Save")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved")
    keys.press("Change")
    keys.press("Save")
    entry = page.url
    keys.press("See my history")
    expect(page.get_by_text("typed with keys alone").first).to_be_visible()
    keys.press("7 days")
    keys.press("Calendar")
    keys.press("Search")
    keys.write("Words", "keys alone")
    keys.enter()
    expect(page.get_by_text("typed with keys alone").first).to_be_visible()

    delete_and_undo(keys, entry)
    expect(page.get_by_text("typed with keys alone").first).to_be_visible()

    # Sharing: given, paused, and ended.
    keys.press("Sharing")
    keys.press("Your prescriber", exact=False)
    keys.press("Choose what to share")
    keys.choose("Mood", "Each check-in")
    keys.choose("From when?", "Also what I wrote before")
    keys.choose("Until when?", "Until I end it")
    keys.write("Your name", "Robin Vale")
    keys.enter()
    expect(page.get_by_text("Signed. It holds from now on.")).to_be_visible()
    page.goto("/sharing")
    keys.press("Pause all sharing")
    expect(page.get_by_text("Paused: sees nothing right now")).to_be_visible()

    # Help, from anywhere, is the first thing that Tab finds.
    page.goto("/history")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["label"] == "Help now"
    keys.enter()
    assert page.url.endswith("/help")


def said(page: BrowserPage) -> dict[str, str]:
    """Return what the check-in on this page says, by question."""
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelector("dl.pairs").children].map((one) =>
          [one.querySelector("dt").textContent, one.querySelector("dd").textContent]))"""
    )
    return found


def test_all_that_a_check_in_can_say_and_what_folds_away(live_server: LiveServer, keys: Keyboard) -> None:
    """Two named things, sleep, anxiety, energy, chips of ours and of one's own; what was folded away is not sent."""
    store = live_server.store
    patient = make_patient(store, make_practice(store), name="Robin Vale")
    with store.work(writes=True):
        profile.change(patient.viewer, things=(Thing("one", Kind.ALCOHOL), Thing("two", Kind.OTHER, "kratom")))
        profile.finish_welcome(patient.viewer)
    page = keys.page
    kratom, amount = page.get_by_role("group", name="kratom"), page.get_by_label("How much, if you like")
    keys.sign_in(patient)
    keys.press("Check in")
    expect(kratom).to_be_hidden()
    keys.choose("Any pull to drink or use?", "6")
    expect(kratom).to_be_visible()
    keys.choose("Alcohol", "5")
    keys.choose("kratom", "3")
    expect(amount).to_be_hidden()
    keys.choose("Since last time, did you drink or use?", "Yes")
    keys.tick("Alcohol", "What was it?")
    keys.tick("kratom", "What was it?")
    keys.write("How much, if you like", "two glasses")
    keys.press("More, if you like")
    keys.choose("How many hours did you sleep?", "7")
    keys.choose("How anxious do you feel?", "8")
    keys.choose("How is your energy?", "High")
    keys.tick("Stress", "What made it harder?")
    keys.write("Something else that made it harder", "the dentist")
    keys.tick("A walk", "What helped?")
    keys.tick("Music", "What helped?")
    keys.write("Something else that helped", "my dog")
    keys.press("Save")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Saved")
    everything = {
        "Pull to drink or use": "6 of 10",
        "Alcohol": "5 of 10",
        "kratom": "3 of 10",
        "Drank or used": "Yes: Alcohol, kratom",
        "How much": "two glasses",
        "Sleep": "7 hours",
        "Anxious": "8 of 10",
        "Energy": "High",
        "Made it harder": "Stress, the dentist",
        "Helped": "A walk, Music, my dog",
    }
    assert said(page) == everything

    # A chip is taken back; what is folded away goes with its question, and is there again if it is opened.
    keys.press("Change")
    keys.choose("Any pull to drink or use?", "0, none")
    expect(kratom).to_be_hidden()
    keys.choose("Since last time, did you drink or use?", "No")
    expect(amount).to_be_hidden()
    keys.tick("A walk", "What helped?")
    keys.press("Save")
    folded = {"Pull to drink or use": "0 of 10", "Drank or used": "No", "Helped": "Music, my dog"}
    gone = ("Alcohol", "kratom", "How much")
    assert said(page) == {name: words for name, words in (everything | folded).items() if name not in gone}
    keys.press("Change")
    keys.choose("Since last time, did you drink or use?", "Yes")
    expect(amount).to_be_visible()
    expect(amount).to_have_value("")


DOORS = {
    "I am having thoughts of suicide": "suicide",
    "Someone may have overdosed": "overdose",
    "I feel very sick after stopping": "withdrawal",
    "I have a strong urge": "urge",
}


def test_the_four_doors_and_the_way_out(live_server: LiveServer, keys: Keyboard) -> None:
    page = keys.page
    page.goto("/sign-in")
    keys.press("Help now")
    for words, door in DOORS.items():
        inside = page.locator(f"#{door}")
        expect(inside).to_be_hidden()
        keys.press(words, exact=False)
        expect(inside).to_be_visible()
        expect(inside.locator("a[href^='tel:']").first).to_be_visible()
    # A page that is not watched: it leaves for another origin, which is answered here.
    leaving = Keyboard(page.context.new_page())
    leaving.page.route("https://www.weather.gov/**", lambda route: route.fulfill(body="<title>Weather</title>"))
    leaving.page.goto("/help")
    leaving.press("Leave", exact=False)
    assert leaving.page.url == "https://www.weather.gov/"


def test_a_clinicians_review_and_note_and_a_supporters_worry(live_server: LiveServer, keys: Keyboard) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Robin Vale")
    therapist = make_clinician(store, practice, Discipline.THERAPIST)
    mother, admin = make_supporter(store, practice), make_administrator(store, practice)
    assign_team(store, patient, therapist, admin)
    tie_supporter(store, patient, mother)
    make_check_in(store, patient, mood=1)
    give_consent(store, patient, therapist, {Category.MOOD: Level.DETAIL})
    page = keys.page

    # Hardest first, one patient, reviewed, and a note that the team can read.
    keys.sign_in(therapist)
    keys.press("Hardest check-ins first")
    keys.press("Robin Vale", exact=False)
    keys.press("Mark as reviewed")
    expect(page.get_by_text("Marked as reviewed.")).to_be_visible()
    keys.press("Write a note")
    keys.write("Your note", "Called on Monday")
    keys.choose("What does it touch on?", "Mood")
    keys.press("Save note")
    expect(page.get_by_text("Called on Monday")).to_be_visible()
    keys.press("Take back", exact=False)
    expect(page.get_by_text("Taken back: only you see it")).to_be_visible()

    # Whom to call at the practice, and when.
    keys.sign_in(admin)
    page.goto("/practice/numbers")
    keys.write("In your own words", "Night nurse")
    keys.write("Phone number", "555 0100")
    keys.press("Add")
    expect(page.locator("main li").get_by_text("Night nurse", exact=True)).to_be_visible()
    page.goto("/practice/hours")
    for label, typed in (("Opens", "0815AM"), ("Closes", "0530PM")):
        keys.tab_to(label, "Monday")
        page.keyboard.type(typed)
    keys.press("Save")

    # A worry, told to the team; whom to call in danger is a page of its own.
    keys.sign_in(mother)
    keys.press("I am worried")
    keys.press("No, and I want to ask them myself", exact=False)
    expect(page.get_by_text("How are you, really?")).to_be_in_viewport()
    keys.press("Help now")
    expect(page.locator("#practice a").filter(has_text="Night nurse")).to_be_visible()
    expect(page.locator("#practice dl")).to_contain_text("8:15\u00a0AM to 5:30\u00a0PM")
    page.goto("/supporting/worried")
    keys.press("Yes, or I am not sure", exact=False)
    expect(page.get_by_role("heading", level=1)).to_have_text("Help for someone else")
    page.goto("/supporting/worried")
    keys.press("No, but I want the team to know", exact=False)
    keys.choose("Who is it about?", "Robin Vale")
    keys.write("What worries you?", "No answer for two days")
    keys.press("Send")
    assert "/supporting/worried/sent" in page.url


def test_the_first_screens_answered(live_server: LiveServer, keys: Keyboard) -> None:
    """Each of the three is filled in or read, none skipped: what is unfolded is reached too."""
    patient = make_patient(live_server.store, make_practice(live_server.store), name="Robin Vale")
    page = keys.page
    keys.sign_in(patient)
    keys.tab_to("Cut down")
    page.keyboard.press("Space")
    keys.write("Something else, in your words", "sleep through")
    keys.choose("Do alcohol or drugs play a part for you?", "Yes")
    keys.tab_to("Alcohol")
    page.keyboard.press("Space")
    keys.press("Your name, pronouns and day")
    keys.write("What would you like to be called?", "Robby")
    keys.write("Your pronouns", "they")
    keys.tab_to("Your day starts at")
    keys.press("Go on")
    expect(page.get_by_role("heading", level=1)).to_have_text("Who may see what you write?")
    keys.press("Choose who may see what")
    assert page.url.endswith("/sharing")
    keys.press("Today")  # Leads past the last screen, once.
    expect(page.get_by_role("heading", level=1)).to_have_text("How to reach help")
    keys.press("Go to today")
    expect(page.get_by_role("heading", level=1)).to_have_text("Hello, Robby")
    page.goto("/settings/about-me")
    expect(page.get_by_label("Alcohol", exact=True)).to_be_checked()
    expect(page.get_by_label("Your pronouns")).to_have_value("they")


def test_a_past_day_is_filled_in_and_kept_to_oneself(live_server: LiveServer, keys: Keyboard) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Robin Vale")
    therapist = make_clinician(store, practice, Discipline.THERAPIST)
    assign_team(store, patient, therapist, make_administrator(store, practice))
    give_consent(store, patient, therapist, {Category.MOOD: Level.DETAIL})
    page = keys.page
    keys.sign_in(patient)
    keys.press("Skip all")
    keys.press("Check in")
    keys.press("Fill in another day")
    before_yesterday = page.locator("main details.more a").nth(1).inner_text().replace("\u00a0", " ")
    keys.press(before_yesterday)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Check in for {before_yesterday}")
    keys.choose("How are you now?", "Low")
    keys.press("Save")
    expect(page.get_by_text(before_yesterday).first).to_be_visible()
    # It is shared by now; kept to oneself, and shared again.
    keys.press("Keep this one to myself")
    expect(page.get_by_text("Only you. You keep this one to yourself.")).to_be_visible()
    keys.press("Let people I share with see it")
    expect(page.get_by_role("button", name="Keep this one to myself")).to_be_visible()


def test_a_worry_is_read_its_sender_muted_and_heard_again(live_server: LiveServer, keys: Keyboard) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient, mother = make_patient(store, practice, name="Robin Vale"), make_supporter(store, practice)
    therapist = make_clinician(store, practice, Discipline.THERAPIST)
    assign_team(store, patient, therapist, make_administrator(store, practice))
    tie_supporter(store, patient, mother)
    told = worries.Told(patient.id, "", "No answer for two days")
    with store.work(writes=True):
        worries.send(mother.viewer, new_id(), told)
    page = keys.page
    keys.sign_in(therapist)
    keys.press("Worries", exact=False)
    keys.press("Robin Vale", exact=False)
    keys.press("Mark as read")
    expect(page.get_by_text("Marked as read.")).to_be_visible()
    keys.press("Robin Vale", exact=False)
    keys.press("Mute this sender")
    keys.tab_to("Until", exact=False)
    keys.press("Mute")
    expect(page.get_by_text("kept aside until then")).to_be_visible()
    keys.press("Robin Vale", exact=False)
    keys.press("Hear them again")
    expect(page.get_by_text("They are heard again.")).to_be_visible()
