"""The whole security headers on every answer: pages, refusals, faults, redirects, files and machines' answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import brotli
import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, TooManyRequests

from patient_app.core import access, work
from patient_app.core.access import Permission
from patient_app.core.db import DatabaseBusy, DatabaseMissing
from patient_app.core.errors import TEXTS
from patient_app.factory import LARGEST_REQUEST
from tests.page import FOR_A_YEAR, HEADERS, PRIVATE, Client, Page, PageBroken, check, header_problems
from tests.sweeps import access_table
from tests.sweeps.conftest import Stage
from tests.sweeps.world import BODIES, QUERIES

SITUATIONS = ("anonymous", "owner", "c-with", "s-with", "admin", "half-way")


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_route_answers_with_the_whole_headers(stage: Stage, situation: str) -> None:
    problems = []
    release = stage.app.extensions["static_files"].release
    for rule, method in access_table.routes(stage.app):
        client = stage.client(situation)
        address = stage.world.address(rule, {"release": release})
        for asked in {method, "HEAD", "OPTIONS"} if method == "GET" else {method}:
            data = BODIES.get(rule.rule, {}) if asked == "POST" else None
            page: Page = client.open(address, method=asked, data=data, query_string=QUERIES.get(rule.rule))
            problems += [f"{asked} {rule.rule}: {problem}" for problem in header_problems(page)]
        if method != "GET":
            stage.reset()
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_page_holds_what_a_page_must_hold(stage: Stage, situation: str) -> None:
    """Headings, labels, ids, help, language, no inline script or style, nothing from elsewhere: see tests/page.py."""
    problems = []
    release = stage.app.extensions["static_files"].release
    for rule, method in access_table.routes(stage.app):
        client = stage.client(situation)
        address = stage.world.address(rule, {"release": release})
        data = BODIES.get(rule.rule, {}) if method != "GET" else None
        page: Page = client.open(address, method=method, data=data, query_string=QUERIES.get(rule.rule))
        try:
            check(page, stage.world.config.quick_exit_url)
        except PageBroken as broken:
            problems.append(str(broken))
        if method != "GET":
            stage.reset()
    assert not problems, "\n".join(problems)


FAULTS: dict[str, Callable[[], Exception]] = {
    "a fault of ours": lambda: ValueError("secret words"),
    "a fault that Werkzeug raised": InternalServerError,
    "too many tries": TooManyRequests,
    "a busy database": DatabaseBusy,
    "a database that is gone": DatabaseMissing,
    "a database that does not answer": lambda: OperationalError("SELECT 1", {}, Exception("secret words")),
}


@pytest.fixture(scope="module")
def broken(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Return the application with routes that fail in every way."""
    copied = stage.original.copy(tmp_path_factory.mktemp("broken") / "copy")
    with copied.opened() as (app, store):

        @access.access(Permission.PUBLIC)
        def fail(name: str) -> str:
            make = FAULTS[name]
            raise make()

        @access.access(Permission.PUBLIC)
        def status(code: int) -> str:
            raise HTTPException(response=None, description="secret words") if code == 0 else _named(code)

        app.add_url_rule("/planted/fail/<name>", "planted_fail", fail, methods=["GET", "POST"])
        app.add_url_rule("/planted/status/<int:code>", "planted_status", status, methods=["GET", "POST"])
        yield Stage(stage.original, copied, app, store)


def _named(code: int) -> HTTPException:
    error = HTTPException("secret words")
    error.code = code
    return error


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_whole_page_too(broken: Stage, name: str, method: str) -> None:
    page: Page = broken.client("owner", checked=True).open(
        f"/planted/fail/{name}", method=method, data={"note": "words I typed"} if method == "POST" else None
    )
    assert page.status_code == {"too many tries": 429}.get(name, 503 if "database" in name else 500)
    assert "secret words" not in page.text
    assert 'href="tel:988"' in page.text
    assert ("words I typed" in page.text) == (method == "POST")


@pytest.mark.parametrize("code", [*TEXTS, 402, 406, 408, 410, 418, 451, 501, 504])
def test_every_status_is_a_whole_page(broken: Stage, code: int) -> None:
    page = broken.client("owner", checked=True).get(f"/planted/status/{code}")
    assert page.status_code == code
    assert page.is_page
    assert "secret words" not in page.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/no/such/page", {}, 404),
        ("POST", "/no/such/page", {}, 404),
        ("GET", "/team/not-an-id", {}, 404),
        ("DELETE", "/check-in", {}, 405),
        ("PROPFIND", "/check-in", {}, 405),
        ("POST", "/check-in", {"Sec-Fetch-Site": "cross-site"}, 403),
        ("GET", "/static/0123456789ab/css/app.css", {}, 404),
        ("GET", "/%00", {}, 404),
        ("GET", "/check-in/%ff%fe", {}, 404),
    ],
)
def test_refusals_are_whole_pages(stage: Stage, method: str, path: str, headers: dict[str, str], status: int) -> None:
    page: Page = stage.client("owner").open(path, method=method, headers=headers)
    assert page.status_code == status or (status == 404 and page.status_code == 308)
    check(page, stage.world.config.quick_exit_url)


def test_too_much_at_once_is_refused_with_a_whole_page(stage: Stage) -> None:
    page = stage.client("owner", checked=True).post("/check-in", data={"note": "x" * (LARGEST_REQUEST + 1)})
    assert page.status_code == 413


def test_a_refused_form_gives_the_words_back_but_no_secrets(stage: Stage) -> None:
    page = stage.client("owner", checked=True).post(
        "/check-in",
        data={
            "note": "words I typed",
            "password": "a secret",
            "new_password": "a secret",
            "code": "123456",
            "x_id": "idid",
        },
        headers={"Sec-Fetch-Site": "cross-site"},
    )
    assert page.status_code == 403
    assert "words I typed" in page.text
    for secret in ("a secret", "123456", "idid"):
        assert secret not in page.text


def test_a_compressed_page_is_the_same_page_with_the_same_headers(stage: Stage) -> None:
    client = stage.client("owner", checked=True)
    plain, packed = client.get("/help"), client.get("/help", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert packed.html == plain.html
    assert len(packed.get_data()) < len(plain.get_data()) / 2


def test_a_page_is_packed_as_the_browser_takes_it(stage: Stage) -> None:
    client, said = stage.client("owner"), {}
    for accepted in ("gzip, deflate, br", "br;q=0, gzip", "*;q=0", "identity", "br" + " " * 500):
        page = client.get("/help", headers={"Accept-Encoding": accepted})
        said[accepted.strip()] = page.headers.get("Content-Encoding")
    assert said == {"gzip, deflate, br": "br", "br;q=0, gzip": "gzip", "*;q=0": None, "identity": None, "br": "br"}
    packed = client.get("/help", headers={"Accept-Encoding": "br"}).get_data()
    assert brotli.decompress(packed).decode() == client.get("/help").html


@pytest.mark.parametrize("accepts", ["", "gzip", "gzip;q=0"])
def test_every_answer_that_may_be_compressed_says_so_and_may_not_be_kept(stage: Stage, accepts: str) -> None:
    """Long and short pages, refusals and redirects, to browsers that unpack and to those that do not."""
    client, release = stage.client("owner"), stage.app.extensions["static_files"].release
    found = {}
    for path in (
        "/help",
        "/today",
        "/no/such/page",
        "/sign-in",
        f"/static/{release}/css/app.css",
        "/static/x/css/app.css",
    ):
        for method in ("GET", "HEAD"):
            page: Page = client.open(path, method=method, headers={"Accept-Encoding": accepts})
            kept = FOR_A_YEAR if release in path else PRIVATE
            found[method, path] = (page.headers.getlist("Vary"), page.headers.getlist("Cache-Control")) == (
                ["Accept-Encoding"],
                [kept],
            )
    assert all(found.values()), found


def test_every_answer_has_an_id_of_its_own(stage: Stage) -> None:
    client = stage.client("anonymous")
    ids = [client.get(path).headers["X-Request-Id"] for path in ("/help", "/help", "/no/such/page", "/healthz")]
    assert len(set(ids)) == 4


# --- the checks see what is wrong ------------------------------------------------------------------------------

GOOD = (
    '<!DOCTYPE html><html lang="en"><head><title>Page · Tandem</title></head><body>'
    '<a href="/help">Help now</a><h1>Page</h1>{}</body></html>'
)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("<h1>Again</h1>", "one h1"),
        ('<p id="a"></p><p id="a"></p>', "occur twice"),
        ('<p aria-describedby="nothing"></p>', "no element has this id"),
        ('<form action="/x"></form>', "action and method"),
        ('<form method="post"></form>', "action and method"),
        ('<input name="x">', "has no label"),
        ('<label for="x"></label><input id="x" name="x">', "has no label"),
        ("<script>1</script>", "inline <script>"),
        ("<style>p {}</style>", "inline <style>"),
        ('<p style="color: red"></p>', "inline style="),
        ('<p onclick="x()"></p>', "inline onclick="),
        ('<img src="https://cdn.example/x.png" alt="">', "another origin"),
        ('<a href="//evil.example/">x</a>', "another origin"),
        ('<a href="javascript:x()">x</a>', "another origin"),
        ('<form action="https://evil.example/" method="post"></form>', "another origin"),
        ('<a href="/x"></a>', "has no words"),
        ("<button></button>", "has no words"),
        ("<p><div></div></p>", "not valid HTML"),
    ],
)
def test_a_planted_fault_in_a_page_is_seen(broken: Stage, part: str, said: str) -> None:
    with pytest.raises(PageBroken, match=said):
        check(_page_of(broken, GOOD.format(part)), "https://www.weather.gov/")


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (GOOD.replace(' lang="en"', ""), "no lang"),
        (GOOD.replace("<title>Page", "<title>Other"), "does not begin"),
        (GOOD.replace("/help", "/helpless"), "no link `Help now`"),
        (GOOD.replace("<h1>Page</h1>", "<h1></h1>"), "h1 is empty"),
        (GOOD.replace("<!DOCTYPE html>", ""), "not valid HTML"),
    ],
)
def test_a_planted_page_that_lacks_something_is_seen(broken: Stage, page: str, said: str) -> None:
    with pytest.raises(PageBroken, match=said):
        check(_page_of(broken, page.format("")), "https://www.weather.gov/")


def test_a_good_page_passes_and_a_missing_header_is_seen(broken: Stage) -> None:
    page = _page_of(broken, GOOD.format('<a href="tel:988">Call</a><a href="https://www.weather.gov/">Leave</a>'))
    check(page, "https://www.weather.gov/")
    for name in HEADERS:
        changed = _page_of(broken, GOOD.format(""))
        del changed.headers[name]
        with pytest.raises(PageBroken, match=name):
            check(changed, "https://www.weather.gov/")


def _page_of(broken: Stage, html: str) -> Page:
    client: Client = broken.client("anonymous")
    page = client.get("/help")
    page.set_data(html)
    assert work._current.get() is None
    return page
