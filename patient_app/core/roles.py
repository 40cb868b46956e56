"""The kinds of people and the disciplines of clinicians: the field's standard words, used in code and tables."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is to the practice. One account has one role."""

    ADMINISTRATOR = "administrator"
    CLINICIAN = "clinician"
    PATIENT = "patient"
    SUPPORTER = "supporter"

    @property
    def is_staff(self) -> bool:
        """Whether the person works for the practice (second factor needed, short sessions)."""
        return self in {Role.ADMINISTRATOR, Role.CLINICIAN}


class Discipline(StrEnum):
    """A clinician's discipline; the care team is addressed by it."""

    PRESCRIBER = "prescriber"
    THERAPIST = "therapist"
    ADDICTION_SPECIALIST = "addiction_specialist"
    NURSE = "nurse"
    CASE_MANAGER = "case_manager"
    PEER_SPECIALIST = "peer_specialist"
