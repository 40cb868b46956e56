"""The patient's own pages of medicines; their views stand in several modules."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("medications", __name__)
