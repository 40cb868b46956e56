"""The blueprint of messages to devices."""

from flask import Blueprint

bp = Blueprint("push", __name__)
