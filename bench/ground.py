"""What measures stand on, made once a run: a throw-away installation with its practice, and the reference beside it."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

import structlog
from flask import Flask

from bench import practice, reference
from bench.cpu import Request
from bench.figures import Report
from bench.practice import Account, Bench
from patient_app.accounts import sessions
from patient_app.core import logs
from patient_app.core.config import Config
from patient_app.core.installation import migrate_all, open_store
from patient_app.core.keys import make_master_key
from patient_app.core.work import Store
from patient_app.factory import create_app


class Ground:
    """One installation in a folder of its own, and the application over it in this process."""

    def __init__(self, folder: Path, report: Report) -> None:
        self.folder = folder
        self.report = report
        self.config = Config(instance=folder / "instance", master_key=make_master_key(), base_url="http://localhost")
        self._stack = ExitStack()

    @cached_property
    def store(self) -> Store:
        """The databases, migrated."""
        self.config.instance.mkdir()
        migrate_all(self.config)
        opened = open_store(self.config)
        self._stack.callback(opened.close)
        return opened

    @cached_property
    def people(self) -> Bench:
        """The practice, filled now if it was not."""
        started = time.perf_counter()
        found = practice.build(self.store)
        size = sum(file.stat().st_size for file in self.config.instance.iterdir()) / 2**20
        self.report.note(
            f"practice: {practice.PATIENTS} patients x {practice.YEARS} years, one patient of 1 and one of 5 years; "
            f"{size:.0f} MiB, made in {time.perf_counter() - started:.0f} s"
        )
        return found

    @cached_property
    def app(self) -> Flask:
        """The application; its log goes where a file would take it, and nobody reads it."""
        sink = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open as long as the application is there.
        self._stack.callback(sink.close)
        logs.configure()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sink))
        assert self.people  # noqa: S101 - the practice is there before the application looks.
        return create_app(self.config, self.store)

    @cached_property
    def reference_file(self) -> Path:
        """Where the reference keeps its rows."""
        return self.folder / "reference.sqlite"

    @cached_property
    def reference(self) -> Flask:
        """The reference application."""
        return reference.create_reference(self.reference_file)

    @property
    def page(self) -> Request:
        """The request that most budgets are multiples of."""
        return Request(self.reference, "/page")

    @property
    def insert(self) -> Request:
        """The request that budgets of writing are multiples of."""
        return Request(self.reference, "/insert", "POST", body=lambda: b"rating=4&words=Quiet+day.+Cooked.")

    def cookie(self, person: Account) -> dict[str, str]:
        """Return the header that a person's browser sends."""
        return {"Cookie": f"{sessions.session_cookie_name(self.config)}={person.token}"}

    def request(self, person: Account, path: str) -> Request:
        """Return a person's request for a page."""
        return Request(self.app, path, headers=self.cookie(person))

    def close(self) -> None:
        """Give back what was opened."""
        self._stack.close()


@contextmanager
def ground(report: Report) -> Iterator[Ground]:
    """Give the ground of a run; its folder is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tandem-bench-"))
    made = Ground(folder, report)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)
