"""The forms by which a prescriber enters and changes a medicine: the patient's own, with a reason that is needed."""

from __future__ import annotations

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from patient_app.core.forms import ChoiceField, Form, IdField, long_text
from patient_app.medications import catalogue, words
from patient_app.medications.facts import ForSubstanceUse, Medicine
from patient_app.medications.forms import LONGEST_REASON, SearchForm
from patient_app.medications.plan_forms import Kind, MedicineForm
from patient_app.medications.plan_kinds import FORMS, NAMES
from patient_app.medications.said import Said

REASON = _l("Why? The patient reads this")
NO_REASON = _l("Write why. The patient reads it with the change.")
NO_USE = _l(
    "This person does not share alcohol and drugs with you, so a medicine for it cannot be entered here. "
    "Talk with them about it."
)
# Said before anything is typed: whose medicine it would be is not in it, only what is shared.
NO_USE_HERE = _l(
    "This person does not share alcohol and drugs with you. A medicine for it, such as naltrexone, buprenorphine or "
    "methadone, cannot be entered here. Talk with them about it first."
)
_FOR_USE = _l("For alcohol or drugs: cannot be entered here")
_ABOUT_USE = {
    True: _l("With yes, only those who may see this person's use as well can see it."),
    False: _l("With yes, it cannot be entered here: this person does not share alcohol and drugs with you."),
}
_LABELS = {
    "about_use": _l("Is this for alcohol or drugs?"),
    "what_for": _l("What it is for"),
    "on": _l("On which days? None ticked is every day."),
    "home": _l("For which days is it given to take home?"),
    "from_prescriber": _l("These are the steps that I prescribe"),
    "reason": REASON,
}


# How it is taken, in a prescriber's words where the patient's own would not fit.
KINDS: dict[Kind, tuple[LazyString, LazyString]] = {
    **NAMES,
    Kind.MEALS: (_l("With meals, waking or bedtime"), _l("It moves with the person's own hours")),
    Kind.NEEDED: (_l("Only when needed"), _l("With how much is the most for a day")),
    Kind.CLINIC: (_l("Given at a clinic"), _l("There, or to take home for some days")),
    Kind.STEPS: (_l("In steps that I prescribe"), _l("More or less from certain days on")),
}
OWN_WORDS = "own"
_ALWAYS = frozenset(one.key for one in catalogue.every() if one.for_substance_use is ForSubstanceUse.ALWAYS)
_OWN = (OWN_WORDS, _l("None of these: keep the name as it was typed"))


def _named(medicine: Medicine) -> LazyString:
    """Return the name on the box, and the one in the reader's language beside it."""
    return LazyString(lambda: " · ".join(filter(None, [medicine.name, medicine.also_called(words.language())])))


class WhichForm(SearchForm):
    """What a medicine is called, and, once it was looked for, which of those it is and how it is taken."""

    pick = ChoiceField(_l("Which one is it?"), [*((one.key, _named(one)) for one in catalogue.every()), _OWN])
    kind = ChoiceField(_l("How is it taken?"), [(kind.value, label) for kind, (label, _) in KINDS.items()])

    def offer(self) -> None:
        """Offer what is called like that, and the name as it was typed."""
        found = {one.key for one in catalogue.find(self.name.data or "")} | {OWN_WORDS}
        self.pick.choices = [choice for choice in self.pick.choices if choice.value in found]

    def hints(self, *, use_is_open: bool) -> dict[str, LazyString]:
        """Return what stands under a choice: where use is closed, which of them cannot be entered."""
        found = {} if use_is_open else dict.fromkeys(_ALWAYS, _FOR_USE)
        return {choice.value: found[choice.value] for choice in self.pick.choices if choice.value in found}

    def is_for_use(self) -> bool:
        """Whether what was chosen is for alcohol or drugs, whatever is answered later; else it is asked."""
        own = self.pick.data == OWN_WORDS and Said(self.name.data or "").always_about_use
        return own or self.pick.data in _ALWAYS

    @property
    def chosen(self) -> tuple[Medicine | None, Kind] | None:
        """What was chosen of both; None while either is open. A medicine in own words is None."""
        if not self.pick.data or not self.kind.data:
            return None
        return (None if self.pick.data == OWN_WORDS else catalogue.get(self.pick.data)), Kind(self.kind.data)


class HoldForm(Form):
    """A pause, a stop, or going on, with the reason."""

    id = IdField()
    reason = long_text(REASON, longest=LONGEST_REASON, needed=NO_REASON)


def prescribers_form(kind: Kind, *, use_is_open: bool, **told: object) -> MedicineForm:
    """Return the form of a kind of schedule in the words for a prescriber; with `told`, filled with that.

    `use_is_open`: whether what is for alcohol or drugs may be entered; else the question says so.
    """
    form = FORMS[kind](formdata=None, **told) if told else FORMS[kind]()
    for name, label in _LABELS.items():
        if name in form:
            form[name].label.text = label
    form.about_use.description = _ABOUT_USE[use_is_open]
    form.what_for.description = ""
    return form


def has_reason(form: MedicineForm) -> bool:
    """Whether a reason was written; else say so beside the field."""
    if (form.reason.data or "").strip():
        return True
    form.add_error("reason", NO_REASON)
    return False
