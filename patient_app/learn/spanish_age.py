"""How hard a Spanish text is to read, by two published formulas.

* Fernández Huerta, Medidas sencillas de lecturabilidad, Consigna 214, 1959: 206.84 - 60 (syllables / words) - 1.02
  (words / sentences). 70 and more is what a pupil of grade 6 reads.
* Szigriszt Pazos, Sistemas predictivos de legibilidad del mensaje escrito, Madrid, 1993: 206.835 - 62.3 (syllables /
  words) - words / sentences; on the INFLESZ scale (Barrio-Cantalejo and others, 2008) 65 and more is "quite easy",
  as what is written for primary school.

Sentences and words are counted as in `reading_age.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from patient_app.learn.reading_age import sentences_of, words_of

LEAST_FERNANDEZ, LEAST_INFLESZ = 70, 65
_VOWELS = re.compile(r"[aeiouáéíóúüy]+")
# Two strong vowels, or a weak one with an accent beside a strong one, are two syllables.
_APART = re.compile(r"[aeoáéó](?=[aeoáéó])|[íú](?=[aeoáéó])|[aeoáéó](?=[íú])")


def syllables(word: str) -> int:
    """Return how many syllables a Spanish word has."""
    if word[:1].isdigit():
        return 1
    # What is written and not spoken: the u of que and gui, and the y of a consonant.
    spoken = re.sub(r"(?<=[qg])u(?=[eiéí])", "", word.lower())
    spoken = re.sub(r"y(?=[aeiouáéíóú])", "-", spoken)
    groups = _VOWELS.findall(spoken)
    return max(len(groups) + sum(len(_APART.findall(group)) for group in groups), 1)


def _counts(blocks: Iterable[str]) -> tuple[int, int, int]:
    sentences = sentences_of(blocks)
    words = [word for sentence in sentences for word in words_of(sentence)]
    return len(sentences), len(words), sum(map(syllables, words))


def fernandez_huerta(blocks: Iterable[str]) -> float:
    """Return the ease of reading after Fernández Huerta."""
    sentences, words, spoken = _counts(blocks)
    return 206.84 - 60 * spoken / words - 1.02 * words / sentences


def szigriszt_pazos(blocks: Iterable[str]) -> float:
    """Return the perspicuity after Szigriszt Pazos, for the INFLESZ scale."""
    sentences, words, spoken = _counts(blocks)
    return 206.835 - 62.3 * spoken / words - words / sentences
