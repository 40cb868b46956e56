"""The words of a consent, from one reviewed file: every element of 42 CFR 2.31(a), filled in for one patient."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FORM = Path(__file__).resolve().parents[1] / "content" / "consent" / "form.en.txt"


@dataclass(frozen=True, slots=True)
class ConsentForm:
    """A version of the form and its words."""

    version: str
    template: str

    def fill(self, **elements: str) -> str:
        """Return the words with every element filled in; raise `KeyError` when one is missing."""
        return self.template.format_map(elements)


@lru_cache(maxsize=1)
def current_form() -> ConsentForm:
    """Return the form in force."""
    head, _, body = FORM.read_text(encoding="utf-8").partition("\n---\n")
    return ConsentForm(version=head.removeprefix("version:").strip(), template=body.strip())


def digest(text: str) -> bytes:
    """Return the SHA-256 of the words as signed."""
    return hashlib.sha256(text.encode("utf-8")).digest()
