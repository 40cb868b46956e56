"""What tests of accounts look at from outside: the messages that wait, and every byte that the database keeps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import select, text

from patient_app.accounts.models import MailMessage
from patient_app.core.db import Base
from patient_app.core.work import Store, db


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that waits to be sent, opened."""

    address: str
    subject: str
    body: str

    @property
    def token(self) -> str:
        """The token of the one-time link in it."""
        found = re.search(r"https?://\S+/(?:join|open-entries|confirm-code)/([\w-]+)", self.body)
        assert found, self.body
        return found.group(1)


def letters(store: Store, address: str | None = None) -> list[Letter]:
    """Return the messages that wait, the oldest first; those to one address, if it is named."""
    with store.work(writes=False):
        rows = db().scalars(select(MailMessage).order_by(MailMessage.created_at, MailMessage.id))
        opened = [Letter(row.address or "", row.subject or "", row.body or "") for row in rows]
    return [letter for letter in opened if address in {None, letter.address}]


def kept_bytes(store: Store) -> bytes:
    """Return everything that the main database keeps, row by row, as bytes."""
    found: list[bytes] = []
    with store.work(writes=False):
        for table in Base.metadata.tables:
            for row in db().execute(text(f"SELECT * FROM {table}")):  # noqa: S608 - names of our own tables.
                found.extend(value if isinstance(value, bytes) else str(value).encode() for value in row)
    return b"\n".join(found)
