"""The blueprint of this feature, to which several modules add their views."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("sharing", __name__)
