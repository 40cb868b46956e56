"""In real Chromium on a phone-sized page: every exercise, by its file, step by step, with and without a network.

Every exercise is completed, and each of its steps looked at for what is wider than the phone. What axe says follows
from two things: from how a page is built, whose parts many steps have in common, and from its words. So all its rules
are asked where any part of a step or page is built like none before, as it is shown; and of each exercise once more,
with all steps open and without those of colours, so that no label, name or heading goes unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect
from playwright.sync_api import Page as BrowserPage

from patient_app.skills import files, library, service
from patient_app.skills.facts import Exercise, Kind, Start
from tests.browser.phones import Phone
from tests.browser.test_accessibility import COLOURS, TOO_WIDE, axe
from tests.conftest import LiveServer, Watched
from tests.factories import Made, make_patient, make_practice
from tests.features.skills import given

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


@pytest.fixture
def patient(live_server: LiveServer) -> Made:
    return make_patient(live_server.store, make_practice(live_server.store))


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Phone]:
    phone = Phone(browser, live_server)
    yield phone
    phone.throw_away()


# How each part that is seen is built: elements, classes, kinds and roles, without words; what repeats, once.
PARTS = """
() => {
  const told = (element) => {
    if (!element.checkVisibility()) { return ""; }
    const named = [...element.attributes].map((one) => one.name)
      .filter((name) => name.startsWith("aria-") || name === "checked" || name === "hidden").sort();
    const own = [element.tagName, element.getAttribute("class"), element.type, element.getAttribute("role"), ...named];
    const parts = [...element.children].map(told).filter((part) => part !== "");
    return `${own}(${parts.filter((part, at) => part !== parts[at - 1])})`;
  };
  return [...document.querySelectorAll("main > :not(form), main > form > :not(.step), .step > *")].map(told);
}
"""
OPEN_ALL_STEPS = "() => document.querySelectorAll('.step').forEach((step) => { step.hidden = false; })"


def fill(step: Locator) -> None:
    """Answer every question of a step as a thumb would."""
    for more in step.locator("details.more:not([open]) > summary").all():
        more.click()
    for field in step.locator("textarea, input[type=text]").all():
        field.fill("What I wrote")
    for field in step.locator("input[type=date]").all():
        field.fill("2026-12-01")
    for field in step.locator("select").all():
        field.select_option(index=3)
    for group in step.locator("fieldset:has(input[type=radio]), fieldset:has(input[type=checkbox])").all():
        group.locator("label", has=group.page.locator("input:not([value=''])")).first.click()


def go_through(page: BrowserPage, exercise: Exercise, built: set[str] | None = None) -> list[str]:
    """Do an exercise up to its last step; return what is wrong with its steps. `built` is what was looked at before."""
    page.goto(f"/skills/{exercise.id}")
    steps, told = len(exercise.steps) + 2, []
    for number in range(1, steps + 1):
        step = page.locator(".step:visible")
        expect(step).to_have_count(1)
        expect(page.locator("[data-step-count]")).to_contain_text(f"Step {number} / {steps}")
        fill(step)
        if built is not None:
            told += faults(page, f"{exercise.id}, step {number}", built)
        if number < steps:
            page.get_by_role("button", name="Next").click()
            expect(page.locator(f"#step-{number + 1}-title")).to_be_focused()
    return told


def faults(page: BrowserPage, where: str, built: set[str]) -> list[str]:
    """Return what is wider than the phone, and what axe finds where any part is built like none that was looked at."""
    found, parts = list(page.evaluate(TOO_WIDE)), set(page.evaluate(PARTS))
    if not parts <= built:
        built |= parts
        found += axe(page)
    return [f"{where}: {one}" for one in found]


def give_all(live_server: LiveServer, world: given.World) -> None:
    """Have a clinician give the patient all that nobody starts alone."""
    for exercise in files.exercises().values():
        if exercise.start is not Start.ALONE:
            given.give(live_server.store, world, exercise.id)


def answered(live_server: LiveServer, patient: Made) -> dict[str, set[str]]:
    """Return which fields of which exercises were answered."""
    with live_server.store.work(writes=False):
        runs = service.own_runs(patient.viewer)
        return {run.exercise: set(service.own_run(patient.viewer, run.id).said.answers) for run in runs}


def every_field(exercises: Iterable[Exercise]) -> dict[str, set[str]]:
    """Return the fields of exercises that ask for something."""
    return {one.id: {field.id for field in one.fields if field.kind is not Kind.PACER} for one in exercises}


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "given"])
def test_every_exercise_is_done_step_by_step_and_axe_finds_nothing(
    alone: bool, phone: Phone, live_server: LiveServer
) -> None:
    world = given.make_world(live_server.store)
    patient = world.patient
    phone.sign_in(patient)
    give_all(live_server, world)
    told, built = list[str](), set[str]()
    exercises = [one for one in files.exercises().values() if (one.start is Start.ALONE) == alone]
    for exercise in exercises:
        told += go_through(phone.page, exercise, built)
        phone.page.evaluate(OPEN_ALL_STEPS)
        told += [f"{exercise.id}, all steps: {one}" for one in axe(phone.page, off=COLOURS)]
        phone.page.get_by_role("button", name="Save").click()
        expect(phone.page.locator("h1")).to_contain_text(str(exercise.title.en))
        phone.page.wait_for_url(re.compile("/skills/runs/"))
        told += faults(phone.page, f"{exercise.id}, read back", built)
    assert not told, "\n".join(told)
    assert answered(live_server, patient) == every_field(exercises)


def test_every_exercise_is_done_without_a_network_and_arrives_once(
    phone: Phone, patient: Made, live_server: LiveServer
) -> None:
    phone.sign_in(patient)
    phone.cut()
    for exercise in library.startable():  # None of their pages was opened before.
        go_through(phone.page, exercise)
        phone.page.get_by_role("button", name="Save").click()
        expect(phone.page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.mend()
    phone.page.goto("/today")
    phone.wait_for("outbox", 0)
    assert answered(live_server, patient) == every_field(library.startable())
    with live_server.store.work(writes=False):
        assert len(service.own_runs(patient.viewer)) == len(library.startable())


def test_the_way_back_leads_to_the_step_before_and_a_reload_keeps_every_word(phone: Phone, patient: Made) -> None:
    phone.sign_in(patient)
    page = phone.page
    page.goto("/skills/worry-time")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("My worries").fill("the rent")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("One step that I can take").fill("call them")
    page.go_back()
    expect(page.get_by_label("My worries")).to_have_value("the rent")
    page.go_forward()
    expect(page.get_by_label("One step that I can take")).to_have_value("call them")
    phone.wait_for("drafts", 1)
    page.reload()
    expect(page.get_by_label("One step that I can take")).to_have_value("call them")
    page.get_by_role("button", name="Stop here, keep it").click()
    expect(page.get_by_role("heading", name="Not finished, and that is fine")).to_be_visible()
    expect(page.get_by_text("the rent")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_label("My worries")).to_have_value("the rent")


def test_a_reload_and_a_link_out_of_the_steps_lead_to_no_other_step(phone: Phone, patient: Made) -> None:
    phone.sign_in(patient)
    page, shown = phone.page, phone.page.locator("[data-step-count]")
    page.goto("/skills/worry-time")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.reload()
    expect(shown).to_contain_text("Step 3 / ")
    page.locator("a.skip[href='#main']").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/skills/worry-time#main")
    expect(shown).to_contain_text("Step 3 / ")
    page.reload()
    expect(shown).to_contain_text("Step 3 / ")
    page.go_back()
    page.go_back()
    expect(shown).to_contain_text("Step 2 / ")


def test_a_page_with_something_to_check_opens_there_and_after_a_reload_where_it_was(
    phone: Phone, patient: Made, watched: Watched
) -> None:
    watched.expect("status of 422")
    phone.sign_in(patient)
    page, shown = phone.page, phone.page.locator("[data-step-count]")
    page.goto("/skills/worry-time")
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Save").click()  # Nothing is said.
    page.locator("#error-summary a").first.wait_for()
    expect(shown).to_contain_text("Step 1 / ")
    page.get_by_role("button", name="Next").click()
    page.locator("#error-summary a").first.click()
    expect(shown).to_contain_text("Step 1 / ")
    page.reload()
    expect(shown).to_contain_text("Step 1 / ")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    expect(shown).to_contain_text("Step 3 / ")
    page.reload()
    expect(shown).to_contain_text("Step 3 / ")


IN_SIGHT = """() => {
  const start = document.querySelector("[data-start]"), box = start.getBoundingClientRect();
  return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === start;
}"""


def test_time_and_breath_start_when_they_are_tapped(phone: Phone, patient: Made) -> None:
    phone.sign_in(patient)
    page = phone.page
    page.clock.install()
    page.goto("/skills/slow-breath#step-3")
    expect(page.locator("[data-word]:visible")).to_have_count(0)
    page.clock.run_for(10_000)
    expect(page.locator(".pacer-disc[data-phase]")).to_have_count(0)
    # On a small phone it can be started without a search, above the bar; and what it draws is a ring.
    assert page.evaluate(IN_SIGHT), "Start is hidden"
    ring = page.locator(".pacer-disc").evaluate(
        "(one) => { const it = getComputedStyle(one, '::before'); return [it.width, it.height]; }"
    )
    assert ring[0] == ring[1]
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("[data-word=in]")).to_be_visible()
    page.clock.run_for(4_100)
    expect(page.locator("[data-word=out]")).to_be_visible()
    page.clock.run_for(190_000)
    expect(page.get_by_text("The time is over.")).to_be_visible()
    page.goto("/skills/ride-the-wave#step-3")
    page.get_by_role("button", name="Start the time").click()
    page.clock.run_for(61_000)
    expect(page.get_by_text("Time to rate it again.")).to_be_visible()
    page.get_by_role("button", name="Stop the time").click()
    page.clock.run_for(1_000_000)
    expect(page.get_by_text("The time is over.")).to_be_hidden()


def test_without_scripts_all_steps_stand_below_each_other_and_are_kept(
    browser: Browser, live_server: LiveServer, patient: Made
) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail or sign-in name").fill(patient.sign_in_name)
    page.get_by_label("Password").fill(patient.password)
    page.get_by_role("button", name="Sign in").click()
    page.goto("/skills/five-senses")
    expect(page.locator(".step:visible")).to_have_count(len(files.exercises()["five-senses"].steps) + 2)
    page.get_by_label("What I see").fill("a lamp")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("a lamp")).to_be_visible()
    context.close()
