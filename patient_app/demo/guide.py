"""What a person at the terminal is told about the demonstration: addresses, accounts, password, codes."""

from __future__ import annotations

from dataclasses import dataclass

import pyotp

from patient_app.core import clock, installation
from patient_app.core.config import Config
from patient_app.demo.people import ACCOUNTS, BY_SHORT_NAME, STAFF, Account

STEP_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Code:
    """A second-factor code and how long it still holds."""

    digits: str
    seconds_left: int


def staff_names() -> list[str]:
    """Return the names by which `demo code` knows the staff."""
    return [account.short for account in STAFF]


def code_of(name: str) -> Code | None:
    """Return the current code of a member of the staff, by short name or e-mail address; None for anybody else."""
    account = BY_SHORT_NAME.get(name.strip().lower().removesuffix("@demo.example"))
    return _code(account) if account in STAFF else None


def _code(account: Account) -> Code:
    moment = clock.now()
    left = STEP_SECONDS - int(moment.timestamp()) % STEP_SECONDS
    return Code(pyotp.TOTP(account.totp_secret).at(moment), left)


def lines(config: Config, password: str) -> list[str]:
    """Return what `run` prints when the demonstration answers."""
    return [
        "",
        f"{config.product_name} runs at {config.base_url}",
        "",
        "This is a demonstration: everybody in it is invented. Do not enter anything about real people.",
        "",
        f"Sign in at {config.base_url}/sign-in with one of these names and the password  {password}",
        "",
        *(_account_line(account) for account in ACCOUNTS),
        "",
        "Staff also need a code; each works once and changes every 30 seconds.",
        "For a new one:  .venv/bin/python app.py demo code prescriber",
        "",
        *installation.remarks(config),
        *_own_key(config),
        "Stop with Ctrl-C.",
        "",
    ]


def _account_line(account: Account) -> str:
    code = f"code now {_code(account).digits}" if account.role.is_staff else ""
    return f"  {account.email:<24} {code:<16} {account.name}: {account.about}"


def _own_key(config: Config) -> list[str]:
    if config.master_key:
        return []
    return [f"No MASTER_KEY is set: the demonstration keeps a key of its own in {config.instance}."]
