"""A small folder of lessons, as a practice would write it; tests change a word of it and look what comes of that."""

from __future__ import annotations

from pathlib import Path

PATHS = """
[paths.our-place]
title = {en = "Around here", es = "Por aquí"}
why = {en = "What is near you.", es = "Lo que está cerca."}
audience = "patients"

[paths.beside-you]
title = {en = "For the people beside you", es = "Para la gente a su lado"}
why = {en = "What can help them.", es = "Lo que les ayuda."}
audience = "supporters"

[topics.rivers]
title = {en = "Rivers", es = "Ríos"}

[topics.kegs]
title = {en = "Kegs", es = "Barriles"}
about_use = true
"""
PRACTICE = """
hide = []

[[resources]]
name = "Mill Lane Centre"
what = {en = "A place to sit, eat and talk.", es = "Un lugar para estar, comer y hablar."}
phone = "555 0133"
hours = {en = "Every day, 9 to 5", es = "Todos los días, de 9 a 5"}
languages = {en = "English, Spanish", es = "Inglés, español"}
cost = {en = "Free", es = "Gratis"}
checked_on = 2026-11-01
"""
EN = """---
title: A walk by the river
minutes: 2
path: our-place
topics: [rivers]
conditions: []
category: skills
content_note: ""
lighter: ""
sources:
  - {id: 1, title: "A study of walks", year: 2023, url: "https://example.org/walks"}
reviewed_on: 2026-11-01
reviewed_by: nobody yet
language: en
---
## Water is near

A path runs along the river. You can walk it in **any shoes**.

## It is flat

- Start at the bridge.
- Turn back when you like.

## It can lift a day

People who walked felt better in 8 of 10 weeks. [1]

## You can go alone

Or ask someone to come along. [See what else helps](exercise:slow-breath).

## Check: What would make it work for you?

Any time of day counts. A short walk is a walk.

## Next

- [Breathe for a minute](exercise:slow-breath)
- [Get help now](page:/help)
"""
ES = (
    EN.replace("A walk by the river", "Un paseo junto al río")
    .replace("language: en", "language: es")
    .replace("Water is near", "El agua está cerca")
    .replace("A path runs along the river.", "Hay un camino junto al río.")
    .replace("You can walk it in **any shoes**.", "**Todo zapato** sirve.")
    .replace("It is flat", "Es un camino llano")
    .replace("Start at the bridge.", "Empiece en el puente.")
    .replace("Turn back when you like.", "Vuelva cuando quiera.")
    .replace("It can lift a day", "Puede alegrar el día")
    .replace("People who walked felt better in 8 of 10 weeks.", "La gente se sintió mejor en 8 de 10 semanas.")
    .replace("You can go alone", "Puede ir sin nadie")
    .replace("Or ask someone to come along. [See what else helps]", "O pida a alguien que vaya. [Vea qué más ayuda]")
    .replace("Check: What would make it work for you?", "Check: ¿Qué le ayudaría a salir?")
    .replace("Any time of day counts. A short walk is a walk.", "Toda hora vale. Un paseo corto es un paseo.")
    .replace("Breathe for a minute", "Respire un minuto")
    .replace("Get help now", "Ayuda ahora")
)  # fmt: skip


TEXT = """---
language: en
reviewed_on: 2026-11-01
reviewed_by: nobody yet
---
Our house is at the **mill**. Come in and sit down.

- [Get help now](page:/help)
"""
TEXT_ES = (
    TEXT.replace("language: en", "language: es")
    .replace("Our house is at the **mill**.", "Nuestra casa está en el **molino**.")
    .replace("Come in and sit down.", "Pase y tome asiento.")
    .replace("Get help now", "Ayuda ahora")
)  # fmt: skip


def write_text(folder: Path, place: str, text: str = TEXT, text_es: str | None = TEXT_ES) -> Path:
    """Write a practice's text for a place into a folder, in English and in Spanish."""
    for language, words in (("en", text), ("es", text_es)):
        (folder / "texts" / language).mkdir(parents=True, exist_ok=True)
        if words is not None:
            (folder / "texts" / language / f"{place}.md").write_text(words, encoding="utf-8")
    return folder


def write(folder: Path, lessons: dict[str, tuple[str, str]] | None = None, practice: str = PRACTICE) -> Path:
    """Write a folder: each lesson in English and Spanish by its slug, by default the one above as `by-the-river`."""
    for language in ("en", "es"):
        (folder / language).mkdir(parents=True, exist_ok=True)
    (folder / "paths.toml").write_text(PATHS, encoding="utf-8")
    (folder / "practice.toml").write_text(practice, encoding="utf-8")
    for slug, texts in ({"by-the-river": (EN, ES)} if lessons is None else lessons).items():
        for language, text in zip(("en", "es"), texts, strict=True):
            (folder / language / f"{slug}.md").write_text(text, encoding="utf-8")
    return folder
