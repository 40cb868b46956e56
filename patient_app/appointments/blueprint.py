"""The blueprint of a patient's own appointments."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("appointments", __name__)
