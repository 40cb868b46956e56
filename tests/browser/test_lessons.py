"""In real Chromium on a phone-sized page: a lesson read, heard, kept, and there without a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from patient_app.factory import create_app
from patient_app.learn import library, service
from patient_app.learn.facts import Audience
from tests.browser.phones import Phone
from tests.browser.test_accessibility import TOO_WIDE, axe
from tests.conftest import LiveServer
from tests.factories import Made, make_patient, make_practice

pytestmark = [pytest.mark.browser, pytest.mark.sqlite]

LESSONS = [one for those in library.library_of("").by_path("en", Audience.PATIENTS).values() for one in those]
PLAIN = next(one for one in LESSONS if not one.content_note)
NOTED = next(one for one in LESSONS if one.content_note)
# A phone's voices: what is said is written down. Which of them is the phone's own is filled in.
VOICES = """
  window.said = [];
  class Said { constructor(words) { this.text = words; } }
  const spoken = {
    getVoices: () => ["en-GB", "en_US", "es-ES"].map((lang) => ({ lang, localService: %s })),
    speak: (one) => { window.said.push(one.text); window.spoke = one.voice.lang; one.onstart?.(); },
    cancel: () => {},
    addEventListener: () => {},
  };
  Object.defineProperty(window, "speechSynthesis", { value: spoken });
  window.SpeechSynthesisUtterance = Said;
"""


@pytest.fixture
def patient(live_server: LiveServer) -> Made:
    return make_patient(live_server.store, make_practice(live_server.store))


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Phone]:
    phone = Phone(browser, live_server)
    yield phone
    phone.throw_away()


def test_what_was_saved_is_read_without_a_network_and_a_word_about_it_arrives(
    phone: Phone, patient: Made, live_server: LiveServer
) -> None:
    phone.sign_in(patient)
    page = phone.page
    page.goto(f"/learn/lessons/{PLAIN.slug}")
    assert not page.evaluate(TOO_WIDE)
    assert not axe(page)
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_role("button", name="Take it off my lessons")).to_be_visible()
    page.goto("/learn/saved")
    page.get_by_text(PLAIN.title).click()
    assert not axe(page)
    page.goto(f"/learn/lessons/{PLAIN.slug}")
    phone.cut()
    page.goto("/learn/saved")
    page.get_by_text(PLAIN.title).click()
    expect(page.get_by_role("heading", name=PLAIN.sections[0].heading)).to_be_visible()
    page.goto(f"/learn/lessons/{PLAIN.slug}")
    page.get_by_role("button", name="I read it").click()
    expect(page.get_by_role("heading", name="Saved on this phone")).to_be_visible()
    phone.mend()
    page.goto("/today")
    phone.wait_for("outbox", 0)
    with live_server.store.work(writes=False):
        mark = service.own_learning(patient.viewer).mark(PLAIN.slug)
    assert mark.read
    assert mark.saved


def test_without_a_network_the_page_of_a_lesson_points_to_the_saved_ones(phone: Phone, patient: Made) -> None:
    phone.sign_in(patient)
    phone.cut()
    page = phone.page
    page.goto("/learn/lessons/not-opened-before")
    expect(page.get_by_role("heading", level=1)).to_have_text("No network right now")
    expect(page.get_by_text("it is not kept on this phone")).to_be_hidden()
    page.get_by_role("link", name="Saved lessons").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saved")
    page.goto("/sharing")
    expect(page.get_by_role("heading", level=1)).to_have_text("No network right now")
    expect(page.get_by_role("link", name="Saved lessons")).to_be_hidden()


def test_a_hard_one_opens_when_it_is_asked_for(phone: Phone, patient: Made) -> None:
    phone.sign_in(patient)
    page = phone.page
    page.goto(f"/learn/lessons/{NOTED.slug}")
    first = page.get_by_role("heading", name=NOTED.sections[0].heading)
    expect(page.get_by_text(NOTED.content_note)).to_be_visible()
    expect(first).to_be_hidden()
    expect(page.get_by_role("link", name="Something lighter instead")).to_be_visible()
    page.get_by_text("Read it now").click()
    expect(first).to_be_visible()
    assert not page.evaluate(TOO_WIDE)
    assert not axe(page)


@pytest.mark.parametrize("is_own", [True, False])
def test_it_is_read_aloud_by_a_voice_of_the_phones_own_and_by_no_other(
    phone: Phone, patient: Made, is_own: bool
) -> None:
    phone.sign_in(patient)
    page = phone.page
    page.add_init_script(VOICES % str(is_own).lower())
    page.goto(f"/learn/lessons/{PLAIN.slug}")
    button = page.locator("[data-read-aloud]")
    # Until its script has run, the button is hidden in any case.
    page.evaluate("() => import(document.querySelector('[data-script*=read_aloud]').dataset.script)")
    if not is_own:
        expect(button).to_be_hidden()
        return
    assert page.evaluate("window.said") == []  # Nothing before it is tapped.
    button.click()
    said = page.evaluate("window.said")
    assert said[0] == PLAIN.sections[0].heading
    assert page.evaluate("window.spoke") == "en_US"
    assert not [words for words in said if "[" in words]
    expect(button).to_have_text("Stop reading")
    button.click()
    expect(button).to_have_text("Read it to me")


def test_the_voice_is_the_one_that_speaks_as_people_here_do(phone: Phone, live_server: LiveServer) -> None:
    release = create_app(live_server.config, live_server.store).extensions["static_files"].release
    phone.page.goto("/sign-in")

    def chosen(language: str, *own: str) -> str | None:
        """Return which of a phone's own voices is taken; others it has for es-US and en-US are somebody's server."""
        voice: str | None = phone.page.evaluate(
            """async ([address, language, own]) => {
              const { voiceFor } = await import(address);
              const served = ["es-US", "en-US"].map((lang) => ({ lang, localService: false }));
              const mine = own.map((lang) => ({ lang, localService: true }));
              return voiceFor([...served, ...mine], language)?.lang ?? null;
            }""",
            [f"/static/{release}/js/read_aloud.js", language, own],
        )
        return voice

    assert chosen("es", "es-ES", "en-US", "es-MX", "es_US") == "es_US"
    assert chosen("es", "es-ES", "es-AR", "es-419") == "es-419"
    assert chosen("es", "es-ES", "es-AR") == "es-AR"
    assert chosen("es", "fr-FR", "es-ES") == "es-ES"
    assert chosen("en", "en-GB", "en-US") == "en-US"
    assert chosen("es", "en-US", "est-EE") is None
