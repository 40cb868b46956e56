"""What a clinician gives, in a real browser: given, found on Today, done without a network, seen, taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from patient_app.consent.categories import Category, Level
from patient_app.skills import files
from patient_app.skills.assignments import Standing
from tests.browser.phones import REFRESH, Phone
from tests.browser.test_accessibility import TOO_WIDE, axe
from tests.browser.test_exercises import go_through
from tests.browser.test_whole_loop import sign_in
from tests.conftest import LiveServer, Watched
from tests.factories import give_consent
from tests.features.skills.given import LOCKED, give, make_world, own

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]


def test_an_exercise_is_given_done_without_a_network_seen_as_done_and_closed_again(
    browser: Browser, live_server: LiveServer, watched: Watched
) -> None:
    store = live_server.store
    world, title = make_world(store), files.exercises()[LOCKED].title.en
    give_consent(store, world.patient, world.therapist, {Category.SKILLS: Level.DETAIL})
    # Where the patient lives: between midnight here and there, what is done today would be of another day.
    phone = Phone(browser, live_server, timezone_id=world.patient.zone)
    phone.sign_in(world.patient)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 360, "height": 780}, is_mobile=True, has_touch=True
    )
    context.set_default_timeout(15_000)
    theirs, own = context.new_page(), phone.page
    watched.watch(theirs)
    sign_in(theirs, world.therapist)

    def faults() -> list[str]:
        return [one for page in (theirs, own) for one in (*axe(page), *page.evaluate(TOO_WIDE))]

    # The clinician gives it.
    theirs.goto(f"/team/{world.patient.id}/skills")
    theirs.get_by_role("link", name="Given exercises").tap()
    theirs.get_by_role("link", name="Give an exercise").tap()
    expect(theirs.get_by_role("heading", name="Open only once you give them")).to_be_visible()
    assert not faults()
    theirs.get_by_role("link", name=title).tap()
    theirs.get_by_label("How often").select_option(label="Each day")
    theirs.get_by_label("A note for the patient").fill("The first two steps.")
    assert not faults()
    theirs.get_by_role("button", name="Give it").tap()
    expect(theirs.get_by_text("Not done yet.")).to_be_visible()

    # The patient finds it on Today, and the phone has it from then on.
    own.goto("/today")
    own.locator(".today-lines li", has_text=title).get_by_role("link", name="Look at it").click()
    expect(own.get_by_text("The first two steps.")).to_be_visible()
    expect(own.get_by_text("Tom Birch (therapist) sees whether you did it.")).to_be_visible()
    assert not faults()
    phone.until(lambda: f"/skills/{LOCKED}" in phone.kept_addresses())
    phone.cut()
    go_through(own, files.exercises()[LOCKED])
    own.get_by_role("button", name="Save").click()
    expect(own.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.mend()
    own.goto("/today")
    phone.wait_for("outbox", 0)
    own.goto("/today")
    expect(own.locator(".today-lines li", has_text=title)).to_have_count(0)

    # The clinician sees that it was done, and no word of it; and takes it back, which closes it on the phone.
    theirs.reload()
    expect(theirs.get_by_text("Done once, on")).to_be_visible()
    assert "What I wrote" not in theirs.content()
    theirs.get_by_role("button", name="Take back").tap()
    expect(theirs.get_by_text("Taken back", exact=True)).to_be_visible()
    own.evaluate(REFRESH, True)
    phone.until(lambda: f"/skills/{LOCKED}" not in phone.kept_addresses())
    phone.cut()
    own.goto(f"/skills/{LOCKED}")
    expect(own.locator(".step")).to_have_count(0)
    phone.throw_away()
    context.close()


def test_saying_no_and_the_calm_page_are_said_without_a_network_and_arrive(
    browser: Browser, live_server: LiveServer
) -> None:
    store = live_server.store
    world = make_world(store)
    phone = Phone(browser, live_server)
    phone.sign_in(world.patient)
    given, page = give(store, world), phone.page
    page.goto(f"/skills/assigned/{given}")
    phone.until(lambda: {"/simple", f"/skills/assigned/{given}"} <= set(phone.kept_addresses()))
    phone.cut()
    page.goto(f"/skills/assigned/{given}")
    page.get_by_text("Not for me now").click()
    page.get_by_label("A word on it").fill("Too much now")
    page.get_by_role("button", name="Say no").click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    # What waits is changed in its own form.
    page.goto("/waiting")
    expect(page.get_by_text("Saying no")).to_be_visible()
    page.goto("/simple")
    page.get_by_role("button", name="Keep it like this").click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    assert own(store, world, given).stands
    phone.mend()
    page.goto("/today")
    phone.wait_for("outbox", 0)
    page.goto("/today")
    expect(page.get_by_role("heading", name="Three things that may help")).to_be_visible()
    found = own(store, world, given)
    assert (found.standing, found.word) == (Standing.DECLINED, "Too much now")
    phone.throw_away()
