"""The blueprint that the pages of check-ins hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("checkins", __name__)
