"""Reads content/medicines/ and checks it: what is wrong there is one plain sentence, at start.

Nothing is let pass quietly: an unknown key, an unknown code, an id that stands twice, a row or claim without source,
day and state are all refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from patient_app.medications.facts import (
    Call,
    Card,
    Claim,
    Code,
    Entry,
    Fitting,
    Form,
    ForSubstanceUse,
    GapCard,
    Medicine,
    MedicineClass,
    PairCard,
    Raised,
    RedFlag,
    Review,
    Rhythm,
    Severity,
    SideEffect,
    State,
    Stretch,
    SubstanceCard,
    Which,
    Words,
)
from patient_app.medications.rows import Row, WrongContent
from patient_app.profile.things import Kind

FOLDER = Path(__file__).resolve().parents[1] / "content" / "medicines"
# Where the codes of each claim stand.
CLAIMS = ("onset", "effects", "cautions", "stopping", "red_flags", "blood_tests")
ONE_CODE = frozenset({"onset", "stopping"})
# Cautions that are a kind of substance: their cards are in substances.yaml.
SUBSTANCES = (Kind.ALCOHOL, Kind.OPIOIDS, Kind.SEDATIVES, Kind.STIMULANTS, Kind.CANNABIS, Kind.NICOTINE)

# How strong a side effect can be said to be.
_SEVERITIES = range(1, 4)

_EntryT = TypeVar("_EntryT", bound=Entry)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that the folder holds, by id, in the order of the files."""

    medicines: Mapping[str, Medicine]
    classes: Mapping[str, MedicineClass]
    forms: Mapping[str, Form]
    side_effects: Mapping[str, SideEffect]
    cautions: Mapping[str, Card]
    substances: Mapping[str, SubstanceCard]
    together: Mapping[str, PairCard]
    stopping: Mapping[str, Entry]
    gaps: Mapping[str, GapCard]
    red_flags: Mapping[str, RedFlag]
    blood_tests: Mapping[str, Entry]
    stages: Mapping[str, Stretch]
    onsets: Mapping[str, Stretch]
    lines: Mapping[str, Entry]
    measures: Mapping[str, Fitting]
    notices: Mapping[str, Entry]
    severities: Mapping[str, Entry]
    rhythm: Rhythm


def load(folder: Path = FOLDER) -> Shelf:
    """Read all files of the folder, or raise `WrongContent`."""
    sources = _sources(folder)

    def shelf(name: str, key: str, make: Callable[[Row], _EntryT]) -> dict[str, _EntryT]:
        """Return the entries of one list of a file."""
        return _by_id(Row(name, _yaml(folder / name), sources).rows(key), make, f"{name}, {key}")

    classes = shelf("classes.yaml", "classes", _class)
    rows = Row("medicines.yaml", _yaml(folder / "medicines.yaml"), sources).rows("medicines")
    found = Shelf(
        medicines=_medicines(rows, classes),
        classes=classes,
        forms=shelf("forms.yaml", "forms", _form),
        side_effects=shelf("side_effects.yaml", "side_effects", _side_effect),
        cautions=shelf("cautions.yaml", "cautions", _card),
        substances=shelf("substances.yaml", "substances", _substance_card),
        together=shelf("together.yaml", "together", _pair_card),
        stopping=shelf("stopping.yaml", "stopping", _entry),
        gaps=shelf("missed_doses.yaml", "gaps", _gap),
        red_flags=shelf("red_flags.yaml", "red_flags", _red_flag),
        blood_tests=shelf("blood_tests.yaml", "blood_tests", _entry),
        stages=shelf("response.yaml", "stages", _stretch),
        onsets=shelf("response.yaml", "onsets", _stretch),
        lines=shelf("response.yaml", "lines", _entry),
        measures=shelf("response.yaml", "measures", _fitting),
        notices=shelf("notices.yaml", "notices", _entry),
        severities=shelf("notices.yaml", "severities", _entry),
        rhythm=_rhythm(Row("response.yaml", _yaml(folder / "response.yaml"), sources).row("rhythm")),
    )
    _check(found)
    return found


# --- one row ---------------------------------------------------------------------------------------------------


# Ten times as fast where the library was built with libyaml.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc] # which of the two it is, is only known at start
    """A safe loader that refuses a key which stands twice in one mapping, where YAML takes the last one quietly."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        if len(set(keys)) < len(keys):
            raise yaml.MarkedYAMLError(problem="a key stands twice", problem_mark=node.start_mark)
        found: dict[Any, Any] = super().construct_mapping(node, deep)
        return found


def _yaml(path: Path) -> Any:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - it is a safe loader
    except FileNotFoundError as error:
        raise WrongContent(f"{path.name} is not there.") from error
    except yaml.YAMLError as error:
        place, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        line = f", line {place.line + 1}" if place else ""
        raise WrongContent(f"{path.name}{line} cannot be read as YAML: {problem or 'it is broken'}.") from error


def _sources(folder: Path) -> dict[str, str]:
    row = Row("sources.yaml", _yaml(folder / "sources.yaml"), {})
    return {key: row.text(key) for key in row.keys()}  # noqa: SIM118 - a row is no mapping


def _by_id(rows: Iterable[Row], make: Callable[[Row], _EntryT], place: str) -> dict[str, _EntryT]:
    found: dict[str, _EntryT] = {}
    for row in rows:
        entry = make(row)
        row.done()
        if entry.id in found:
            raise WrongContent(f"{place} has {entry.id!r} twice.")
        found[entry.id] = entry
    return found


def _review(row: Row) -> Review:
    found = row.row("review")
    source = found.text("source")
    if source not in found.sources:
        raise WrongContent(f"{found.place} has a source that is not in sources.yaml: {source!r}.")
    review = Review(
        found.sources[source],
        found.day("reviewed_on"),
        found.one_of("state", State),
        found.text("signed_by", ""),
    )
    if bool(review.signed_by.strip()) != (review.state is State.SIGNED):
        raise WrongContent(f"{found.place} is signed and says by whom, or neither.")
    found.done()
    return review


def _words(row: Row) -> dict[str, Words]:
    found = row.row("words")
    words = {}
    for language in found.keys():  # noqa: SIM118 - a row is no mapping
        said = found.row(language)
        words[language] = Words(said.text("name"), said.texts("lines", []))
        said.done()
    if "en" not in words:
        raise WrongContent(f"{found.place} has no English words.")
    return words


def _base(row: Row) -> dict[str, Any]:
    identity = row.text("id")
    row.place = f"{row.place.partition(':')[0]}, {identity}"
    return {"id": identity, "review": _review(row), "words": _words(row)}


def _entry(row: Row) -> Entry:
    return Entry(**_base(row))


def _class(row: Row) -> MedicineClass:
    return MedicineClass(**_base(row), technical=row.text("technical"), groups=frozenset(row.texts("groups", [])))


def _form(row: Row) -> Form:
    return Form(**_base(row), next_due=row.flag("next_due"))


def _side_effect(row: Row) -> SideEffect:
    base = _base(row)
    opens, raised = row.text("opens", ""), _raised(row.row("raised")) if row.has("raised") else None
    if bool(opens) != (raised is not None):
        raise WrongContent(f"{row.place} opens a sign and says from how strong on it is raised, or neither.")
    return SideEffect(**base, common=row.flag("common"), opens=opens, raised=raised)


def _raised(row: Row) -> Raised:
    raised = Raised(row.number("from"), _review(row))
    if raised.severity not in _SEVERITIES:
        raise WrongContent(f"{row.place} is from none of the steps 1 to 3: {raised.severity}.")
    row.done()
    return raised


def _red_flag(row: Row) -> RedFlag:
    base = _base(row)
    return RedFlag(**base, call=row.one_of("call", Call), everyone=row.flag("everyone"), crisis=row.flag("crisis"))


def _stretch(row: Row) -> Stretch:
    base = _base(row)
    first, last = row.number("first_day"), row.number("last_day") if row.has("last_day") else None
    if last is not None and last < first:
        raise WrongContent(f"{row.place} ends before it begins.")
    return Stretch(**base, first_day=first, last_day=last)


def _rhythm(row: Row) -> Rhythm:
    rhythm = Rhythm(row.numbers("question_days"), row.numbers("young_days"), row.numbers("measure_weeks"), _review(row))
    row.done()
    return rhythm


def _which(row: Row, key: str, *, needed: bool = True) -> Which:
    names = ("classes", "groups", "cautions", "forms", "keys")
    if not needed and not row.has(key):
        return Which(*(frozenset[str]() for _ in names))
    found = row.row(key)
    which = Which(*(frozenset(found.texts(name, [])) for name in names))
    found.done()
    return which


def _card_base(row: Row) -> dict[str, Any]:
    return {
        **_base(row),
        "severity": row.one_of("severity", Severity),
        "crisis": row.flag("crisis"),
        "forms": frozenset(row.texts("forms", [])),
    }


def _card(row: Row) -> Card:
    return Card(**_card_base(row))


def _substance_card(row: Row) -> SubstanceCard:
    return SubstanceCard(
        **_card_base(row),
        substance=row.one_of("substance", Kind),
        medicines=_which(row, "medicines"),
        instead_of=frozenset(row.texts("instead_of", [])),
    )


def _pair_card(row: Row) -> PairCard:
    return PairCard(
        **_card_base(row),
        one=_which(row, "one"),
        other=_which(row, "other"),
        instead_of=frozenset(row.texts("instead_of", [])),
    )


def _fitting(row: Row) -> Fitting:
    return Fitting(**_base(row), medicines=_which(row, "medicines"))


def _gap(row: Row) -> GapCard:
    base = _base(row)
    return GapCard(**base, medicines=_which(row, "medicines", needed=False), after_days=row.number("after_days", 0))


# --- medicines -------------------------------------------------------------------------------------------------


def _medicines(rows: Iterable[Row], classes: Mapping[str, MedicineClass]) -> dict[str, Medicine]:
    found: dict[str, Medicine] = {}
    for row in rows:
        key = row.text("key")
        row.place = f"medicines.yaml, {key}"
        medicine = _medicine(key, row, classes)
        row.done()
        if key in found:
            raise WrongContent(f"medicines.yaml has {key!r} twice.")
        found[key] = medicine
    return found


def _medicine(key: str, row: Row, classes: Mapping[str, MedicineClass]) -> Medicine:
    kind = row.text("class")
    if kind not in classes:
        raise WrongContent(f"{row.place} has a class that is not in classes.yaml: {kind!r}.")
    ingredients = row.texts("ingredients")
    return Medicine(
        key=key,
        name=row.text("name"),
        names=_names(row.row("names")) if row.has("names") else {},
        brands=row.texts("brands"),
        also=row.texts("also", []),
        medicine_class=classes[kind],
        for_substance_use=row.one_of("for_substance_use", ForSubstanceUse),
        forms=row.texts("forms", []),
        clinic_dosed=row.flag("clinic_dosed"),
        ingredients=ingredients,
        codes=tuple(_code(found, ingredients) for found in row.rows("rxcui", [])),
        review=_review(row),
        claims={about: _claim(row.row(about), about) for about in CLAIMS if row.has(about)},
    )


def _names(row: Row) -> dict[str, str]:
    return {language: row.text(language) for language in row.keys()}  # noqa: SIM118 - a row is no mapping


def _code(row: Row, ingredients: tuple[str, ...]) -> Code:
    code = Code(row.text("of"), str(row.number("code")), _review(row))
    if code.of not in ingredients:
        raise WrongContent(f"{row.place} is a code for {code.of!r}, which is no ingredient.")
    row.done()
    return code


def _claim(row: Row, about: str) -> Claim:
    codes = (row.text("code"),) if about in ONE_CODE else row.texts("codes")
    claim = Claim(codes, _review(row))
    row.done()
    return claim


# --- what the files say of each other --------------------------------------------------------------------------


def _check(shelf: Shelf) -> None:
    caution_codes = {*shelf.cautions, *SUBSTANCES}
    known = {
        "onset": set(shelf.onsets),
        "effects": set(shelf.side_effects),
        "cautions": caution_codes,
        "stopping": set(shelf.stopping),
        "red_flags": set(shelf.red_flags),
        "blood_tests": set(shelf.blood_tests),
    }
    for key, medicine in shelf.medicines.items():
        _known(f"medicines.yaml, {key}: forms", medicine.forms, shelf.forms)
        for about, claim in medicine.claims.items():
            _known(f"medicines.yaml, {key}: {about}", claim.codes, known[about])
    _check_cards(shelf, caution_codes)
    for effect in shelf.side_effects.values():
        _known(f"side_effects.yaml, {effect.id}", filter(None, [effect.opens]), shelf.red_flags)
    _known("notices.yaml", Severity, shelf.severities)
    _known("notices.yaml", ("not_reviewed", "ask", "not_complete"), shelf.notices)
    for name, entries in (("stopping.yaml", shelf.stopping), ("missed_doses.yaml", shelf.gaps)):
        _known(name, ("ask",), entries)


def _check_cards(shelf: Shelf, caution_codes: set[str]) -> None:
    groups = {group for kind in shelf.classes.values() for group in kind.groups}

    def check(place: str, which: Which) -> None:
        for asked, there in (
            (which.classes, shelf.classes),
            (which.groups, groups),
            (which.cautions, caution_codes),
            (which.forms, shelf.forms),
            (which.keys, shelf.medicines),
        ):
            _known(place, asked, there)

    for caution in shelf.cautions.values():
        _known(f"cautions.yaml, {caution.id}", caution.forms, shelf.forms)
    for card in shelf.substances.values():
        check(f"substances.yaml, {card.id}", card.medicines)
        _known(f"substances.yaml, {card.id}", card.instead_of, shelf.substances)
    for pair in shelf.together.values():
        check(f"together.yaml, {pair.id}", pair.one)
        check(f"together.yaml, {pair.id}", pair.other)
        _known(f"together.yaml, {pair.id}", pair.instead_of, shelf.together)
    for measure in shelf.measures.values():
        check(f"response.yaml, {measure.id}", measure.medicines)
    for gap in shelf.gaps.values():
        check(f"missed_doses.yaml, {gap.id}", gap.medicines)


def _known(place: str, asked: Iterable[str], there: Iterable[str]) -> None:
    for name in sorted(set(asked) - set(there)):
        raise WrongContent(f"{place} names '{name}', which does not exist.")
