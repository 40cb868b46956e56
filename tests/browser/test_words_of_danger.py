"""Words that suggest danger bring up help, on the phone alone: in sight above Save, and nothing is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page as BrowserPage
from playwright.sync_api import expect

from patient_app.core.roles import Role
from tests.conftest import LiveServer
from tests.factories import make_check_in, make_person, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]
IN_SIGHT = """(link) => {
  const box = link.getBoundingClientRect();
  return link.contains(document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2));
}"""


@pytest.fixture
def opened(live_server: LiveServer, phone: BrowserPage) -> Callable[[str], BrowserPage]:
    """Return a function that opens a page of a patient: a new check-in, or one that is changed."""
    store = live_server.store
    patient = make_person(store, make_practice(store), Role.PATIENT)
    entry = make_check_in(store, patient)
    phone.goto("/sign-in")
    phone.get_by_label("E-mail or sign-in name").fill(patient.sign_in_name)
    phone.get_by_label("Password").fill(patient.password)
    phone.get_by_role("button", name="Sign in").click()
    phone.wait_for_url("**/welcome")

    def open_it(which: str) -> BrowserPage:
        phone.goto("/check-in" if which == "new" else f"/check-in/{entry}/change")
        more = phone.locator("form details.more")
        if not more.evaluate("(part) => part.open"):
            more.locator("summary").click()
        return phone

    return open_it


@pytest.mark.parametrize("which", ["new", "changed"])
@pytest.mark.parametrize("field", ["#note", "#own_trigger"])
def test_help_is_in_sight_at_once_and_nothing_is_sent(
    opened: Callable[[str], BrowserPage], which: str, field: str
) -> None:
    page = opened(which)
    near = page.locator("#near")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    page.locator(field).press_sequentially("I want to sleep. ")
    expect(near).to_be_hidden()
    page.locator(field).press_sequentially("I want to die")
    expect(near).to_be_visible()
    for number in ("tel:988", "sms:988", "tel:911"):
        link = near.locator(f"a[href='{number}']")
        expect(link).to_be_in_viewport(ratio=1)
        assert link.evaluate(IN_SIGHT), f"{number} is covered"
    assert page.locator(field).evaluate(IN_SIGHT), "the words are covered"
    assert page.locator(".save-bar button").evaluate(IN_SIGHT), "Save is covered"
    assert page.locator(field).input_value() == "I want to sleep. I want to die"
    assert not [address for address in sent if "/static/" not in address]  # Scripts come when they are needed.
    # It is a matter of these words: where they come back as a draft, it does too, and on no other page.
    page.goto("/today")
    expect(page.locator("#near")).to_have_count(0)


@pytest.mark.parametrize(
    ("words", "comes"), [("It was fine. Then: I keep thinking about ending my life.", True), ("Fine", False)]
)
def test_help_stands_by_what_was_just_saved(opened: Callable[[str], BrowserPage], words: str, *, comes: bool) -> None:
    page = opened("new")
    page.locator("#note").fill(words)
    page.locator(".save-bar button").click()
    page.wait_for_url("**/check-in/*?done=saved*")
    near = page.locator("#near")
    expect(page.locator("main .own-words")).to_have_text(words)
    page.evaluate("() => import(document.querySelector('main [data-script]').dataset.script)")  # It has run.
    if comes:
        for number in ("tel:988", "sms:988", "tel:911"):
            link = near.locator(f"a[href='{number}']")
            expect(link).to_be_in_viewport(ratio=1)
            # While one page passes over into the next, nothing on it is hit.
            page.wait_for_function(f"([link]) => ({IN_SIGHT})(link)", arg=[link.element_handle()])
    else:
        expect(near).to_be_hidden()
    # Looked back at later it is only what was written then.
    page.goto(page.url.partition("?")[0])
    expect(near).to_have_count(0)
