"""Static files: one release, one address; compressed once; kept for a year."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask

from patient_app.core import static_files
from patient_app.core.static_files import YEAR, StaticFiles

SHEETS = Path(static_files.__file__).resolve().parents[1] / "static"
STYLE = "body { color: black; }\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a few files."""
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "app.css").write_text(STYLE, encoding="utf-8")
    (tmp_path / "tiny.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "README.md").write_text("Not served.", encoding="utf-8")
    (tmp_path / ".hidden").write_text("Not served.", encoding="utf-8")
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Flask:
    """Return an application that serves only them."""
    app = Flask(__name__, static_folder=None)
    static_files.init_app(app, folder)
    return app


def _address(site: Flask, name: str) -> str:
    files: StaticFiles = site.extensions["static_files"]
    return files.address(name)


def test_the_release_changes_with_any_file_and_with_nothing_else(folder: Path) -> None:
    first = StaticFiles(folder).release
    assert StaticFiles(folder).release == first
    (folder / "README.md").write_text("Changed.", encoding="utf-8")
    assert StaticFiles(folder).release == first
    (folder / "tiny.svg").write_text("<svg />", encoding="utf-8")
    second = StaticFiles(folder).release
    (folder / "tiny.svg").rename(folder / "small.svg")
    assert len({first, second, StaticFiles(folder).release}) == 3


@pytest.mark.parametrize(
    ("accepts", "encoding"),
    [("", None), ("identity", None), ("gzip", "gzip"), ("gzip, br", "br"), ("br;q=0, gzip", "gzip")],
)
def test_each_browser_gets_an_encoding_that_it_reads(site: Flask, accepts: str, encoding: str | None) -> None:
    answer = site.test_client().get(_address(site, "css/app.css"), headers={"Accept-Encoding": accepts})
    assert answer.status_code == 200
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["Cache-Control"] == YEAR
    assert answer.content_type == "text/css; charset=utf-8"
    unpack = {None: bytes, "gzip": gzip.decompress, "br": brotli.decompress}[encoding]
    assert unpack(answer.data) == static_files.without_remarks(STYLE.encode())


def test_a_style_sheet_goes_without_its_remarks_and_nothing_else() -> None:
    style = b"""/* Told
       to readers. */
    a { color: red; & > b { margin: calc(1rem + 2px) 0; } } /* again */
    i::before { content: ""; font-family: "Segoe UI"; }"""
    assert static_files.without_remarks(style) == (
        b'a { color: red; & > b { margin: calc(1rem + 2px) 0; } } i::before { content: ""; font-family: "Segoe UI"; }'
    )


@pytest.mark.parametrize("sheet", sorted(SHEETS.rglob("*.css")), ids=lambda sheet: sheet.name)
def test_no_text_in_our_style_sheets_looks_like_a_remark(sheet: Path) -> None:
    told = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    texts = re.findall(r"\"[^\"\n]*\"|'[^'\n]*'|url\([^)]*\)", told)
    assert [text for text in texts if "/*" in text or "*/" in text or "  " in text] == []
    assert told.count("/*") == told.count("*/") == 0


def test_what_does_not_become_smaller_is_sent_as_it_is(site: Flask) -> None:
    for name in ("tiny.svg", "picture.png"):
        answer = site.test_client().get(_address(site, name), headers={"Accept-Encoding": "br, gzip"})
        assert "Content-Encoding" not in answer.headers


def test_what_is_not_there_is_not_there(site: Flask) -> None:
    release = site.extensions["static_files"].release
    for address in (
        f"/static/{release}/css/none.css",
        "/static/0123456789ab/css/app.css",
        f"/static/{release}/README.md",
        f"/static/{release}/.hidden",
        f"/static/{release}/../test_static_files.py",
        f"/static/{release}/css/../tiny.svg",
        f"/static/{release}/",
        "/static/",
    ):
        assert site.test_client().get(address).status_code == 404, address
    with pytest.raises(KeyError):
        site.extensions["static_files"].address("css/none.css")


def test_the_applications_own_files_are_served(folder: Path) -> None:
    own = StaticFiles(Path(static_files.__file__).resolve().parents[1] / "static")
    assert "css/app.css" in own.files
    assert not [name for name in own.files if name.endswith(".md")]
