"""The manifest: right, complete, the same whoever asks; and the name and icon that a person chose."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from flask import Flask

from patient_app.core import faces
from patient_app.core.work import Store
from patient_app.offline.manifest import PAPER
from patient_app.styleguide import tokens
from tests.factories import Made, make_patient, make_practice, make_supporter, sign_in
from tests.page import Client, Page, text_of

OWN, PLAIN = "/manifest.webmanifest", "/manifest.webmanifest?as=notes"
TELLING = ("health", "care", "mood", "crav", "drink", "recover", "clinic", "patient", "tandem")
LARGEST_SCREENSHOT = 60_000


@pytest.fixture
def patient(store: Store) -> Made:
    return make_patient(store, make_practice(store), name="Dana Reyes", sign_in_name="dana@example.org")


def manifest(client: Client, address: str = OWN) -> dict[str, Any]:
    page = client.get(address)
    assert page.status_code == 200
    assert page.content_type == "application/manifest+json"
    made: dict[str, Any] = json.loads(page.get_data())
    return made


def choose(client: Client, word: str) -> Page:
    return client.submit(client.get("/settings/name").form(field="shown_as"), shown_as=word)


def size_of(picture: bytes) -> str:
    """Return the size that a PNG or WebP file has in its first bytes."""
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack(">II", picture[16:24])
    else:
        assert (picture[:4], picture[8:16]) == (b"RIFF", b"WEBPVP8X")
        width, height = (int.from_bytes(picture[place : place + 3], "little") + 1 for place in (24, 27))
    return f"{width}x{height}"


def link(page: Page, rel: str) -> str:
    return page.one("link", rel=rel).get("href") or ""


def manifest_of(page: Page) -> str:
    """Return the address of the manifest, which a script of the page links once the page is on the screen."""
    (found,) = [address for one in page.all("script") if (address := one.get("data-manifest"))]
    return found


def names_on(page: Page) -> set[str]:
    """Return every name under which a page shows the application."""
    return {
        page.title.rpartition(" · ")[2],
        text_of(page.one("a", class_name="brand")),
        page.one("meta", name="apple-mobile-web-app-title").get("content") or "",
    }


# --- the manifest ----------------------------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("face", faces.FACES.values(), ids=list(faces.FACES))
def test_the_manifest_has_all_that_an_installation_needs(client: Client, face: faces.Face) -> None:
    made = manifest(client, face.manifest)
    assert made["id"] == made["start_url"] == made["scope"] == "/"
    assert (made["display"], made["lang"], made["dir"]) == ("standalone", "en", "ltr")
    assert made["name"] == made["short_name"]
    assert len(made["short_name"]) <= 12  # Longer names are cut off under an icon.
    kinds = {(icon["purpose"], icon["sizes"]) for icon in made["icons"]}
    assert {(purpose, size) for purpose in ("any", "maskable") for size in ("192x192", "512x512")} < kinds
    assert ("monochrome", "512x512") in kinds


@pytest.mark.sqlite
@pytest.mark.parametrize("face", faces.FACES.values(), ids=list(faces.FACES))
def test_every_picture_is_there_with_the_size_it_says(client: Client, face: faces.Face) -> None:
    made = manifest(client, face.manifest)
    for picture in made["icons"] + made.get("screenshots", []):
        file = client.get(picture["src"])
        assert (file.status_code, file.content_type) == (200, picture["type"])
        assert size_of(file.get_data()) == picture["sizes"], picture["src"]
    apple = client.get(link(client.get("/sign-in"), "apple-touch-icon"))
    assert size_of(apple.get_data()) == "180x180"


@pytest.mark.sqlite
def test_the_screenshots_are_small_and_there_is_one_for_phones_and_one_for_computers(client: Client) -> None:
    shots = manifest(client)["screenshots"]
    assert {shot["form_factor"] for shot in shots} == {"narrow", "wide"}
    assert all(shot["label"] for shot in shots)
    assert max(len(client.get(shot["src"]).get_data()) for shot in shots) < LARGEST_SCREENSHOT
    shapes = {shot["sizes"] for shot in shots if shot["form_factor"] == "narrow"}
    assert len(shapes) == 1, "Chrome shows only pictures of one shape together"


@pytest.mark.sqlite
def test_its_colours_are_those_of_the_style_sheet(client: Client) -> None:
    made = manifest(client)
    light = tokens.colours(tokens.STYLE_SHEET.read_text(encoding="utf-8"))["paper"][0].hex
    assert made["theme_color"] == made["background_color"] == light == PAPER


def test_every_shortcut_leads_to_a_page(client: Client, patient: Made) -> None:
    sign_in(client, patient)
    for address in (OWN, PLAIN):
        shortcuts = manifest(client, address)["shortcuts"]
        assert [shortcut["url"] for shortcut in shortcuts] == ["/check-in", "/help"]
        assert [client.get(shortcut["url"]).status_code for shortcut in shortcuts] == [200, 200]


@pytest.mark.sqlite
def test_a_browser_that_has_it_is_told_so_and_it_never_outlives_a_release(client: Client) -> None:
    first = client.get(OWN)
    again = client.get(OWN, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.get_data()) == (304, b"")
    assert client.get(PLAIN, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200
    assert "no-cache" in first.headers["Cache-Control"]


@pytest.mark.sqlite
@pytest.mark.parametrize("word", ["", "own", "nobody", "../x", "notes%00", "N" * 3000])
def test_an_unknown_word_is_answered_with_the_products_own(client: Client, word: str) -> None:
    assert client.get(f"/manifest.webmanifest?as={word}").get_data() == client.get(OWN).get_data()


# --- a name and an icon of one's choice ------------------------------------------------------------------------


def test_a_plain_manifest_says_nothing_about_what_this_is_for(client: Client) -> None:
    for word in ("notes", "days"):
        made = manifest(client, f"/manifest.webmanifest?as={word}")
        assert not {"description", "categories", "screenshots"} & set(made)
        said = json.dumps({key: value for key, value in made.items() if key != "shortcuts"}).lower()
        assert [telling for telling in TELLING if telling in said] == []
        assert [shortcut["name"] for shortcut in made["shortcuts"]] == ["Write", "Help"]


def test_the_choice_changes_name_and_icon_on_every_page_and_on_every_device(app: Flask, patient: Made) -> None:
    here, there = Client(app), Client(app)
    for client in (here, there):
        sign_in(client, patient)
    before = there.get("/today")
    assert names_on(before) == {"Tandem"}
    assert choose(here, "notes").location == "/settings?done=name-kept"
    for client in (here, there):
        for path in ("/today", "/settings", "/help", "/no-such-page"):
            page = client.get(path)
            assert names_on(page) == {"Notes"}, path
            assert "Tandem" not in page.html, path
            assert manifest_of(page) == PLAIN
            assert "/icons/app/notes" in link(page, "icon")
            assert "/icons/app/notes" in link(page, "apple-touch-icon")
    assert here.get("/today").main_words == before.main_words
    choose(here, "own")
    assert names_on(there.get("/today")) == {"Tandem"}
    assert manifest_of(here.get("/today")) == OWN


def test_the_manifest_tells_of_nobody(app: Flask, client: Client, patient: Made) -> None:
    sign_in(client, patient)
    choose(client, "notes")
    mine, strangers = client.get(PLAIN), Client(app).get(PLAIN)
    assert mine.get_data() == strangers.get_data()
    assert mine.headers.getlist("Set-Cookie") == []
    for words in ("Dana", "Reyes", "dana@example.org", str(patient.id), str(patient.practice_id)):
        assert words not in mine.get_data(as_text=True)


def test_the_phone_keeps_the_name_after_signing_out_and_the_next_person_gets_their_own(
    client: Client, store: Store, patient: Made
) -> None:
    practice = make_practice(store)
    other = make_supporter(store, practice)
    sign_in(client, patient)
    choose(client, "days")
    cookie = client.get_cookie("face")
    assert cookie
    assert cookie.value == "days"
    client.post("/sign-out")
    page = client.get("/sign-in")
    assert names_on(page) == {"Days"}
    assert "Tandem" not in page.html
    sign_in(client, other)
    assert names_on(client.get("/supporting")) == {"Tandem"}
    client.post("/sign-out")
    assert client.get_cookie("face") is None
    assert names_on(client.get("/sign-in")) == {"Tandem"}


def test_on_the_web_the_cookie_is_kept_from_scripts_and_other_hosts(secure_client: Client, patient: Made) -> None:
    sign_in(secure_client, patient)
    (sent,) = choose(secure_client, "notes").headers.getlist("Set-Cookie")
    assert sent.startswith("__Host-face=notes; ")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(sent.split("; "))


@pytest.mark.sqlite
@pytest.mark.parametrize("value", ["", "Tandem", "days\x7f", "x" * 3000])
def test_a_made_up_cookie_changes_nothing(client: Client, value: str) -> None:
    client.set_cookie("face", value)
    assert names_on(client.get("/sign-in")) == {"Tandem"}


@pytest.mark.parametrize("answer", [None, "", "nobody"])
def test_a_name_that_is_none_of_them_is_refused_in_words(client: Client, patient: Made, answer: str | None) -> None:
    sign_in(client, patient)
    page = client.post("/settings/name", data={} if answer is None else {"shown_as": answer})
    assert page.status_code == 422
    assert page.errors["shown_as"]
    assert names_on(page) == {"Tandem"}


def test_nobody_is_ever_asked_to_install(client: Client, patient: Made) -> None:
    """One line in the settings leads there, and nothing anywhere else."""
    sign_in(client, patient)
    for path in ("/today", "/check-in", "/history", "/sharing", "/help"):
        assert "/install" not in client.get(path).links
    assert client.get("/settings").links.count("/install") == 1
