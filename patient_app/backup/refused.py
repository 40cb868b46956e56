"""Why a backup or a restore does not go on; the message is one plain sentence, and nothing was put in place."""

from __future__ import annotations

from patient_app.core.config import ConfigError


class Refused(ConfigError):
    """A backup was not made, or not put back; the message says why and what to do."""
