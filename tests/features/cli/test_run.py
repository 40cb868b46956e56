"""`run` as on the first day and on every other: it serves, says how to sign in, survives its children, and ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest

from patient_app.demo.people import ACCOUNTS
from tests.conftest import ROOT
from tests.features.cli.conftest import PASSWORD
from tests.features.cli.program import Program, Running, Visitor, wait_until

READY = "Stop with Ctrl-C."
pytestmark = pytest.mark.slow


def visitor(program: Program) -> Visitor:
    return Visitor(f"http://127.0.0.1:{program.settings['PORT']}")


def sign_in(program: Program, name: str, password: str, code: str = "") -> Visitor:
    """Sign in as a browser would."""
    browser = Visitor(f"http://localhost:{program.settings['PORT']}")
    status, leads_to = browser.post("/sign-in", sign_in_name=name, password=password)
    assert status == 303, leads_to
    if code:
        assert leads_to.startswith("/sign-in/code")
        status, leads_to = browser.post("/sign-in/code", code=code)
        assert status == 303, leads_to
    return browser


def web_processes(running: Running) -> list[int]:
    return running.processes("granian")


def test_the_first_run_makes_everything_and_says_how_to_sign_in(program: Program) -> None:
    with program.running("run", ready=READY) as running:
        text = running.text
        assert f"runs at http://localhost:{program.settings['PORT']}" in text
        assert "This is a demonstration" in text
        assert "cookies go without Secure" in text
        assert f"e-mails are written to {program.instance / 'outbox'}" in text
        assert "app.py demo code" in text
        assert [account.email for account in ACCOUNTS if account.email not in text] == []
        found = re.search(r"and the password  (\S+)\n", text)
        assert found
        assert (program.instance / "demo-password").read_text().strip() == found[1]

        assert visitor(program).get("/readyz") == (200, "ready\n")
        assert "Dana Whitfield" not in visitor(program).get("/sign-in")[1]
        assert sign_in(program, "patient@demo.example", found[1]).get("/today")[0] == 200
        code = program("demo", "code", "prescriber").out.strip()
        status, page = sign_in(program, "prescriber@demo.example", found[1], code).get("/team")
        assert status == 200
        assert "Dana Whitfield" in page

        # A second one on the same port is refused, and the first goes on.
        assert f"Port {program.settings['PORT']} is taken" in program.refuses("run")
        assert visitor(program).is_alive()

        for line in running.text.splitlines():
            if line.startswith("{"):
                json.loads(line)
        assert "sign-in?" not in running.text

        assert running.end(signal.SIGINT) == 0
        assert running.processes() == []
    assert not visitor(program).is_alive()


def test_a_second_run_keeps_everything_and_takes_the_new_password(filled: Program) -> None:
    before = filled.hashes()
    with filled.running("run", ready=READY) as running:
        assert f"the password  {PASSWORD}\n" in running.text
        browser = sign_in(filled, "patient@demo.example", PASSWORD)
        assert "Quiet day. The dog and I did the long loop." in browser.get("/history")[1]
        assert running.end() == 0
        assert running.processes() == []
    assert filled.hashes()["master.key"] == before["master.key"]
    with filled.running("run", ready=READY, DEMO_PASSWORD="newer words for tests") as running:
        assert "the password  newer words for tests\n" in running.text
        assert browser.get("/history")[0] == 303  # Signed out, as after any change of a password.
        again = sign_in(filled, "patient@demo.example", "newer words for tests")
        assert "Quiet day. The dog and I did the long loop." in again.get("/history")[1]


def test_a_real_practice_is_told_what_its_settings_lack(program: Program) -> None:
    key = program.instance.parent / "master.key"
    assert program("init", "--new-key", str(key)).code == 0
    program.settings["MASTER_KEY"] = str(key)
    practice = ("--practice", "Harbor Street", "--zone", "America/Los_Angeles")
    assert program("init", *practice, "--administrator", "Helen Brandt", "--email", "helen@care.example.org").code == 0
    with program.running("run", ready="runs at") as running:
        running.wait_for(f"No mail server is set: e-mails are written to {program.instance / 'outbox'} instead.")
        assert "cookies go without Secure" in running.text
        assert "demonstration" not in running.text
        assert running.end() == 0
    with program.running("run", ready="runs at", SMTP_HOST="mail.example.org") as running:
        running.wait_for("cookies go without Secure")
        assert "No mail server" not in running.text
        assert running.end() == 0


def test_killed_children_are_started_again_and_none_outlives_the_supervisor(filled: Program) -> None:
    with filled.running("run", ready=READY) as running:
        running.wait_for("worker started")
        for pid in web_processes(running):
            os.kill(pid, signal.SIGKILL)
        running.wait_for('"child": "web server"')
        wait_until(lambda: visitor(filled).is_alive())

        (worker,) = running.processes("app.py", "worker")
        os.kill(worker, signal.SIGKILL)
        running.wait_for("worker started", times=2)
        assert running.process.poll() is None

        running.process.kill()
        running.process.wait()
        wait_until(lambda: not running.processes(), within=15)
    assert not visitor(filled).is_alive()


def test_a_run_that_is_ended_while_it_starts_leaves_nothing_behind(filled: Program) -> None:
    with filled.running("run", ready="") as running:
        wait_until(lambda: bool(web_processes(running)))
        assert running.end() == 0
        assert running.processes() == []


def test_a_port_that_another_program_holds_is_refused_before_anything_is_made(program: Program) -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", int(program.settings["PORT"])))
        other.listen()
        assert "is taken by another program" in program.refuses("run")
    assert not program.instance.exists()


def test_a_second_start_imports_no_migrations_tool(filled: Program) -> None:
    """Alembic and the pages are slow to import, and not needed to find that all is as it was."""
    asked = (
        "import sys; from patient_app import set_up; from patient_app.core.config import Config; "
        "print(set_up.prepare_to_run(Config.from_env(), None)); "
        "print([name for name in sys.modules if name in {'alembic', 'patient_app.factory', 'patient_app.demo.told'}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=filled.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"{PASSWORD}\n[]\n", done
