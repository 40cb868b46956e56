"""The forms by which a prescriber enters and changes a medicine: the patient's own, with a reason that is needed."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from patient_app.core.forms import ChoiceField, Form, IdField, long_text
from patient_app.medications import catalogue
from patient_app.medications.facts import Medicine
from patient_app.medications.forms import LONGEST_REASON, SearchForm
from patient_app.medications.plan_forms import Kind, MedicineForm
from patient_app.medications.plan_kinds import FORMS, NAMES

REASON = _l("Why? The patient reads this")
NO_REASON = _l("Write why. The patient reads it with the change.")
NO_USE = _l(
    "This person does not share alcohol and drugs with you, so a medicine for it cannot be entered here. "
    "Talk with them about it."
)
_LABELS = {
    "about_use": _l("Is this for alcohol or drugs?"),
    "what_for": _l("What it is for"),
    "on": _l("On which days? None ticked is every day."),
    "home": _l("For which days is it given to take home?"),
    "from_prescriber": _l("These are the steps that I prescribe"),
    "reason": REASON,
}


OWN_WORDS = "own"
_OWN = (OWN_WORDS, _l("None of these: keep the name as it was typed"))


class WhichForm(SearchForm):
    """What a medicine is called, and, once it was looked for, which of those it is and how it is taken."""

    pick = ChoiceField(_l("Which one is it?"), [*((one.key, one.name) for one in catalogue.every()), _OWN])
    kind = ChoiceField(_l("How is it taken?"), [(kind.value, label) for kind, (label, _) in NAMES.items()])

    def offer(self) -> None:
        """Offer what is called like that, and the name as it was typed."""
        found = {one.key for one in catalogue.find(self.name.data or "")} | {OWN_WORDS}
        self.pick.choices = [choice for choice in self.pick.choices if choice.value in found]

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


def prescribers_form(kind: Kind, **told: object) -> MedicineForm:
    """Return the form of a kind of schedule in the words for a prescriber; with `told`, filled with that."""
    form = FORMS[kind](formdata=None, **told) if told else FORMS[kind]()
    for name, label in _LABELS.items():
        if name in form:
            form[name].label.text = label
    form.about_use.description = _l("With yes, only those who may see this person's use as well can see it.")
    form.what_for.description = ""
    return form


def has_reason(form: MedicineForm) -> bool:
    """Whether a reason was written; else say so beside the field."""
    if (form.reason.data or "").strip():
        return True
    form.add_error("reason", NO_REASON)
    return False
