"""A network that brings a page in small pieces, as a phone with one bar gets it: each comes when it is asked for.

Only pages that somebody goes to are brought so; what belongs to them arrives at once.
"""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import ClassVar

from playwright.sync_api import Page

# After each tag, and within each text: what is drawn then has a part of what it will have.
_CUTS = re.compile(rb"<[^>]*>\s*|[^<]{1,9}")
_KEPT_BACK = frozenset({"content-length", "content-encoding", "transfer-encoding", "connection"})
# Two frames: what came has been laid out and painted. A line around the page, which takes no room, has another colour
# in each: Chromium draws a frame in which nothing is new no sooner than a screen would show it.
_PAINTED = """
() => new Promise((done) => {
  const draw = (frame) => {
    globalThis.drawn = ((globalThis.drawn ?? 0) + 1) % 256;
    document.documentElement.style.outline = `1px solid rgb(${globalThis.drawn} 0 0)`;
    requestAnimationFrame(() => setTimeout(() => (frame === 2 ? done() : draw(frame + 1))));
  };
  draw(1);
})
"""


class Slowly:
    """Listens on a port of its own and hands on what the server answers; a context manager."""

    def __init__(self, server_port: int) -> None:
        self._pieces: list[bytes] = []
        # What a test does to a page before it is brought.
        self.change: Callable[[bytes], bytes] = bytes
        self._more = threading.Semaphore(0)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"slow": self}))
        self._server.daemon_threads = True
        self.server_port = server_port
        self.url = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Slowly:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _ in self._pieces:
            self._more.release()
        self._server.shutdown()
        self._server.server_close()

    def bring(self, page: Page, address: str, *, at_once: int = 1) -> None:
        """Let a page go to an address, and bring it piece by piece (so many of them together), each painted."""
        page.goto(self.url + address, wait_until="commit")
        for number in range(len(self._pieces)):
            self._more.release()
            if number % at_once == 0:
                page.evaluate(_PAINTED)
        page.wait_for_load_state("load")
        page.evaluate(_PAINTED)

    def cut(self, body: bytes) -> bytes:
        """Return what comes at once, the head of a page; the rest of it waits in pieces."""
        start = body.index(b"<body")
        self._pieces = _CUTS.findall(body, start)
        return body[:start]

    def pieces(self) -> list[bytes]:
        """Return the pieces that wait."""
        return self._pieces

    def wait(self) -> None:
        """Wait until the next piece is asked for."""
        self._more.acquire()


class _Handler(BaseHTTPRequestHandler):
    slow: ClassVar[Slowly]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = http.client.HTTPConnection("127.0.0.1", self.slow.server_port)
        asked.request("GET", self.path, headers={**dict(self.headers), "Accept-Encoding": "identity"})
        answer = asked.getresponse()
        body = answer.read()
        asked.close()
        self.close_connection = True
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _KEPT_BACK:
                self.send_header(name, value)
        if self.headers.get("Sec-Fetch-Dest") == "document" and b"<body" in body:
            self._slowly(self.slow.change(body))
        else:
            self._begin(body, body)

    def _begin(self, body: bytes, first: bytes) -> None:
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(first)

    def _slowly(self, body: bytes) -> None:
        self._begin(body, self.slow.cut(body))
        for piece in self.slow.pieces():
            self.slow.wait()
            self.wfile.write(piece)
            self.wfile.flush()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""
