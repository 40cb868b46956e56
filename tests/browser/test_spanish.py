"""Every page in a browser on the smallest phone, in Spanish and the pseudo-language; a patient's and readers' ways."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, Locator, ViewportSize, expect
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import text
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from patient_app.core.roles import Discipline
from patient_app.core.work import db
from tests.browser.conftest import PEOPLE, Survey
from tests.browser.test_accessibility import NOT_THERE, TOO_WIDE, Site
from tests.conftest import NO_WORKER, LiveServer, Watched, serving
from tests.factories import (
    Made,
    assign_team,
    make_administrator,
    make_clinician,
    make_patient,
    make_practice,
    make_supporter,
    tie_supporter,
)
from tests.nursery import Nursery
from tests.page import Page
from tests.sweeps.test_house_rules import _data, unmarked
from tests.sweeps.test_spanish import Wrong
from tests.sweeps.world import World

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite]

SMALLEST = ViewportSize(width=320, height=568)
STYLES = "/styleguide"
NOTE = "Caminé a casa por el camino largo."


@pytest.fixture(scope="module")
def site(
    survey: Survey, tmp_path_factory: pytest.TempPathFactory, browser: Browser, nursery: Nursery
) -> Iterator[Site]:
    """Serve a copy of the world, and leave out what is only for developers, and in English."""
    folder = tmp_path_factory.mktemp("spanish")
    world = survey.world.copy(folder / "instance")
    pages = {person: tuple(page for page in found if page != STYLES) for person, found in survey.pages.items()}
    with serving(world.config, folder / "server.log", nursery, DEVELOPMENT="1") as server:
        found = Site(server, world, browser, pages)
        yield found
        for context in found.contexts.values():
            context.close()


def speak(world: World, language: str) -> None:
    """Let everybody read in a language from now on."""
    with world.opened() as (_app, store), store.work(writes=True):
        db().execute(text("UPDATE person SET language = :language"), {"language": language})


def walk(site: Site, person: str, language: str) -> Iterator[tuple[str, BrowserPage]]:
    """Yield each page of a person on the smallest phone, all of it unfolded."""
    watched = Watched(site.server.url)
    watched.expect(NO_WORKER, *NOT_THERE)
    page = site.open(person, locale="es-US" if language == "es" else "en-US")
    watched.watch(page)
    page.set_viewport_size(SMALLEST)
    for address in site.pages[person]:
        asked = f"{address}{'&' if '?' in address else '?'}language={language}"
        page.goto(asked if language == "xx" or person == "anonymous" else address)
        page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        yield address, page
    page.close()
    assert not watched.problems, "\n".join(watched.problems)


def as_drawn(page: BrowserPage) -> Page:
    """Return what stands on a page now, with what scripts wrote, for the tests' own eyes."""
    asked = EnvironBuilder().get_request()
    return Page([page.content().encode()], "200 OK", Headers({"Content-Type": "text/html"}), asked)


@pytest.mark.parametrize("person", PEOPLE)
def test_every_word_in_the_browser_went_through_gettext(site: Site, person: str) -> None:
    speak(site.world, "en")
    data, problems = _data(site.world), []
    for address, page in walk(site, person, "xx"):
        problems += [f"{address}: {told}" for told in unmarked(as_drawn(page), data)]
        problems += [f"{address} is too wide: {told}" for told in page.evaluate(TOO_WIDE)]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("person", PEOPLE)
def test_no_spanish_page_is_wider_than_the_smallest_phone(site: Site, person: str) -> None:
    speak(site.world, "es")
    problems = []
    for address, page in walk(site, person, "es"):
        if page.locator("html").get_attribute("lang") != "es":
            problems.append(f"{address} is not in Spanish")
        problems += [f"{address} is too wide: {told}" for told in page.evaluate(TOO_WIDE)]
    assert not problems, "\n".join(problems)


# --- the main loop ----------------------------------------------------------------------------------------------


def answer(page: BrowserPage, group: str, words: str) -> None:
    """Tap an answer as a thumb does: on its words."""
    found = page.get_by_role("group", name=group).locator("label").filter(has_text=re.compile(rf"^\s*{words}"))
    found.first.tap()


def card_of(page: BrowserPage, with_whom: str) -> Locator:
    """Return the opened card of somebody on the page about sharing."""
    page.goto("/sharing")
    card = page.locator("details.recipient", has_text=with_whom)
    card.locator("summary").first.tap()
    return card


def test_the_main_loop_in_spanish(browser: Browser, live_server: LiveServer, watched: Watched) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Rosa Vale", language="es")
    prescriber = make_clinician(store, practice, Discipline.PRESCRIBER)
    assign_team(store, patient, prescriber, make_administrator(store, practice))
    context = browser.new_context(
        base_url=live_server.url,
        viewport=SMALLEST,
        is_mobile=True,
        has_touch=True,
        locale="en-US",
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    watched.watch(page)

    # The browser asks for English; a visitor taps Spanish, once, and the phone remembers.
    page.goto("/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_role("link", name="Español").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
    page.goto("/help")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ayuda ya")
    expect(page.get_by_role("link", name=re.compile("Llamar al 988")).first).to_have_attribute("href", "tel:988")
    texted = page.get_by_role("link", name=re.compile("Enviar AYUDA al 988")).first
    expect(texted).to_have_attribute("href", "sms:988?&body=AYUDA")

    page.goto("/sign-in")
    page.get_by_label("Correo o nombre para iniciar sesión").fill(patient.sign_in_name)
    page.get_by_label("Contraseña").fill(patient.password)
    page.get_by_role("button", name="Iniciar sesión").tap()
    expect(page.locator("html")).to_have_attribute("lang", "es")

    # Check in, and read it back.
    page.goto("/check-in")
    answer(page, "¿Cómo está ahora?", "Bajo")
    answer(page, "¿Tiene ganas de beber o usar?", "7")
    answer(page, "Desde la última vez, ¿bebió o usó?", "No")
    page.get_by_text("Más, si quiere").tap()
    page.get_by_label("Una nota, si quiere").fill(NOTE)
    page.get_by_role("button", name="Guardar").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Guardado")
    expect(page.get_by_role("heading", name="Para ganas muy fuertes")).to_be_visible()
    page.goto("/history")
    for words in ("Bajo", "7 de 10", NOTE):
        expect(page.get_by_text(words).filter(visible=True).first).to_be_visible()

    shared_and_ended(page)

    # After signing out the phone still speaks Spanish.
    page.goto("/settings")
    page.get_by_role("button", name="Cerrar sesión", exact=True).first.tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("Iniciar sesión")
    context.close()


def shared_and_ended(page: BrowserPage) -> None:
    """Share, and end it. What is signed is English, and stands in Spanish beside."""
    card_of(page, "Su profesional que receta").get_by_role("link", name="Elegir qué compartir").tap()
    answer(page, "Ánimo", "Cada")
    answer(page, "¿Desde cuándo?", "También lo que escribí antes")
    answer(page, "¿Hasta cuándo?", "Hasta que yo lo termine")
    expect(page.locator("[lang=en].own-words")).to_contain_text("Consent to share my information")
    expect(page.locator("[lang=es].own-words")).to_contain_text("Consentimiento para compartir mi información")
    page.get_by_label("Su nombre").fill("Rosa Vale")
    page.locator("main form button[type=submit]:visible").first.tap()
    expect(page.get_by_text("Firmado. Vale desde ahora.")).to_be_visible()

    card = card_of(page, "Su profesional que receta")
    card.locator("summary", has_text="Más").tap()
    card.locator("summary", has_text=re.compile(r"^\s*Terminar\s*$")).tap()
    card.get_by_role("button", name="Terminar", exact=True).tap()
    expect(page.get_by_text(re.compile("no ve nada desde ahora")).first).to_be_visible()


# --- a patient's other ways, and whoever reads ------------------------------------------------------------------

# Where it is day now: in the first hours of a date one's own day is still the one before, and a medicine begins with
# the date.
ZONE = "UTC" if 5 <= datetime.now(UTC).hour < 22 else "America/Los_Angeles"
LESSON, EXERCISE = "two-hands", "slow-breath"
QUESTION = "¿Puedo tomarla por la noche?"
Open = Callable[[Made], BrowserPage]


@pytest.fixture(scope="module")
def english() -> Wrong:
    """Finds English that stands where Spanish should."""
    return Wrong(0)


@pytest.fixture
def open_phone(browser: Browser, live_server: LiveServer, watched: Watched) -> Iterator[Open]:
    """Return a function that signs a person in, in Spanish, on a phone of their own and returns its page."""
    contexts = []

    def open_for(person: Made) -> BrowserPage:
        context = browser.new_context(
            base_url=live_server.url,
            service_workers="block",
            viewport=ViewportSize(width=360, height=780),
            is_mobile=True,
            has_touch=True,
            locale="es-US",
            timezone_id=ZONE,
            reduced_motion="reduce",
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        watched.watch(page)
        page.goto("/sign-in")
        page.get_by_label("Correo o nombre para iniciar sesión").fill(person.sign_in_name)
        page.get_by_label("Contraseña").fill(person.password)
        page.get_by_role("button", name="Iniciar sesión").tap()
        if person.totp_secret is not None:
            page.get_by_label("Código").fill(person.code)
            page.get_by_label("Código").press("Enter")
        page.wait_for_url(lambda address: "/sign-in" not in address)
        return page

    yield open_for
    for context in contexts:
        context.close()


def all_spanish(page: BrowserPage, english: Wrong) -> None:
    """Ask that a page says that it is Spanish, and that no English of ours stands on it."""
    expect(page.locator("html")).to_have_attribute("lang", "es")
    told = english.on(as_drawn(page))
    assert not told, f"{page.url}: {told}"


def save(page: BrowserPage, button: str) -> None:
    page.locator("main").get_by_role("button", name=button, exact=True).first.tap()


def test_a_medicine_found_by_its_spanish_name_is_logged(
    live_server: LiveServer, open_phone: Open, english: Wrong
) -> None:
    patient = make_patient(live_server.store, make_practice(live_server.store), language="es", zone=ZONE)
    page = open_phone(patient)
    page.goto("/medications")
    page.get_by_role("link", name="Agregar una medicina").first.tap()
    page.get_by_label("¿Cómo se llama?").fill("sertralina")
    save(page, "Buscar")
    found = page.get_by_role("link", name="sertraline")
    expect(found).to_contain_text("sertralina · Zoloft")
    all_spanish(page, english)
    found.tap()
    expect(page.locator(".lead")).to_have_text("sertraline · sertralina")
    page.get_by_role("link", name="Una vez al día, a cualquier hora").tap()
    page.get_by_label("¿Cuánto?").fill("1")
    answer(page, "¿Es para alcohol o drogas?", "No")
    all_spanish(page, english)
    save(page, "Agregarla")

    # On the box it is English; the Spanish name is beside it, and in what is due today.
    expect(page.get_by_role("heading", level=1)).to_contain_text("sertraline")
    expect(page.locator(".lead")).to_contain_text("sertralina")
    all_spanish(page, english)
    page.goto("/medications")
    due = page.locator(".dose-group")
    expect(due).to_contain_text("sertralina · 1 tableta")
    due.get_by_role("button", name="Tomada", exact=True).tap()
    expect(page.locator(".dose-group .dose-state")).to_have_text(re.compile("Tomada"))
    all_spanish(page, english)


def test_an_exercise_is_done_in_spanish(live_server: LiveServer, open_phone: Open, english: Wrong) -> None:
    page = open_phone(make_patient(live_server.store, make_practice(live_server.store), language="es", zone=ZONE))
    page.goto("/skills")
    all_spanish(page, english)
    page.locator("summary").filter(has_text="Siento pánico").first.tap()
    page.get_by_role("link", name="Respirar despacio").filter(visible=True).first.tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Respirar despacio")
    answer(page, "¿Qué tan tenso está el cuerpo ahora?", "6")
    steps = page.locator(".step").count()
    for number in range(1, steps + 1):
        expect(page.locator("[data-step-count]")).to_have_text(f"Paso {number} / {steps}")
        all_spanish(page, english)
        if page.get_by_label("Una palabra sobre esto, si quiere").is_visible():
            page.get_by_label("Una palabra sobre esto, si quiere").fill("Más calma")
        if number < steps:
            page.get_by_role("button", name="Siguiente", exact=True).tap()
    save(page, "Guardar")
    page.wait_for_url(re.compile("/skills/runs/"))
    for words in ("Lo que escribió", "Más calma", "Quién puede ver esto"):
        expect(page.get_by_text(words).filter(visible=True).first).to_be_visible()
    all_spanish(page, english)
    page.goto("/skills/done")
    expect(page.get_by_role("heading", name="Respirar despacio")).to_be_visible()
    all_spanish(page, english)


def test_a_lesson_is_read_kept_and_asked_about_in_spanish(
    live_server: LiveServer, open_phone: Open, english: Wrong
) -> None:
    page = open_phone(make_patient(live_server.store, make_practice(live_server.store), language="es", zone=ZONE))
    page.goto("/learn")
    all_spanish(page, english)
    page.goto(f"/learn/lessons/{LESSON}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hablar, medicina o las dos")
    save(page, "Guardarla")
    expect(page.get_by_role("button", name="Quitarla de mis lecciones")).to_be_visible()
    page.get_by_text("Preguntar a mi equipo por esto").tap()
    page.get_by_label("¿Qué quiere preguntar?").fill(QUESTION)
    all_spanish(page, english)
    save(page, "Ponerla en la lista")
    expect(page.get_by_text("Su pregunta está en la lista para su próxima cita.")).to_be_visible()
    all_spanish(page, english)
    page.goto("/learn/saved")
    expect(page.get_by_text("Hablar, medicina o las dos").first).to_be_visible()
    all_spanish(page, english)
    page.goto("/appointments/to-raise")
    expect(page.locator("textarea, input[type=text]").filter(visible=True).first).to_have_value(re.compile("noche"))
    all_spanish(page, english)


def test_what_is_shared_is_read_in_spanish_with_the_notice_of_the_law_in_english_beside(
    live_server: LiveServer, open_phone: Open, english: Wrong
) -> None:
    store = live_server.store
    practice = make_practice(store)
    patient = make_patient(store, practice, name="Rosa Vale", language="es", zone=ZONE)
    prescriber = make_clinician(store, practice, Discipline.PRESCRIBER, name="Dra. Luz Ríos", language="es")
    supporter = make_supporter(store, practice, name="Ana Vale", language="es")
    assign_team(store, patient, prescriber, make_administrator(store, practice))
    tie_supporter(store, patient, supporter, name="Ana")
    page = open_phone(patient)
    page.goto("/check-in")
    answer(page, "¿Cómo está ahora?", "Bajo")
    answer(page, "¿Tiene ganas de beber o usar?", "7")
    save(page, "Guardar")
    expect(page.get_by_role("heading", level=1)).to_have_text("Guardado")
    all_spanish(page, english)
    share(page, english, "Su profesional que receta", "Rosa Vale", ("Ánimo", "Alcohol y drogas"))
    share(page, english, "Ana", "Rosa Vale", ("Ánimo",))
    expect(page.get_by_text("Sin fecha de fin, hasta que usted lo termine.").first).to_be_attached()

    home = open_phone(supporter)
    all_spanish(home, english)
    home.goto("/supporting")
    home.get_by_role("link", name=re.compile("Rosa Vale")).tap()
    expect(home.get_by_text("Compartido con usted").first).to_be_visible()
    expect(home.get_by_text("Bajo", exact=True).first).to_be_visible()
    all_spanish(home, english)
    for absent in ("7 de 10", "42 CFR", "Bebió o usó"):
        assert absent not in home.content(), absent

    clinic = open_phone(prescriber)
    all_spanish(clinic, english)
    clinic.goto("/team")
    clinic.get_by_role("link", name=re.compile("Rosa Vale")).first.tap()
    expect(clinic.get_by_text("7 de 10").first).to_be_visible()
    expect(clinic.get_by_text(re.compile("Usted ve solo lo que esta persona eligió compartir")).first).to_be_visible()
    said = clinic.locator("[lang=en][translate=no]", has_text="42 CFR part 2 prohibits unauthorized use")
    expect(said).to_be_visible()
    beside = clinic.locator("[lang=es]", has_text="La norma 42 CFR parte 2 prohíbe usar o divulgar estos registros")
    expect(beside.last).to_be_visible()
    all_spanish(clinic, english)
    # The time of an entry stands on one line, also "11:04 p. m.", after which the answers may take two.
    at = clinic.locator(".timed .entry > :first-child").first
    assert at.evaluate(
        """(part) => {
          const words = document.createRange();
          words.selectNodeContents(part);
          return words.getBoundingClientRect().height < 1.5 * parseFloat(getComputedStyle(part).lineHeight);
        }"""
    )


def share(page: BrowserPage, english: Wrong, with_whom: str, name: str, what: tuple[str, ...]) -> None:
    """Share each entry of some parts with somebody, from the first one on, with no end."""
    card_of(page, with_whom).get_by_role("link", name="Elegir qué compartir").tap()
    all_spanish(page, english)
    for part in what:
        answer(page, part, "Cada")
    answer(page, "¿Desde cuándo?", "También lo que escribí antes")
    answer(page, "¿Hasta cuándo?", "Hasta que yo lo termine")
    page.get_by_label("Su nombre").fill(name)
    page.locator("main form button[type=submit]:visible").first.tap()
    expect(page.get_by_text("Firmado. Vale desde ahora.")).to_be_visible()
    all_spanish(page, english)
