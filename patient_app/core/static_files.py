"""Static files under `/static/<release hash>/...`: read once at start, compressed once, kept by browsers for a year.

Scripts are sent as they are written, style sheets without their remarks.

The hash covers every file, so relative imports stay inside one release and two releases never mix.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import brotli
from flask import Flask, Response, abort, request

from patient_app.core.access import Permission, access

YEAR = "public, max-age=31536000, immutable"
_REMARKS, _SPACES = re.compile(rb"/\*.*?\*/", re.DOTALL), re.compile(rb"\s+")
_COMPRESSIBLE = (".css", ".js", ".svg", ".json", ".txt", ".webmanifest")


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file with its encodings; an encoding that does not make it smaller is left out."""

    content_type: str
    body: bytes
    encodings: dict[str, bytes]


class StaticFiles:
    """The files of one release."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            path.relative_to(folder).as_posix(): _read(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith(".") and path.suffix != ".md"
        }
        digest = hashlib.sha256()
        for name, file in self.files.items():
            digest.update(name.encode() + b"\x00" + hashlib.sha256(file.body).digest())
        self.release = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return the address of a file in this release; raise `KeyError` when there is no such file."""
        if name not in self.files:
            raise KeyError(f"No static file {name!r}")
        return f"/static/{self.release}/{name}"


def _read(path: Path) -> StaticFile:
    body = path.read_bytes()
    if path.suffix == ".css":
        body = without_remarks(body)
    encodings = _compressed(body) if path.suffix in _COMPRESSIBLE else {}
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind.endswith("javascript"):
        kind += "; charset=utf-8"
    return StaticFile(kind, body, encodings)


def without_remarks(style: bytes) -> bytes:
    """Return a style sheet without its remarks and line breaks, an eighth of what goes over the wire; its rules stay.

    No text in a style sheet of ours holds a remark's signs or two spaces.
    """
    return _SPACES.sub(b" ", _REMARKS.sub(b"", style)).strip()


@lru_cache(maxsize=512)  # A process that makes several applications does it once.
def _compressed(body: bytes) -> dict[str, bytes]:
    encodings = {"br": brotli.compress(body, quality=11), "gzip": gzip.compress(body, 9, mtime=0)}
    return {name: data for name, data in encodings.items() if len(data) < len(body)}


def init_app(app: Flask, folder: Path) -> None:
    """Serve the folder and give templates `static_url(name)`."""
    files = StaticFiles(folder)
    app.extensions["static_files"] = files
    app.jinja_env.globals["static_url"] = files.address

    @access(Permission.PUBLIC)
    def static_files(release: str, name: str) -> Response:
        file = files.files.get(name)
        if file is None or release != files.release:
            abort(404)
        return _answer(file)

    app.add_url_rule(
        "/static/<string:release>/<path:name>", endpoint="static_files", view_func=static_files, methods=["GET"]
    )


def _answer(file: StaticFile) -> Response:
    best = request.accept_encodings.best_match(list(file.encodings)) if file.encodings else None
    response = Response(file.encodings[best] if best else file.body, content_type=file.content_type)
    if best:
        response.headers["Content-Encoding"] = best
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = YEAR
    return response
