"""Every row that belongs to a practice says to which one; what does not has its reason."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, Uuid

from patient_app import models
from patient_app.core.db import Base

assert models
# Rows that are only ever reached through another one, which says the practice: by which column.
THROUGH = {
    "access_chain": "patient_id",  # The end of one patient's records; it is locked and read by the patient's id.
    "appointment_version": "appointment_id",  # What is true of an appointment; never without it.
    "blood_test_version": "test_id",  # What is true of a blood test; never without the test.
    "check_in_version": "check_in_id",  # What a check-in says; never without the check-in.
    "consent_category": "consent_id",  # What a consent opens; never without the consent.
    "consent_event": "consent_id",  # What happened to a consent; never without the consent.
    "delivery": "occurrence_id",  # What became of an occurrence at a device; never without the occurrence.
    "dose_version": "dose_id",  # What was logged of a dose; never without the dose.
    "exercise_version": "run_id",  # What was written in an exercise; never without the run.
    "known_device": "person_id",  # A token's hash, looked up together with the person who signs in.
    "medicine_answer": "medicine_id",  # What a patient said to a change; never without the medicine.
    "response_version": "note_id",  # What a note of a week says; never without the note.
    "side_effect_version": "side_effect_id",  # What a side effect says; never without it.
    "medicine_version": "medicine_id",  # What is true of a medicine; never without the medicine.
}
# Rows of no practice.
OF_NONE = {
    "installation": "one row: what the whole database is for",
    "mail_message": "an e-mail for the worker, which sends for all practices; its words are under one person's key",
    "practice": "the practice itself",
    "reminder_outage": "when the worker did not run, for all practices at once",
    "reminder_tick": "one row: when the worker last looked",
    "reset_request": "a keyed hash of what a stranger typed; whether there is such an account is not known yet",
    "throttle": "counts tries of networks and names before anybody is known",
}


def problems(metadata: MetaData) -> Iterator[str]:
    """Yield each table that does not say its practice, and each exception that is none."""
    for table in metadata.sorted_tables:
        column = table.c.get("practice_id")
        if table.name in THROUGH or table.name in OF_NONE:
            if column is not None:
                yield f"{table.name} has practice_id: take it off the exceptions"
            continue
        if column is None:
            yield f"{table.name} has no practice_id; add it, or argue the exception"
        elif column.nullable or {key.target_fullname for key in column.foreign_keys} != {"practice.id"}:
            yield f"{table.name}.practice_id can be empty, or names no practice"
    for name, column_name in THROUGH.items():
        parents = {key.column.table for key in metadata.tables[name].c[column_name].foreign_keys}
        if not parents or any("practice_id" not in parent.c for parent in parents):
            yield f"{name}.{column_name} leads to nothing that says its practice"
        if metadata.tables[name].c[column_name].nullable:
            yield f"{name}.{column_name} can be empty"


def test_every_row_of_a_practice_says_so() -> None:
    assert list(problems(Base.metadata)) == []


def test_a_planted_table_is_seen() -> None:
    metadata = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(metadata)
    Table("forgotten", metadata, Column("id", Integer, primary_key=True))
    Table("loose", metadata, Column("practice_id", Uuid, ForeignKey("practice.id"), nullable=True))
    Table("free", metadata, Column("practice_id", Uuid, nullable=False))
    told = list(problems(metadata))
    assert [line.split()[0].partition(".")[0] for line in told] == ["forgotten", "free", "loose"]
