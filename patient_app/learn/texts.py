"""Short texts that a practice writes for its community: `texts/en/<place>.md`, `texts/es/<place>.md` in its folder.

Each has a place on one page, where it is added or stands in for a sentence of ours. It is a few paragraphs or items,
with the links that a lesson may have. It has no sources, so it claims no number; and it does not name suicide, because
whom to call stands beside lessons, not beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath

from patient_app.core.danger_words import names_danger
from patient_app.learn import markdown
from patient_app.learn.facts import FALLBACK, Audience, NoClaim, PracticeText
from patient_app.learn.links import address
from patient_app.learn.tables import Table, WrongFile, front_matter, read_text

FOLDER = "texts"
# Where a text can stand, and for whom: what is for patients names neither alcohol nor drugs.
PLACES: Mapping[str, Audience] = {
    "welcome": Audience.PATIENTS,  # Added to the first page that a patient sees.
    "learn": Audience.PATIENTS,  # In place of the sentence below "Learn".
    "near-by": Audience.PATIENTS,  # Added above who can help near by.
    "families": Audience.SUPPORTERS,  # Added to the page "Learn" of family and friends.
}


def read_texts(folder: FilePath, languages: list[str], problems: list[str]) -> dict[str, dict[str, PracticeText]]:
    """Return a folder's texts by place and language; what cannot be used is left out and told, one sentence each."""
    found: dict[str, dict[str, PracticeText]] = {}
    for language in languages:
        for file in sorted((folder / FOLDER / language).iterdir()):
            where = f"{FOLDER}/{language}/{file.name}"
            try:
                if file.suffix != ".md" or file.stem not in PLACES:
                    known = ", ".join(f"{place}.md" for place in PLACES)
                    raise WrongFile(f"{where}: a text is one of {known}.")
                found.setdefault(file.stem, {})[language] = read(file.stem, language, read_text(file, where))
            except WrongFile as wrong:
                problems.append(str(wrong))
    return found


def read(place: str, language: str, text: str) -> PracticeText:
    """Return the text that a file for a place holds; raise `WrongFile` when it cannot be used."""
    where = f"{FOLDER}/{language}/{place}.md"
    front, body, first_line = front_matter(where, text)
    if front.text("language") != language:
        raise WrongFile(f"{where}: language has to be {language!r}, as the folder says.")

    def address_of(to: str, line: int) -> str:
        found = address(to, PLACES[place])
        if found is None:
            raise WrongFile(f"{where}:{line}: a link is exercise:name, lesson:name or page:/address, not {to!r}.")
        return found

    try:
        # Without headings of its own: one is put above it, because the words of a lesson stand below one.
        parts = markdown.read(f"## {place}\n{body}", first_line - 1, address_of)
    except markdown.WrongMarkdown as wrong:
        raise WrongFile(f"{where}:{wrong.line}: {wrong}.") from None
    if len(parts) != 1 or not parts[0].blocks:
        raise WrongFile(f"{where}: it is a few paragraphs, without headings.")
    if names_danger(*parts[0].blocks):
        raise WrongFile(f"{where}: it names suicide; write a lesson for that, which says whom to call.")
    made = PracticeText(
        place=place,
        language=language,
        html=parts[0].html,
        blocks=tuple(parts[0].blocks),
        links=tuple(parts[0].links),
        no_claims=tuple(_no_claims(front)),
        reviewed_on=front.day("reviewed_on"),
        reviewed_by=front.text("reviewed_by"),
        file=where,
        first_line=first_line,
    )
    front.end()
    return made


def _no_claims(front: Table) -> Iterator[NoClaim]:
    for number, each in enumerate(front.take("no_claims", list, []), 1):
        one = Table(f"{front.where}: no_claims {number}", each)
        yield NoClaim(one.text("words"), one.text("why"))
        one.end()


def in_language(texts: Mapping[str, Mapping[str, PracticeText]], place: str, language: str) -> PracticeText | None:
    """Return a place's text in a language, in English where it is not written in that; None where there is none."""
    by_language = texts.get(place, {})
    return by_language.get(language) or by_language.get(FALLBACK)
