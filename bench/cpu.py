"""CPU time of a request inside the WSGI application, without a server: the steadiest yardstick there is.

What is compared is measured in turns, a small batch of the one and a small batch of the other, so that whatever else
the machine does meets both; the figure is the median over many such pairs.
"""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

WARM_UP = 10
LEAST_PAIRS, LONGEST_SECONDS = 10, 10.0
BATCH_SECONDS = 0.02
Body = Callable[[], bytes]


class WrongAnswer(Exception):
    """What was to be measured answered with another status than it should."""


@dataclass
class Request:
    """A request as a browser sends it, to one application; each call may have a body of its own."""

    app: Flask
    path: str
    method: str = "GET"
    body: Body | None = None
    headers: dict[str, str] = field(default_factory=dict)
    expected: int = 200
    base_url: str = "http://localhost"
    content_type: str = "application/x-www-form-urlencoded"

    def __post_init__(self) -> None:
        """Prepare what every call has in common."""
        sent = {"Accept-Encoding": "gzip, deflate, br", "Sec-Fetch-Site": "same-origin", **self.headers}
        builder = EnvironBuilder(self.path, self.base_url, method=self.method, headers=list(sent.items()))
        self._environ: dict[str, Any] = dict(builder.get_environ())
        if self.body is not None:
            self._environ["CONTENT_TYPE"] = self.content_type

    def call(self) -> bytes:
        """Send it once and return the answer's bytes; raise `WrongAnswer` for another status."""
        environ = dict(self._environ)
        body = self.body() if self.body is not None else b""
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        status = ""

        def start_response(sent: str, _headers: object, _error: object = None) -> Callable[[bytes], None]:
            nonlocal status
            status = sent
            return lambda _data: None

        answer = self.app.wsgi_app(environ, start_response)
        try:
            data = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        if not status.startswith(str(self.expected)):
            raise WrongAnswer(f"{self.method} {self.path} answered {status}, not {self.expected}.")
        return data

    def seconds(self, times: int) -> float:
        """Return the CPU seconds of one call, as the mean of a batch."""
        bodies = [self.body() for _ in range(times)] if self.body is not None else []
        kept, self.body = self.body, (bodies.pop if bodies else self.body)
        started = time.thread_time()
        for _ in range(times):
            self.call()
        spent = time.thread_time() - started
        self.body = kept
        return spent / times


@dataclass(frozen=True, slots=True)
class Comparison:
    """How much a request costs, in microseconds and as a multiple of another one."""

    microseconds: float
    reference_microseconds: float
    ratio: float


def compare(measured: Request, reference: Request, pairs: int = 60) -> Comparison:
    """Measure two requests in turns; the ratio is the median of the pairs' ratios."""
    for request in (measured, reference):
        for _ in range(WARM_UP):
            request.call()
    sizes = [_batch_size(request) for request in (measured, reference)]
    pairs = _pairs(measured, sizes[0], pairs)
    # What lives already would be walked again and again by the collector, at the cost of whoever runs just then.
    gc.collect()
    gc.freeze()
    try:
        found = [(measured.seconds(sizes[0]), reference.seconds(sizes[1])) for _ in range(pairs)]
    finally:
        gc.unfreeze()
    return Comparison(
        microseconds=median(mine for mine, _ in found) * 1e6,
        reference_microseconds=median(theirs for _, theirs in found) * 1e6,
        ratio=median(mine / theirs for mine, theirs in found),
    )


def _pairs(request: Request, size: int, most: int) -> int:
    """Return how many pairs to take: fewer of what takes long, since its batches are long as well."""
    return max(LEAST_PAIRS, min(most, round(LONGEST_SECONDS / (size * request.seconds(2)))))


def _batch_size(request: Request) -> int:
    return max(2, min(200, round(BATCH_SECONDS / max(request.seconds(5), 1e-6))))
