"""A wire between a browser and the server that can be cut for real: refused, hanging, or cut before the answer.

The browser tool's own offline switch does not reach service workers reliably, so the network is this proxy.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from enum import Enum
from types import TracebackType


class Wire(Enum):
    """How the wire behaves now."""

    WHOLE = "whole"
    REFUSES = "refuses"  # Every connection ends at once.
    HANGS = "hangs"  # Taken, and never answered.
    HOLDS_ANSWERS = "holds answers"  # The server gets all of it; its answers wait until `let_go`.
    CUT_BEFORE_ANSWER = "cut before the answer"  # The server gets all of it; its answer does not arrive.


class Proxy:
    """Listens on a port of its own and hands on to the server's, as `wire` says; a context manager."""

    def __init__(self, server_port: int) -> None:
        self.wire = Wire.WHOLE
        self._server = ("127.0.0.1", server_port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._let_go = threading.Event()
        self.held = 0
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the browser goes."""
        return f"http://localhost:{self.port}"

    def become(self, wire: Wire) -> None:
        """Change the wire; what runs over it now is cut."""
        self.wire = wire
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def hold_answers(self) -> None:
        """Hold back what the server answers from now on; `held` counts it."""
        self._let_go.clear()
        self.wire = Wire.HOLDS_ANSWERS

    def let_go(self) -> None:
        """Give what was held back, and hold nothing any more."""
        self.wire = Wire.WHOLE
        self._let_go.set()

    def lead_to(self, server_port: int) -> None:
        """Hand on to another server from now on, as when a new release takes the place of the one before."""
        self._server = ("127.0.0.1", server_port)
        wire, self.wire = self.wire, Wire.REFUSES
        self.become(wire)

    def __enter__(self) -> Proxy:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # Else the thread waits for the next one for ever.
        self._listening.close()
        self._let_go.set()
        self.become(Wire.REFUSES)

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                browser, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(browser,), daemon=True).start()

    def _connect(self, browser: socket.socket) -> None:
        if self.wire is Wire.REFUSES:
            browser.close()
            return
        self._remember(browser)
        if self.wire is Wire.HANGS:
            self._swallow(browser)
            return
        try:
            server = socket.create_connection(self._server)
        except OSError:
            self._forget(browser)
            return
        self._remember(server)
        threading.Thread(target=self._hand_on, args=(browser, server), daemon=True).start()
        self._hand_on(server, browser, answers=True)

    def _swallow(self, browser: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while browser.recv(65536):
                pass
        self._forget(browser)

    def _hand_on(self, source: socket.socket, sink: socket.socket, *, answers: bool = False) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if answers and self.wire is Wire.CUT_BEFORE_ANSWER:
                    break
                if answers and self.wire is Wire.HOLDS_ANSWERS:
                    self.held += 1
                    self._let_go.wait()
                sink.sendall(data)
        self._forget(source)
        self._forget(sink)

    def _remember(self, one: socket.socket) -> None:
        with self._lock:
            self._open.add(one)

    def _forget(self, one: socket.socket) -> None:
        with self._lock:
            self._open.discard(one)
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
