"""What the catalogue of medicines holds, and what of it may be read to a person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from itertools import pairwise

import pytest

from patient_app.core import danger_words
from patient_app.learn import word_rules
from patient_app.learn.word_rules import Text
from patient_app.medications import catalogue
from patient_app.medications.catalogue import (
    blood_tests,
    cards_for,
    cards_of,
    cards_together,
    gaps,
    get,
    onset,
    red_flag_behind,
    red_flags,
    side_effects,
    stopping,
)
from patient_app.medications.facts import Card, Entry, ForSubstanceUse, GapCard, Medicine, Review, Severity, State, Told
from patient_app.medications.files import CLAIMS, SUBSTANCES, Shelf, load
from patient_app.profile.things import Kind
from tests.sweeps import content_texts

SHELF: Shelf = load()
COMPILED = date(2026, 11, 23)
# Written by hand: a medicine that falls out of the file is a medicine that nobody finds.
NAMES = """
sertraline; fluoxetine; citalopram; escitalopram; paroxetine; fluvoxamine; vilazodone; vortioxetine; venlafaxine;
desvenlafaxine; duloxetine; levomilnacipran; bupropion; mirtazapine; trazodone; amitriptyline; nortriptyline;
imipramine; clomipramine; doxepin; phenelzine; tranylcypromine; selegiline; esketamine; dextromethorphan/bupropion;
lithium; divalproex; valproic acid; lamotrigine; carbamazepine; oxcarbazepine; topiramate; quetiapine; olanzapine;
olanzapine/samidorphan; risperidone; paliperidone; aripiprazole; brexpiprazole; cariprazine; lurasidone; ziprasidone;
lumateperone; asenapine; clozapine; haloperidol; perphenazine; chlorpromazine; fluphenazine; xanomeline/trospium;
naltrexone; acamprosate; disulfiram; buprenorphine; buprenorphine/naloxone; methadone; naloxone; nalmefene; lofexidine;
clonidine; guanfacine; prazosin; propranolol; varenicline; nicotine; gabapentin; pregabalin; baclofen; hydroxyzine;
buspirone; lorazepam; clonazepam; alprazolam; diazepam; chlordiazepoxide; temazepam; zolpidem; eszopiclone; suvorexant;
ramelteon; melatonin; methylphenidate; amphetamine mixed salts; lisdexamfetamine; atomoxetine; viloxazine; modafinil;
benztropine; valbenazine; thiamine
"""
NEVER_SUDDENLY = """
lithium; divalproex; valproic acid; lamotrigine; carbamazepine; oxcarbazepine; topiramate; clozapine; buprenorphine;
buprenorphine/naloxone; methadone; lofexidine; clonidine; guanfacine; propranolol; gabapentin; pregabalin; baclofen;
lorazepam; clonazepam; alprazolam; diazepam; chlordiazepoxide; temazepam
"""
# No code of these is known, or not of each of their ingredients.
UNCODED = {
    "levomilnacipran", "esketamine", "olanzapine/samidorphan", "cariprazine", "lumateperone", "xanomeline/trospium",
    "nalmefene", "suvorexant", "viloxazine", "amphetamine mixed salts",
}  # fmt: skip
# Codes that were seen elsewhere and not checked: they stay here.
UNCHECKED = {"lurasidone", "asenapine"}
ASKS = re.compile(r"\b(?:ask|call|talk|tell|go)\b", re.IGNORECASE)
WHOM = re.compile(r"\b(?:prescriber|pharmacist|pharmacy|team|clinic|911|988|emergency room|them)\b", re.IGNORECASE)


def named(told: Iterable[Told[Entry]]) -> list[str]:
    return [one.entry.id for one in told]


def listed(names: str) -> list[str]:
    return [" ".join(name.split()) for name in names.split(";")]


def entries() -> Iterator[tuple[str, Entry]]:
    for field in fields(SHELF):
        found = getattr(SHELF, field.name)
        if field.name not in {"medicines", "rhythm"}:
            yield from ((field.name, entry) for entry in found.values())


def reviews(thing: object) -> Iterator[Review]:
    if isinstance(thing, Review):
        yield thing
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from reviews(getattr(thing, field.name))
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from reviews(value)
    elif isinstance(thing, tuple):
        for value in thing:
            yield from reviews(value)


def said(entry: Entry) -> list[str]:
    words = entry.read()
    return [words.name, *words.lines]


# --- the rows --------------------------------------------------------------------------------------------------


def test_every_medicine_is_there_and_no_other() -> None:
    expected = listed(NAMES)
    assert len(expected) == 90
    assert [medicine.name for medicine in catalogue.every()] == expected


def test_every_row_and_every_claim_has_source_day_and_state() -> None:
    found = [review for _, entry in entries() for review in reviews(entry)]
    for medicine in catalogue.every():
        own = list(reviews(medicine))
        # The row, its kind, each code and each claim have one of their own.
        assert len(own) == 2 + len(medicine.codes) + len(medicine.claims)
        found += own
    assert len(found) > 600
    for review in found:
        assert len(review.source) > 15
        assert review.reviewed_on >= COMPILED
        assert review.state is State.SIGNED or not review.signed_by


def test_nothing_says_that_it_was_verified_but_what_was() -> None:
    verified = {
        (medicine.name, about)
        for medicine in catalogue.every()
        for about, claim in medicine.claims.items()
        if claim.review.reviewed
    }
    assert verified == {("clozapine", "blood_tests"), ("naloxone", "onset")}
    assert {entry.id for _, entry in entries() if entry.review.reviewed} == {"teeth", "opioids_rescue", "white_cells"}


def test_keys_are_stable_plain_and_lead_back() -> None:
    for medicine in catalogue.every():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", medicine.key)
        assert medicine.key == re.sub(r"[^a-z]+", "_", medicine.name)
        assert get(medicine.key) is medicine
    assert get(None) is get("") is get("made up") is None


def test_codes_are_numbers_and_only_checked_ones_leave() -> None:
    for medicine in catalogue.every():
        for code in medicine.codes:
            assert re.fullmatch(r"[1-9][0-9]{2,6}", code.rxcui)
        assert bool(medicine.rxcuis) == (medicine.name not in UNCODED | UNCHECKED)
        assert len(medicine.rxcuis) in {0, len(medicine.ingredients)}
    assert {medicine.name for medicine in catalogue.every() if not medicine.codes} == UNCODED - {
        "olanzapine/samidorphan", "amphetamine mixed salts",
    }  # fmt: skip
    assert _medicine("buprenorphine_naloxone").rxcuis == ("1819", "7242")
    assert _medicine("sertraline").rxcuis == ("36437",)
    # The same ingredient has the same code wherever it stands, and no two share one.
    codes = {(code.of, code.rxcui) for medicine in catalogue.every() for code in medicine.codes}
    assert len(codes) == len({name for name, _ in codes}) == len({code for _, code in codes})


def _medicine(key: str) -> Medicine:
    medicine = get(key)
    assert medicine is not None
    return medicine


def test_which_medicines_are_for_substance_use() -> None:
    by_answer: dict[ForSubstanceUse, set[str]] = {answer: set() for answer in ForSubstanceUse}
    for medicine in catalogue.every():
        by_answer[medicine.for_substance_use].add(medicine.name)
    assert by_answer[ForSubstanceUse.ALWAYS] == {
        "naltrexone", "buprenorphine", "buprenorphine/naloxone", "methadone", "acamprosate", "disulfiram", "lofexidine",
        "naloxone", "nalmefene",
    }  # fmt: skip
    assert by_answer[ForSubstanceUse.ASK] == {
        "gabapentin", "topiramate", "baclofen", "bupropion", "varenicline", "nicotine", "clonidine", "thiamine",
    }  # fmt: skip


def test_which_are_given_at_a_clinic_or_as_a_long_acting_injection() -> None:
    assert {one.key for one in catalogue.every() if one.clinic_dosed} == {"methadone", "esketamine"}
    assert {one.key for one in catalogue.every() if one.may_be_long_acting} == {
        "naltrexone", "buprenorphine", "paliperidone", "aripiprazole", "haloperidol", "fluphenazine",
    }  # fmt: skip
    assert [form.id for form in catalogue.forms() if form.next_due] == ["long_acting_injection"]
    assert catalogue.form("patch") in catalogue.forms()
    assert catalogue.form("made up") is None


def test_every_code_is_used_and_every_claim_is_known() -> None:
    used = {about: {code for one in catalogue.every() for code in one.claimed(about)} for about in CLAIMS}
    assert used["cautions"] == {*SHELF.cautions, *SUBSTANCES}
    assert used["onset"] == set(SHELF.onsets)
    assert used["stopping"] == set(SHELF.stopping) - {"ask"}
    assert used["blood_tests"] == set(SHELF.blood_tests)
    everyone = {flag.id for flag in SHELF.red_flags.values() if flag.everyone}
    assert used["red_flags"] | everyone == set(SHELF.red_flags)
    assert used["effects"] | {one.id for one in SHELF.side_effects.values() if one.common} == set(SHELF.side_effects)
    assert {medicine.medicine_class.id for medicine in catalogue.every()} == set(SHELF.classes)
    # Rescue medicines are not stopped; a vitamin has no effects to list.
    assert {one.name for one in catalogue.every() if "stopping" not in one.claims} == {"naloxone", "nalmefene"}
    assert {one.name for one in catalogue.every() if "effects" not in one.claims} == {"thiamine"}
    assert all("onset" in one.claims for one in catalogue.every())


# --- what may be read ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("medicine", catalogue.every(), ids=lambda medicine: medicine.key)
def test_an_unreviewed_claim_on_a_medicine_becomes_ask(medicine: Medicine) -> None:
    told = onset(medicine.key)
    assert (told.entry.id == "ask") == (not medicine.is_reviewed("onset"))
    told = stopping(medicine.key)
    if not medicine.is_reviewed("stopping"):
        assert told.entry.id in {"ask", "never_suddenly", "tolerance"}
        assert told.entry.id == "ask" or not told.reviewed
    assert all(not one.reviewed for one in gaps(medicine.key) if one.entry.id != "ask")
    assert all(one.reviewed == medicine.is_reviewed("blood_tests") for one in blood_tests(medicine.key))


def test_a_reviewed_claim_is_read() -> None:
    assert onset("naloxone").entry.id == "minutes"
    assert named(blood_tests("clozapine")) == ["white_cells"]
    assert blood_tests("clozapine")[0].reviewed
    assert named(blood_tests("lithium")) == ["lithium_level"]
    assert named(blood_tests("divalproex")) == named(blood_tests("valproic_acid")) == ["liver_and_platelets"]
    assert blood_tests("sertraline") == blood_tests(None) == ()


def test_which_medicines_are_never_stopped_all_at_once() -> None:
    found = [one for one in catalogue.every() if one.never_stop_suddenly]
    assert [one.name for one in found] == listed(NEVER_SUDDENLY)
    assert all(stopping(one.key).entry.id == "never_suddenly" for one in found)
    assert stopping("naltrexone").entry.id == "tolerance"
    # Words that say it is harmless wait for a reviewer; a medicine in a person's own words gets the same.
    assert stopping("acamprosate").entry.id == stopping("paroxetine").entry.id == stopping(None).entry.id == "ask"


def test_general_words_name_no_medicine_of_the_list() -> None:
    words_of = [word for one in catalogue.every() for name in one.every_name for word in re.split(r"[ /]", name)]
    plain_words = {"acid", "mixed", "salts", "xr", "nicotine", "patch", "gum", "lozenge", "vitamin", "b1"}
    plain_words |= {"ácido", "sales", "mixtas", "de", "nicotina"}
    names = {word.lower() for word in words_of} - plain_words
    general = [*SHELF.cautions.values(), *SHELF.stages.values(), *SHELF.lines.values(), *SHELF.notices.values()]
    general += [*SHELF.classes.values()]
    for entry in general:
        for words in said(entry):
            assert not set(re.findall(r"[a-zá-ú]+", words.lower())) & names, (entry.id, words)


def advice() -> list[tuple[str, Entry]]:
    about = {"cautions", "substances", "together", "stopping", "gaps", "red_flags"}
    return [(name, entry) for name, entry in entries() if name in about]


@pytest.mark.parametrize(("name", "entry"), advice(), ids=lambda value: getattr(value, "id", value))
def test_all_advice_says_whom_to_ask(name: str, entry: Entry) -> None:
    whole = " ".join(said(entry))
    assert ASKS.search(whole)
    assert WHOM.search(whole)
    # Beside it the person can read what it is about in a few lines.
    assert 1 <= len(entry.read().lines) <= 3


@pytest.mark.parametrize(("name", "entry"), advice(), ids=lambda value: getattr(value, "id", value))
def test_no_advice_has_amounts_hours_or_days_that_could_not_be_checked(name: str, entry: Entry) -> None:
    numbers = re.findall(r"\d+", " ".join(said(entry)))
    assert set(numbers) <= {"911", "988", "24"}


def test_nobody_is_told_to_stop() -> None:
    for _, entry in entries():
        for words in said(entry):
            assert not re.search(r"(?:^|[.] )(?:Stop|Skip|Double|Halve|Take (?:less|more|half|two|nothing))\b", words)


def test_what_speaks_of_suicide_brings_the_numbers_and_hope() -> None:
    speaking = [entry for _, entry in entries() if danger_words.SUICIDE.search(" ".join(said(entry)))]
    assert {entry.id for entry in speaking} == {"dark_thoughts", "under_25"}
    for entry in speaking:
        assert getattr(entry, "crisis", False)
        assert danger_words.HOPE.search(" ".join(said(entry)))
        assert "988" in " ".join(said(entry))


def test_the_sweep_of_words_reads_all_of_it() -> None:
    swept = {text.words for text in content_texts.content_texts() if text.file.startswith("content/medicines/")}
    ours = {words for _, entry in entries() for words in said(entry)}
    assert ours <= swept
    assert len(ours) > 250
    assert not word_rules.broken([Text("x", 1, words) for words in ours], word_rules.WORDS)


# --- the cards, by hand ----------------------------------------------------------------------------------------

STOP, ASK, KNOW = Severity.STOP_AND_CALL, Severity.ASK_FIRST, Severity.KNOW


@pytest.mark.parametrize(
    ("key", "substance", "expected"),
    [
        ("disulfiram", Kind.ALCOHOL, {"alcohol_disulfiram": STOP}),
        ("lorazepam", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("zolpidem", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("amitriptyline", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("gabapentin", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("methadone", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("buprenorphine_naloxone", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("clozapine", Kind.ALCOHOL, {"alcohol_breathing": STOP}),
        ("bupropion", Kind.ALCOHOL, {"alcohol_seizure": ASK, "alcohol_any": KNOW}),
        ("duloxetine", Kind.ALCOHOL, {"alcohol_liver": ASK, "alcohol_any": KNOW}),
        ("varenicline", Kind.ALCOHOL, {"alcohol_stronger": ASK}),
        ("sertraline", Kind.ALCOHOL, {"alcohol_any": KNOW}),
        ("acamprosate", Kind.ALCOHOL, {}),
        ("thiamine", Kind.ALCOHOL, {}),
        ("naltrexone", Kind.ALCOHOL, {}),
        ("naltrexone", Kind.OPIOIDS, {"opioids_blocked": STOP}),
        ("olanzapine_samidorphan", Kind.OPIOIDS, {"opioids_blocked": STOP}),
        ("alprazolam", Kind.OPIOIDS, {"opioids_breathing": STOP}),
        ("pregabalin", Kind.OPIOIDS, {"opioids_breathing": STOP}),
        ("methadone", Kind.OPIOIDS, {"opioids_breathing": STOP}),
        ("phenelzine", Kind.OPIOIDS, {"opioids_maoi": STOP}),
        ("buprenorphine", Kind.OPIOIDS, {"opioids_starting": ASK}),
        ("sertraline", Kind.OPIOIDS, {"opioids_serotonin": ASK}),
        ("mirtazapine", Kind.OPIOIDS, {"opioids_serotonin": ASK, "opioids_any": ASK}),
        ("quetiapine", Kind.OPIOIDS, {"opioids_any": ASK}),
        # A rescue medicine is never a reason to be careful, only to have it near.
        ("naloxone", Kind.OPIOIDS, {"opioids_rescue": KNOW}),
        ("nalmefene", Kind.OPIOIDS, {"opioids_rescue_longer": KNOW}),
        ("naloxone", Kind.ALCOHOL, {}),
        ("methadone", Kind.SEDATIVES, {"sedatives_breathing": STOP}),
        ("buprenorphine", Kind.SEDATIVES, {"sedatives_breathing": STOP}),
        ("gabapentin", Kind.SEDATIVES, {"sedatives_breathing": STOP}),
        ("lorazepam", Kind.SEDATIVES, {"sedatives_more": ASK}),
        ("bupropion", Kind.SEDATIVES, {"sedatives_seizure": ASK}),
        ("trazodone", Kind.SEDATIVES, {"sedatives_any": ASK}),
        ("tranylcypromine", Kind.STIMULANTS, {"stimulants_maoi": STOP}),
        ("sertraline", Kind.STIMULANTS, {"stimulants_any": ASK}),
        ("risperidone", Kind.STIMULANTS, {"stimulants_any": ASK}),
        ("propranolol", Kind.STIMULANTS, {"stimulants_any": ASK}),
        ("methylphenidate", Kind.STIMULANTS, {"stimulants_any": ASK}),
        ("lithium", Kind.STIMULANTS, {}),
        ("clozapine", Kind.CANNABIS, {"cannabis_smoke": ASK, "cannabis_any": KNOW}),
        ("sertraline", Kind.CANNABIS, {"cannabis_any": KNOW}),
        ("benztropine", Kind.CANNABIS, {"cannabis_any": KNOW}),
        ("clozapine", Kind.NICOTINE, {"smoke_today": ASK}),
        ("olanzapine", Kind.NICOTINE, {"smoke_today": ASK}),
        ("fluvoxamine", Kind.NICOTINE, {"smoke_level": KNOW}),
        ("nicotine", Kind.NICOTINE, {"smoke_level": KNOW}),
        ("sertraline", Kind.NICOTINE, {}),
        ("sertraline", Kind.GAMBLING, {}),
        ("sertraline", Kind.OTHER, {}),
    ],
)
def test_a_substance_beside_a_medicine(key: str, substance: Kind, expected: dict[str, Severity]) -> None:
    told = cards_for([key], substance)
    assert {one.entry.id: one.entry.severity for one in told} == expected
    assert all(one.medicines == (key,) for one in told)


def test_cards_for_several_come_once_the_most_careful_first_with_their_medicines() -> None:
    told = cards_for(["sertraline", "lorazepam", "gone", "diazepam", "sertraline"], Kind.ALCOHOL)
    assert [(one.entry.id, one.medicines) for one in told] == [
        ("alcohol_breathing", ("lorazepam", "diazepam")),
        ("alcohol_any", ("sertraline",)),
    ]
    every = cards_for(["clozapine", "methadone"])
    assert {one.entry.substance for one in every} == set(SUBSTANCES)
    severities = [list(Severity).index(one.entry.severity) for one in every]
    assert severities == sorted(severities)
    assert cards_for([]) == cards_for(["gone"], Kind.ALCOHOL) == ()


def test_only_what_was_checked_comes_without_the_notice() -> None:
    assert {one.entry.id for one in cards_for(one.key for one in catalogue.every()) if one.reviewed} == {
        "opioids_rescue"
    }
    assert not any(one.reviewed for one in cards_together(one.key for one in catalogue.every()))
    # The card on teeth was checked, that it belongs to this medicine not yet.
    (teeth,) = [one for one in cards_of("buprenorphine") if one.entry.id == "teeth"]
    assert teeth.entry.review.reviewed
    assert not teeth.reviewed


PAIRS = [
    ("phenelzine", "sertraline", {"maoi_pair": STOP}),
    ("selegiline", "venlafaxine", {"maoi_pair": STOP}),
    ("tranylcypromine", "amitriptyline", {"maoi_pair": STOP}),
    ("phenelzine", "bupropion", {"maoi_pair": STOP}),
    ("phenelzine", "methylphenidate", {"maoi_pair": STOP}),
    ("phenelzine", "lisdexamfetamine", {"maoi_pair": STOP}),
    ("phenelzine", "dextromethorphan_bupropion", {"maoi_pair": STOP}),
    ("phenelzine", "buspirone", {"maoi_pair": STOP}),
    ("phenelzine", "atomoxetine", {"maoi_pair": STOP}),
    ("phenelzine", "methadone", {"maoi_pair": STOP}),
    ("phenelzine", "tranylcypromine", {"maoi_pair": STOP}),
    ("phenelzine", "buprenorphine", {"maoi_opioid": ASK}),
    ("naltrexone", "methadone", {"block_pair": STOP}),
    ("naltrexone", "buprenorphine", {"block_pair": STOP}),
    ("naltrexone", "buprenorphine_naloxone", {"block_pair": STOP}),
    ("olanzapine_samidorphan", "methadone", {"block_pair": STOP}),
    ("buprenorphine", "methadone", {"opioid_switch_pair": STOP, "heart_rhythm_pair": ASK}),
    ("methadone", "lorazepam", {"opioid_sedative_pair": STOP}),
    ("buprenorphine", "alprazolam", {"opioid_sedative_pair": STOP}),
    ("buprenorphine_naloxone", "gabapentin", {"opioid_sedative_pair": STOP}),
    ("methadone", "pregabalin", {"opioid_sedative_pair": STOP}),
    ("methadone", "zolpidem", {"opioid_sleepy_pair": ASK}),
    ("methadone", "hydroxyzine", {"opioid_sleepy_pair": ASK, "heart_rhythm_pair": ASK}),
    ("fluvoxamine", "ramelteon", {"fluvoxamine_ramelteon": STOP}),
    ("fluvoxamine", "melatonin", {"fluvoxamine_level": ASK}),
    ("fluvoxamine", "clozapine", {"fluvoxamine_level": ASK}),
    ("fluvoxamine", "olanzapine", {"fluvoxamine_level": ASK}),
    ("divalproex", "lamotrigine", {"valproate_lamotrigine": ASK}),
    ("valproic_acid", "lamotrigine", {"valproate_lamotrigine": ASK}),
    ("carbamazepine", "methadone", {"carbamazepine_opioid": ASK}),
    ("carbamazepine", "buprenorphine", {"carbamazepine_opioid": ASK}),
    ("carbamazepine", "quetiapine", {"carbamazepine_antipsychotic": ASK}),
    ("carbamazepine", "phenelzine", {"maoi_pair": STOP}),
    ("lorazepam", "gabapentin", {"sedative_breathing_pair": ASK}),
    ("lorazepam", "clozapine", {"sedative_breathing_pair": ASK}),
    ("lofexidine", "methadone", {"lofexidine_methadone": ASK}),
    ("dextromethorphan_bupropion", "sertraline", {"serotonin_pair": ASK}),
    ("citalopram", "ziprasidone", {"heart_rhythm_pair": ASK}),
    ("lithium", "sertraline", {"lithium_serotonin": KNOW}),
    ("lorazepam", "trazodone", {"sedative_pair": KNOW}),
    # What is often taken together, with nothing on this short list.
    ("sertraline", "bupropion", {}),
    ("lithium", "quetiapine", {}),
    ("naltrexone", "acamprosate", {}),
    ("naltrexone", "naloxone", {}),
    ("methadone", "naloxone", {}),
    ("buprenorphine_naloxone", "sertraline", {}),
]


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_two_medicines_at_once(one: str, other: str, expected: dict[str, Severity]) -> None:
    told = cards_together([one, other])
    assert {card.entry.id: card.entry.severity for card in told} == expected
    assert all(set(card.medicines) == {one, other} for card in told)
    assert cards_together([other, one]) == told


def test_pairs_of_several_and_only_those_of_the_new_one() -> None:
    keys = ["methadone", "lorazepam", "sertraline", "phenelzine", "made up", "methadone"]
    told = cards_together(keys)
    assert [(one.entry.id, one.medicines) for one in told] == [
        ("opioid_sedative_pair", ("lorazepam", "methadone")),
        ("maoi_pair", ("methadone", "phenelzine")),
        ("maoi_pair", ("phenelzine", "sertraline")),
    ]
    assert [one.medicines for one in cards_together(keys, new="sertraline")] == [("phenelzine", "sertraline")]
    assert cards_together(["methadone"]) == cards_together(["methadone", "methadone"]) == cards_together([]) == ()
    assert cards_together(keys, new="made up") == ()


def test_the_words_of_a_pair_fit_each_pair_that_gets_it() -> None:
    """A card that names one of its two medicines is only ever shown where that one is."""
    for card in cards_together(one.key for one in catalogue.every()):
        words = " ".join(said(card.entry)).lower()
        together = {word for key in card.medicines for word in _medicine(key).ingredients}
        for medicine in catalogue.every():
            if len(medicine.ingredients) == 1 and medicine.name in words.split() and medicine.name != "naloxone":
                assert medicine.name in together, (card.entry.id, medicine.name)


def test_the_cards_of_a_medicine_by_itself() -> None:
    lithium: list[Told[Card]] = list(cards_of("lithium"))
    assert named(lithium) == ["pregnancy", "lithium_level", "heat", "caffeine"]
    assert [one.entry.severity for one in lithium] == [ASK, ASK, KNOW, KNOW]
    assert not any(one.reviewed for one in lithium)
    assert "hidden_alcohol" in named(cards_of("disulfiram"))
    assert "under_25" in named(cards_of("sertraline"))
    assert {"maoi", "serotonin"} <= set(named(cards_of("sertraline")))
    assert cards_of(None) == cards_of("made up") == cards_of("naloxone") == ()


def test_a_card_for_some_forms_is_left_out_for_others() -> None:
    assert "teeth" in named(cards_of("buprenorphine"))
    assert "teeth" in named(cards_of("buprenorphine", "dissolving"))
    assert "teeth" not in named(cards_of("buprenorphine", "long_acting_injection"))


# --- gaps, side effects, red flags, the weeks ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "form", "days", "expected"),
    [
        ("clozapine", None, None, ["clozapine_gap", "ask"]),
        ("clozapine", None, 1, ["ask"]),
        ("clozapine", None, 2, ["clozapine_gap", "ask"]),
        ("lamotrigine", None, 4, ["ask"]),
        ("lamotrigine", None, 5, ["lamotrigine_gap", "ask"]),
        ("methadone", None, 2, ["ask"]),
        ("methadone", None, 3, ["methadone_gap", "ask"]),
        ("buprenorphine", None, 1, ["buprenorphine_gap", "ask"]),
        ("buprenorphine_naloxone", "dissolving", 0, ["buprenorphine_gap", "ask"]),
        ("buprenorphine", "long_acting_injection", 1, ["buprenorphine_gap", "next_due_gap", "ask"]),
        ("naltrexone", "tablet", 1, ["naltrexone_gap", "ask"]),
        ("naltrexone", "long_acting_injection", 1, ["naltrexone_gap", "next_due_gap", "ask"]),
        ("paliperidone", "long_acting_injection", 1, ["next_due_gap", "ask"]),
        ("sertraline", "tablet", 30, ["ask"]),
        (None, None, 30, ["ask"]),
        (None, "long_acting_injection", 1, ["next_due_gap", "ask"]),
    ],
)
def test_after_a_gap_only_the_special_cards_and_ask(
    key: str | None, form: str | None, days: int | None, expected: list[str]
) -> None:
    told: tuple[Told[GapCard], ...] = gaps(key, form, days)
    assert named(told) == expected


def test_the_list_of_side_effects_begins_with_those_of_the_medicine() -> None:
    common = [effect.id for effect in side_effects()]
    assert common[:3] == ["nausea", "sleepy", "cant_sleep"]
    assert common[-2:] == ["rash", "other"]
    assert len(common) == 18
    lithium = [effect.id for effect in side_effects("lithium")]
    assert lithium[:6] == ["thirst", "passing_water", "shaky", "hungry", "acne", "unsteady"]
    assert len(lithium) == len(set(lithium))
    assert set(common) < set(lithium)
    assert [effect.id for effect in side_effects("made up")] == common
    assert catalogue.side_effect("nausea") is not None
    assert catalogue.side_effect("made up") is None


EVERYONE = {
    "trouble_breathing", "cannot_be_woken", "chest_pain", "fainting", "seizure", "dark_thoughts", "severe_rash",
    "yellow_skin",
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "own"),
    [
        ("lamotrigine", {"severe_rash"}),
        ("carbamazepine", {"severe_rash", "fever_sore_throat"}),
        ("modafinil", {"severe_rash"}),
        ("lithium", {"lithium_too_high"}),
        ("clozapine", {"stiff_and_hot", "fever_sore_throat", "no_bowel_movement", "pounding_heart"}),
        ("haloperidol", {"stiff_and_hot", "pounding_heart"}),
        ("sertraline", {"serotonin_signs", "dark_thoughts", "sudden_energy"}),
        ("trazodone", {"serotonin_signs", "painful_erection", "dark_thoughts", "sudden_energy", "pounding_heart"}),
        ("phenelzine", {"serotonin_signs", "sudden_headache", "dark_thoughts", "sudden_energy"}),
        ("disulfiram", {"alcohol_reaction"}),
        ("methadone", {"pounding_heart"}),
        ("thiamine", set()),
    ],
)
def test_the_signs_that_cannot_wait(key: str, own: set[str]) -> None:
    told = red_flags([key])
    assert {one.entry.id for one in told if one.medicines} == own
    assert set(named(told)) == EVERYONE | own


def test_a_side_effect_opens_its_red_flag_where_that_holds() -> None:
    assert named(red_flags()) == named(red_flags(["made up"])) == [one for one in SHELF.red_flags if one in EVERYONE]
    for effect, key, flag in (
        ("rash", "lamotrigine", "severe_rash"),
        ("rash", "thiamine", "severe_rash"),
        ("constipation", "clozapine", "no_bowel_movement"),
        ("constipation", "methadone", None),
        ("stiff", "haloperidol", "stiff_and_hot"),
        ("unsteady", "lithium", "lithium_too_high"),
        ("unsteady", "lorazepam", None),
        ("shaky", "lithium", "lithium_too_high"),
        ("shaky", "sertraline", None),
        ("loose_stools", "lithium", "lithium_too_high"),
        ("loose_stools", "sertraline", None),
        ("headache", "phenelzine", "sudden_headache"),
        ("headache", "sertraline", None),
        ("nausea", "lithium", None),
        ("made up", "lithium", None),
    ):
        told = red_flag_behind(effect, [key])
        assert (told.entry.id if told else None) == flag, (effect, key)


def test_the_timeline_has_no_gap_and_no_end() -> None:
    stages = catalogue.stages()
    assert stages[0].first_day == 0
    for one, following in pairwise(stages):
        assert one.last_day is not None
        assert following.first_day == one.last_day + 1
    assert stages[-1].last_day is None
    names = {0: "settling_in", 13: "settling_in", 14: "first_signs", 41: "first_signs", 56: "fuller_picture"}
    names |= {84: "fuller_picture", 85: "keep_or_change", 9999: "keep_or_change"}
    for day, name in names.items():
        stage = catalogue.stage_on(day)
        assert stage is not None
        assert stage.id == name
    assert catalogue.stage_on(-1) is None


def test_when_questions_and_measures_are_offered() -> None:
    rhythm = catalogue.rhythm()
    assert rhythm.question_days == (3, 7, 14)
    assert rhythm.young_days == (3, 7, 14, 28)
    assert rhythm.measure_weeks == (2, 4, 6, 8, 12)
    assert not rhythm.review.reviewed


def test_which_questionnaire_is_proposed_and_none_where_no_source_names_one() -> None:
    found = {one.key: told.entry.read().name for one in catalogue.every() if (told := catalogue.measure_for(one.key))}
    assert (found["sertraline"], found["lithium"], found["buspirone"]) == ("PHQ-9 or GAD-7", "ASRM and PHQ-9", "GAD-7")
    assert (found["acamprosate"], found["methadone"], found["prazosin"]) == ("BAM or PACS", "BAM", "PCL-5")
    assert not {"clozapine", "melatonin", "topiramate", "naloxone"} & found.keys()
    assert catalogue.measure_for(None) is catalogue.measure_for("made up") is None


def test_words_come_in_english_where_another_language_is_not_written_yet() -> None:
    ask = catalogue.notice("ask")
    assert ask.read("es") != ask.read("en")
    assert ask.read("fr") == ask.read("en") == ask.read()
    assert catalogue.severity_words(STOP).read().name == "Please call about this"
    assert "not reviewed it yet" in catalogue.notice("not_reviewed").read().lines[0]
    assert "pharmacist can check" in catalogue.notice("not_complete").read().lines[0]
    assert catalogue.line("while_you_wait").read().lines
