"""What the real server sends and prints: headers of every kind of answer, and logs without a person's words."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, TestResponse

from patient_app.core.ids import new_id
from patient_app.factory import LARGEST_REQUEST
from patient_app.serve import WebSettings, web_program
from tests.conftest import ROOT, LiveServer, free_port
from tests.factories import make_patient, make_practice
from tests.features.cli.program import Visitor
from tests.page import FOR_A_YEAR, HEADERS, PRIVATE, header_problems

CANARY = "canaryword"
# granian's limits: hyper takes addresses of up to 65,534 letters and 100 header lines.
LONGEST_ADDRESS = 65_534
MOST_HEADERS = 100
FROM_THE_SERVER_ALONE = {"connection", "content-length", "date"}


def ask(
    server: LiveServer, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> TestResponse:
    """Send a request over the wire and return the answer as the checks of tests/page.py take it."""
    host = urlsplit(server.url)
    with closing(http.client.HTTPConnection("127.0.0.1", host.port or 80, timeout=20)) as connection:
        with suppress(BrokenPipeError):  # What is too large is answered, and closed, before all of it was sent.
            connection.request(method, path, body=body, headers={"Host": host.netloc, **(headers or {})})
        answer = connection.getresponse()
        request = EnvironBuilder(path, base_url=server.url, method=method).get_request()
        return TestResponse([answer.read()], str(answer.status), Headers(answer.getheaders()), request)


def exchange(server: LiveServer, sent: bytes) -> tuple[int, set[str], bytes]:
    """Send bytes that no browser sends; return the status, the names of all headers, and the body."""
    with closing(socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 80), timeout=20)) as connection:
        connection.sendall(sent)
        received = b""
        while part := connection.recv(65536):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), {line.partition(":")[0].casefold() for line in lines}, body


def test_every_kind_of_answer_has_the_whole_headers_over_the_wire(live_server: LiveServer) -> None:
    from patient_app.factory import create_app  # noqa: PLC0415 - slow to import.

    release = create_app(live_server.config, live_server.store).extensions["static_files"].release
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    asked = {
        200: ask(live_server, "GET", "/help"),
        201: ask(live_server, "GET", f"/static/{release}/css/app.css"),  # A file: 200 as well.
        303: ask(live_server, "GET", "/today"),
        403: ask(live_server, "POST", "/sign-in", b"a=b", {**form, "Sec-Fetch-Site": "cross-site"}),
        404: ask(live_server, "GET", "/no/such/page"),
        405: ask(live_server, "DELETE", "/sign-in", None, form),
        413: ask(live_server, "POST", "/sign-in", b"a=" + b"x" * LARGEST_REQUEST, form),
        422: ask(live_server, "POST", "/sign-in", b"", form),
    }
    assert {wanted: answer.status_code for wanted, answer in asked.items()} == {**{s: s for s in asked}, 201: 200}
    problems = [f"{status}: {problem}" for status, answer in asked.items() for problem in header_problems(answer)]
    assert not problems, "\n".join(problems)
    assert asked[201].headers["Cache-Control"] == FOR_A_YEAR
    assert asked[404].headers["Cache-Control"] == PRIVATE
    assert "granian" not in " ".join(f"{name}: {value}" for a in asked.values() for name, value in a.headers).casefold()


def test_the_longest_address_that_the_server_takes_is_answered_by_the_application(live_server: LiveServer) -> None:
    answer = ask(live_server, "GET", "/" + "a" * (LONGEST_ADDRESS - 1))
    assert answer.status_code == 404
    assert not list(header_problems(answer))
    assert "tel:988" in answer.text


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 70_000), 414, id="an address too long"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\n%s\r\n" % b"".join(b"X-%d: a\r\n" % n for n in range(MOST_HEADERS)),
            431,
            id="too many headers",
        ),
        pytest.param(b"GET / HTTP/1.1\r\nX Y: a\r\n\r\n", 400, id="a header that is none"),
        pytest.param(b"GET /a b HTTP/1.1\r\n\r\n", 400, id="an address that is none"),
        pytest.param(b"words\r\n\r\n", 400, id="not http"),
    ],
)
def test_what_the_server_refuses_before_the_application_says_nothing(
    live_server: LiveServer, sent: bytes, status: int
) -> None:
    """docs/threat-model.md argues it: no body, no cookie, no name, so that no header of ours has anything to guard."""
    answered, names, body = exchange(live_server, sent)
    assert answered == status
    assert body == b""
    assert names <= FROM_THE_SERVER_ALONE
    assert not names & {name.casefold() for name in HEADERS}


@pytest.mark.sqlite
def test_no_word_of_a_person_is_printed_by_the_real_server(live_server: LiveServer) -> None:
    """Whatever is asked, and even when it raises where nobody catches: every printed line is one of ours."""
    store = live_server.store
    patient = make_patient(store, make_practice(store), name=f"{CANARY} name", sign_in_name=f"{CANARY}@example.org")
    visitor = Visitor(live_server.url)
    assert visitor.post("/sign-in", sign_in_name=f"{CANARY}@example.org", password=f"{CANARY} wrong")[0] == 422
    assert visitor.post("/sign-in", sign_in_name=patient.sign_in_name, password=patient.password)[0] == 303
    assert visitor.post("/check-in", id=str(new_id()), mood="3", note=f"{CANARY} note")[0] == 303
    assert visitor.get(f"/history?{CANARY}={CANARY}")[0] == 200
    assert visitor.get(f"/join/{CANARY}")[0] in {404, 410}
    with store.database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TRIGGER broken BEFORE INSERT ON check_in_version BEGIN SELECT RAISE(ABORT, '{CANARY}'); END"
        )
    assert visitor.post("/check-in", id=str(new_id()), mood="3", note=f"{CANARY} other note")[0] == 500
    with store.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE check_in_version")
    assert visitor.post("/check-in", id=str(new_id()), mood="3", note=f"{CANARY} note")[0] == 503
    exchange(live_server, f"GET /{CANARY * 7000} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    lines = _printed(live_server.log.read_text(encoding="utf-8"))
    assert {"fault", "database unreachable", "request"} <= {line["event"] for line in lines}


def test_an_exception_beside_the_application_is_a_line_too(tmp_path: Path) -> None:
    """The server itself prints what a WSGI application lets fall, a traceback with its message; and libraries log."""
    (tmp_path / "broken.py").write_text(
        "import logging, threading, warnings\n"
        "from patient_app.core import logs\n"
        "logs.configure()\n"
        "logs.log_what_nobody_caught()\n"
        "def application(environ, start_response):\n"
        "    words = environ['QUERY_STRING']\n"
        "    logging.getLogger('sqlalchemy.pool').error('%s', words)\n"
        "    warnings.warn(words)\n"
        "    thread = threading.Thread(target=lambda: int(words))\n"
        "    thread.start(); thread.join()\n"  # Its line comes first: the server's own ends this test.
        "    raise ValueError(words)\n"
    )
    port = free_port()
    log = tmp_path / "server.log"
    command = [*web_program(WebSettings(port=port, workers=1), {}).command[:-1], "broken:application"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + 20
        while not log.read_bytes().count(b"said") and time.monotonic() < deadline:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
                try:
                    connection.request("GET", f"/?{CANARY}")
                    assert connection.getresponse().status == 500
                except OSError:
                    time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(timeout=20)
    lines = _printed(log.read_text(encoding="utf-8"))
    assert {line["event"] for line in lines} == {"library", "warning", "nobody caught"}
    assert [line["said"] for line in lines if "said" in line][:1] == ["Application callable raised an exception"]


def _printed(text: str) -> list[dict[str, object]]:
    assert CANARY not in text.casefold()
    return [json.loads(line) for line in text.splitlines()]
