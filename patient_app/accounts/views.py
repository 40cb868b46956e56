"""The pages of accounts, by subject: importing them hangs their routes on the blueprint."""

from __future__ import annotations

from patient_app.accounts import (
    address_views,
    chart_views,
    join_views,
    list_views,
    practice_views,
    settings_views,
    sign_in_views,
    staff_code_views,
)
from patient_app.accounts.blueprint import bp

__all__ = [
    "address_views",
    "bp",
    "chart_views",
    "join_views",
    "list_views",
    "practice_views",
    "settings_views",
    "sign_in_views",
    "staff_code_views",
]
