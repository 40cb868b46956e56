"""The words of a consent, from one reviewed file: every element of 42 CFR 2.31(a), filled in for one patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask_babel import force_locale, get_locale

from patient_app.core.work import vault

FORMS = Path(__file__).resolve().parents[1] / "content" / "consent"
# The one language in which the words were reviewed; another one is another file.
LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """A version of the form, its language and its words."""

    version: str
    language: str
    template: str

    def fill(self, **elements: str) -> str:
        """Return the words with every element filled in; raise `KeyError` when one is missing."""
        return self.template.format_map(elements)

    @contextmanager
    def in_its_language(self) -> Iterator[None]:
        """Write what is filled in in the form's own language, whatever the reader's: a consent is in one language."""
        with force_locale(self.language):
            yield


@lru_cache(maxsize=4)
def current_form(name: str = "form") -> ConsentForm:
    """Return the form in force: that for sharing, or `telling`, by which somebody is told of a silence."""
    head, _, body = (FORMS / f"{name}.{LANGUAGE}.txt").read_text(encoding="utf-8").partition("\n---\n")
    return ConsentForm(version=head.removeprefix("version:").strip(), language=LANGUAGE, template=body.strip())


def beside(name: str = "form") -> ConsentForm | None:
    """Return the form in the reader's language, to be read beside what is signed; None where there is none.

    It is never what is signed. A translation of an older version is none.
    """
    locale = get_locale()
    return None if locale is None else translated(name, locale.language)


def translated(name: str, language: str) -> ConsentForm | None:
    """Return the form in a language other than its own, if that is of the version in force."""
    found = _translated(name, language)
    return found if found is not None and found.version == current_form(name).version else None


@lru_cache(maxsize=16)
def _translated(name: str, language: str) -> ConsentForm | None:
    path = FORMS / f"{name}.{language}.txt"
    if language == LANGUAGE or not path.exists():
        return None
    head, _, body = path.read_text(encoding="utf-8").partition("\n---\n")
    return ConsentForm(head.partition("\n")[0].removeprefix("translates:").strip(), language, body.strip())


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice of 42 CFR 2.32 in another language, which says first that the English one holds."""

    language: str
    heading: str
    short: str
    full: str


def notice_beside() -> Notice | None:
    """Return the notice in the reader's language, to stand beside the English one; None where there is none."""
    locale = get_locale()
    found = None if locale is None else _translated("notice", locale.language)
    return None if found is None else Notice(found.language, *found.template.split("\n"))


def digest(text: str) -> bytes:
    """Return a keyed hash of the words as signed. A plain one would let whoever has the database try out names."""
    return vault().keyed_hash("consent form", text.encode("utf-8"))
