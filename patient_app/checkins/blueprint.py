"""The blueprint that the pages of check-ins hang on."""

from __future__ import annotations

from flask import Blueprint

from patient_app.checkins.words import clock_off

bp = Blueprint("checkins", __name__)
bp.add_app_template_filter(clock_off)
