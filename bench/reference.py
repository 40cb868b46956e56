"""The reference application: the smallest Flask program on the same versions and server, without sign-in.

*empty* answers a constant, *page* draws one template of ten rows from one indexed select by the ORM, *insert* stores
one row durably by the ORM. SQLite as the application runs it: WAL, `synchronous=FULL`. All budgets are multiples of
these three.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask import Flask, render_template, request
from jinja2 import DictLoader
from sqlalchemy import create_engine, event, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

OWNERS = 50
ROWS_OF_AN_OWNER = 200
SHOWN_OWNER = 7
SHOWN = 10

TEMPLATE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Entries</title></head>
<body><h1>Entries</h1>
<table>
{% for row in rows %}
<tr><td>{{ row.id }}</td><td>{{ row.rating }}</td><td>{{ row.words }}</td></tr>
{% endfor %}
</table></body>
</html>
"""


class Base(DeclarativeBase):
    """The reference's own tables."""


class Entry(Base):
    """One row of the page."""

    __tablename__ = "entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int] = mapped_column(index=True)
    rating: Mapped[int]
    words: Mapped[str]


def create_reference(file: Path) -> Flask:
    """Make the reference over a SQLite file, which is made and filled when it is not there."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    if not file.exists():
        Base.metadata.create_all(engine)
        with Session(engine) as session:
            session.execute(
                insert(Entry),
                [
                    {"owner": owner, "rating": number % 11, "words": f"Entry {number} of {owner}"}
                    for owner in range(OWNERS)
                    for number in range(ROWS_OF_AN_OWNER)
                ],
            )
            session.commit()
    app = Flask("reference")
    app.jinja_loader = DictLoader({"page.html": TEMPLATE})

    @app.get("/empty")
    def empty() -> str:
        return "ok"

    @app.get("/page")
    def page() -> str:
        with Session(engine) as session:
            rows = session.scalars(select(Entry).where(Entry.owner == SHOWN_OWNER).limit(SHOWN)).all()
            return render_template("page.html", rows=rows)

    @app.post("/insert")
    def add() -> str:
        with Session(engine) as session:
            session.add(Entry(owner=OWNERS, rating=int(request.form["rating"]), words=request.form["words"]))
            session.commit()
        return "ok"

    return app


def served() -> Flask:
    """Make the reference for a server, over the file that BENCH_REFERENCE names."""
    return create_reference(Path(os.environ["BENCH_REFERENCE"]))


def _prepare(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
