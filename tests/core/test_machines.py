"""What machines ask: /readyz notices a lost database and makes none; /metrics is for who has the token."""

from __future__ import annotations

import ast
import inspect
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from patient_app.core import metrics, migrate
from patient_app.core.db import Database, DatabaseMissing
from patient_app.core.work import Store
from patient_app.factory import create_app
from tests.page import Client

TOKEN = "a long token for monitoring"


def _files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.mark.sqlite
def test_ready_when_both_databases_are_at_this_version(client: Client, store: Store) -> None:
    assert client.get("/readyz").status_code == 200
    with store.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    assert client.get("/readyz").status_code == 503


@pytest.mark.sqlite
@pytest.mark.parametrize("lost", ["tandem.sqlite", "keys.sqlite"])
def test_a_lost_database_is_not_ready_and_none_is_made_in_its_place(client: Client, store: Store, lost: str) -> None:
    folder = store.config.instance
    assert client.get("/readyz").status_code == 200
    for file in folder.glob(f"{lost}*"):
        file.unlink()
    for _ in range(2):  # With the connection that was open, and with a new one.
        page = client.get("/readyz")
        assert (page.status_code, page.text) == (503, "not ready\n")
        assert lost not in _files(folder)
        store.close()


@pytest.mark.sqlite
def test_an_empty_database_is_not_ready(client: Client, store: Store) -> None:
    store.close()
    for file in store.config.instance.glob("tandem.sqlite*"):
        file.unlink()
    (store.config.instance / "tandem.sqlite").touch()
    assert client.get("/readyz").status_code == 503


@pytest.mark.sqlite
def test_ready_again_when_the_database_is_back(client: Client, store: Store, tmp_path: Path) -> None:
    store.close()
    file = store.config.instance / "tandem.sqlite"
    shutil.move(file, tmp_path / "away")
    assert client.get("/readyz").status_code == 503
    shutil.move(tmp_path / "away", file)
    assert client.get("/readyz").status_code == 200


def test_asking_for_the_migration_of_a_lost_database_makes_none(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'gone.sqlite'}")
    with pytest.raises(DatabaseMissing):
        migrate.current(database)
    assert not _files(tmp_path)


@pytest.mark.parametrize(
    ("configured", "sent", "status"),
    [
        pytest.param(TOKEN, f"Bearer {TOKEN}", 200, id="the token"),
        pytest.param(TOKEN, None, 404, id="none sent"),
        pytest.param(TOKEN, "", 404, id="empty"),
        pytest.param(TOKEN, "Bearer ", 404, id="empty token"),
        pytest.param(TOKEN, TOKEN, 404, id="without Bearer"),
        pytest.param(TOKEN, f"Bearer {TOKEN}x", 404, id="longer"),
        pytest.param(TOKEN, f"Bearer {TOKEN[:-1]}", 404, id="shorter"),
        pytest.param(TOKEN, f"Bearer {TOKEN.upper()}", 404, id="other letters"),
        pytest.param(TOKEN, "Bearer tökén", 404, id="letters beyond ASCII"),
        pytest.param("", "Bearer ", 404, id="none configured"),
        pytest.param("", None, 404, id="none configured, none sent"),
    ],
)
def test_counters_are_for_who_has_the_token(store: Store, configured: str, sent: str | None, status: int) -> None:
    config = replace(store.config, metrics_token=configured)
    client = Client(create_app(config, Store(config, store.database, store.vault)))
    page = client.get("/metrics", headers={} if sent is None else {"Authorization": sent})
    assert page.status_code == status
    assert ("tandem_requests_total" in page.get_data(as_text=True)) == (status == 200)


def test_the_token_is_compared_in_constant_time() -> None:
    """No clock can show it in a test; that nothing else compares it can be read."""
    code = ast.parse(inspect.getsource(metrics.answer))
    assert any(isinstance(node, ast.Attribute) and node.attr == "compare_digest" for node in ast.walk(code))
    assert not [node for node in ast.walk(code) if isinstance(node, ast.Compare)]
