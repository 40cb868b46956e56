"""The blueprint that the pages about phones, and what phones send later, hang on."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("offline", __name__)
