"""The command line: `python app.py COMMAND`. Refusals are one plain sentence; 0 is fine, 1 refused or faults, 2 usage.

Imports of features stand inside the commands that need them, so that each starts fast and `--help` at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click
from sqlalchemy.exc import DBAPIError

from patient_app.core import installation, logs
from patient_app.core.config import Config, ConfigError
from patient_app.core.db import DatabaseBusy, DatabaseMissing

if TYPE_CHECKING:
    from patient_app.set_up import Administrator
    from patient_app.translating import Report

FINE, REFUSED, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and leave with its exit code."""
    os.umask(0o077)
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = commands.main(arguments, prog_name="python app.py", standalone_mode=False)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "python app.py"
        return _complain(f"{error.format_message()} (`{where} --help` says more.)", USAGE)
    except click.exceptions.Abort:
        return _complain("Stopped. Nothing half-done was kept.", INTERRUPTED)
    except (click.ClickException, ConfigError) as error:
        return _complain(error.format_message() if isinstance(error, click.ClickException) else str(error), REFUSED)
    except (DBAPIError, DatabaseBusy, DatabaseMissing, OSError) as error:
        return _complain(_plain(error), REFUSED)
    return code if isinstance(code, int) else FINE


def _plain(error: Exception) -> str:
    """Return one sentence for a fault that is the machine's, not ours."""
    if isinstance(error, DatabaseMissing):
        return "The database is not there any more; put its file back."
    if isinstance(error, DatabaseBusy):
        return "The database is locked by another program; close it and try again."
    if isinstance(error, DBAPIError):
        return f"The database {installation.reason(error)}"
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'} cannot be used: {error.strerror}."
    return str(error)


def _complain(sentence: str, code: int) -> int:
    click.echo(f"tandem: {sentence}", err=True)
    return code


@contextmanager
def _bar(steps: int) -> Iterator[Callable[[int], object]]:
    """Show how far long work has come, where somebody is looking."""
    with click.progressbar(length=steps, label="Making the demonstration practice", file=sys.stderr) as bar:
        yield bar.update


@contextmanager
def _bar_of_bytes(label: str, size: int) -> Iterator[Callable[[int], object]]:
    """Show how far a large file has come; nothing where nobody is looking."""
    with click.progressbar(length=size, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield bar.update


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Check-ins, shared by consent, for people and those who care for them.

    Settings come from the environment; docs/operate.md lists them all.
    """


# ------------------------------------------------------------------------------------------------------------- running
@commands.command()
def run() -> int:
    """Serve: the web server and one worker, until stopped.

    Where there is no database yet, makes one and fills it with the demonstration practice. HOST and PORT say where to
    listen (localhost, 8000).
    """
    from patient_app import serve, set_up
    from patient_app.demo import guide

    logs.configure()
    logs.log_what_nobody_caught()
    config, web = Config.from_env(), serve.WebSettings.from_env()
    serve.check_port_is_free(web)
    password = set_up.prepare_to_run(config, _bar)

    def say_where() -> None:
        if password:
            lines = guide.lines(config, password)
        else:
            lines = [f"{config.product_name} runs at {config.base_url}", *installation.remarks(config)]
        click.echo("\n".join(lines))

    code = serve.serve(web, say_where)
    return _complain("The web server or the worker does not start; the lines above say why.", code) if code else FINE


@commands.command()
def worker() -> None:
    """Do what is due in the background, until stopped.

    Mail, reset requests, ends of consents, anchors of access records, tidying. `run` starts one; start exactly one
    yourself where something else runs the web server.
    """
    from patient_app import worker as process

    logs.configure()
    logs.log_what_nobody_caught()
    process.run(installation.open_store(Config.from_env()))


@commands.command()
def migrate() -> None:
    """Make both databases, or bring them to this version.

    Back them up before.
    """
    from patient_app import set_up
    from patient_app.push import vapid

    config = Config.from_env()
    set_up.bring_up_to_date(config)
    vapid.make_keys(config)
    click.echo("Both databases are up to date.")


# ------------------------------------------------------------------------------------------------------ a real practice
def _an_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what cannot be an e-mail address."""
    if value is None:
        return None
    local, _, domain = value.strip().rpartition("@")
    if not local or "." not in domain or len(value.split()) != 1:
        raise click.BadParameter(f"{value!r} is not an e-mail address.")
    return value.strip()


def _a_zone(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no time zone."""
    from patient_app.core import clock

    if value is not None and clock.find_zone(value) is None:
        raise click.BadParameter(f"{value!r} is no time zone; write it like America/Los_Angeles.")
    return value


@commands.command()
@click.option("--new-key", type=click.Path(dir_okay=False, path_type=Path), help="Only write a new master key to FILE.")
@click.option("--practice", help="Name of the practice.")
@click.option("--zone", callback=_a_zone, help="Its time zone, such as America/Los_Angeles.")
@click.option("--administrator", help="Name of the first administrator.")
@click.option("--email", callback=_an_address, help="E-mail address of the administrator.")
def init(
    new_key: Path | None, practice: str | None, zone: str | None, administrator: str | None, email: str | None
) -> None:
    """Set up a real practice and invite its administrator.

    Prints the one-time link to join with. Needs MASTER_KEY, which `init --new-key FILE` makes; asks nothing.
    """
    from patient_app import set_up

    if new_key is not None:
        set_up.write_new_key(new_key)
        click.echo(f"A new master key is in {new_key.resolve()}.")
        click.echo("Keep a copy apart from the backups of the databases: without it nothing can be read again.")
        click.echo(f"Next: MASTER_KEY={new_key.resolve()} python app.py init --practice ...")
        return
    given = {"--practice": practice, "--zone": zone, "--administrator": administrator, "--email": email}
    missing = [option for option, value in given.items() if not (value or "").strip()]
    if missing:
        raise click.UsageError(f"Please give {', '.join(missing)}.")
    config, who = Config.from_env(), set_up.Administrator(administrator or "", email or "")
    _say_link(config, who, set_up.make_real(config, practice or "", zone or "", who))


@commands.command()
@click.option("--administrator", required=True, help="Name of the administrator.")
@click.option("--email", required=True, callback=_an_address, help="E-mail address of the administrator.")
@click.option("--practice", help="Name of the practice, where there are several.")
def invite(administrator: str, email: str, practice: str | None) -> None:
    """Invite another administrator; print the one-time link.

    For example when the only one lost access.
    """
    from patient_app import set_up

    config, who = Config.from_env(), set_up.Administrator(administrator, email)
    _say_link(config, who, set_up.invite_administrator(config, practice, who))


def _say_link(config: Config, who: Administrator, token: str) -> None:
    from patient_app.accounts.registry import INVITATION_HOURS

    click.echo(f"{config.base_url}/join/{token}")
    place = "by e-mail" if config.smtp else f"as a file in {config.instance / 'outbox'}"
    click.echo(
        f"This link is for {who.name}. It works once, for {INVITATION_HOURS} hours; the worker sends it {place} too.",
        err=True,
    )


# --------------------------------------------------------------------------------------------------- the demonstration
@commands.group()
def demo() -> None:
    """The demonstration: fill a database, see password, codes."""


@demo.command("fill")
def demo_fill() -> None:
    """Put the demonstration into an empty database.

    Makes the database, and a key beside it, where there is none.
    """
    from patient_app import set_up
    from patient_app.push import vapid

    config = Config.from_env()
    installation.make_own_key(config)
    set_up.bring_up_to_date(config)
    vapid.make_keys(config)
    with set_up.opened(config) as store:
        set_up.fill(store, _bar)
    click.echo("The demonstration practice is in the database. `python app.py run` starts it and says how to sign in.")


@demo.command("code")
@click.argument("name")
def demo_code(name: str) -> None:
    """Print the current second-factor code of NAME.

    NAME is prescriber, for example. A code works once; the next one comes within 30 seconds.
    """
    from patient_app.demo import guide

    code = guide.code_of(name)
    if code is None:
        names = ", ".join(guide.staff_names())
        raise click.ClickException(f"There is no {name!r} among the staff; choose one of {names}.")
    click.echo(code.digits)
    click.echo(f"Good for {code.seconds_left} more seconds.", err=True)


@demo.command("password")
def demo_password() -> None:
    """Print the password of all accounts."""
    from patient_app import set_up

    with set_up.opened(Config.from_env()) as store:
        click.echo(set_up.demonstration_password(store))


# ------------------------------------------------------------------------------------------------------- looking after
@commands.group()
def audit() -> None:
    """The access records: who read what of whom."""


@audit.command("verify")
def audit_verify() -> int:
    """Check that no access record and no consent was changed or removed.

    Leaves with 1 when one was.
    """
    from patient_app import set_up
    from patient_app.access_log import service
    from patient_app.consent import seals

    with set_up.opened(Config.from_env()) as store:
        found = service.verify(store)
        faults = [*found.faults, *seals.verify(store)]
    for fault in faults:
        click.echo(fault)
    click.echo(f"{found.patients} patients, {found.records} records, {len(faults)} faults.")
    return REFUSED if faults else FINE


@audit.command("anchor")
def audit_anchor() -> None:
    """Keep the ends of the chains in the key store.

    The worker does it every minute.
    """
    from patient_app import set_up
    from patient_app.access_log import service

    with set_up.opened(Config.from_env()) as store:
        click.echo(f"{service.anchor(store)} chains anchored.")


_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@commands.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.option(
    "--new-key", type=click.Path(dir_okay=False, path_type=Path), help="Only write a new private key to FILE."
)
@click.option(
    "--keep-keys",
    type=click.IntRange(min=1),
    default=14,
    show_default=True,
    help="Days after which backups of the key store are removed.",
)
def backup(folder: Path | None, new_key: Path | None, keep_keys: int) -> None:
    """Back up both databases, encrypted, into FOLDER.

    All goes on meanwhile. Encrypted to BACKUP_PUBLIC_KEY. You keep its private half, which `backup --new-key FILE`
    makes, elsewhere: this machine cannot open its own backups. The master key is in none of them.
    """
    from patient_app.backup import taking

    if new_key is not None:
        public = taking.write_new_pair(new_key)
        click.echo(f"BACKUP_PUBLIC_KEY={public.text}")
        click.echo(
            f"That is the setting. The private key is in {new_key.resolve()}: take the file off this machine, and keep "
            "it where you also find it when this machine is gone. Without it no backup opens.",
            err=True,
        )
        return
    if folder is None:
        raise click.UsageError("Please give the FOLDER for the backup.")
    taken = taking.take(Config.from_env(), folder, _bar_of_bytes, keep_keys_days=keep_keys)
    click.echo(taken.database)
    click.echo(taken.keys)
    for file in taken.removed:
        click.echo(f"Removed {file.name}: older than {keep_keys} days.", err=True)
    click.echo("The master key is not in it: keep it, and the private key of the backups, apart from these.", err=True)


@commands.command()
@click.argument("folder", type=_FOLDER)
@click.option("--private-key", type=click.File(), required=True, help="File with the private key; - reads it typed in.")
@click.option("--database", type=_FILE, help="This backup of the database instead of the newest.")
@click.option("--older-key-store", type=_FILE, help="This backup of the key store, although an older one.")
@click.option("--nothing-lost", is_flag=True, help="The service was stopped before the backup: a move.")
def restore(
    folder: Path, private_key: TextIO, database: Path | None, older_key_store: Path | None, *, nothing_lost: bool
) -> int:
    """Put a backup back into an empty place.

    Stop the service before. Takes the newest in FOLDER, unless one is named, and the newest key store. Signs everybody
    out, and ends links, codes and messages that waited; pauses all sharing, since some of it may have been ended after
    the backup. Leaves with 1 when access records or consents have faults.
    """
    from patient_app.backup import restoring

    key = restoring.read_private_key(private_key.read())
    wanted = restoring.Wanted(folder, key, database, older_key_store, nothing_lost)
    done = restoring.restore(Config.from_env(), wanted, _bar_of_bytes)
    click.echo(f"The database of {done.made_at:%Y-%m-%d %H:%M:%S} UTC is in {done.database}, with {done.keys}.")
    for name, count in done.quieted.items():
        click.echo(f"{count} {name}.")
    for fault in done.faults:
        click.echo(fault)
    counts = f"{done.patients} patients, {done.records} records, {done.lost} lost with what came after the backup"
    click.echo(f"{counts}, {len(done.faults)} faults.")
    click.echo("Read in docs/backup.md what to do by hand now, then start the service.", err=True)
    return REFUSED if done.faults else FINE


@commands.command("rotate-push-key")
def rotate_push_key() -> None:
    """Make a new key for messages to phones.

    It counts from the next start on. Each phone takes it when the app is opened there; until then the key of before,
    which stays in the file, signs for it.
    """
    from patient_app.push import vapid

    config = Config.from_env()
    vapid.make_keys(config)
    click.echo(f"A new key stands first in {vapid.rotate(config).resolve()}. Start the service again.")
    click.echo("Take the last line out of the file once it is two months old, or at once if it was stolen.", err=True)


@commands.command()
def diagnose() -> int:
    """Say what is set up and what is wrong; no secrets.

    Leaves with 1 when something is wrong.
    """
    from patient_app import diagnosis

    findings = diagnosis.examine(Config.from_env())
    for finding in findings:
        click.echo(f"{finding.state:<5}  {finding.subject:<14} {finding.words}")
    return REFUSED if any(finding.state is diagnosis.State.FAULT for finding in findings) else FINE


@commands.group()
def lessons() -> None:
    """Lessons: check those of a folder before use."""


@lessons.command("check")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--language", help="Say what is not written in this language yet, such as pt.")
def lessons_check(folder: Path | None, language: str | None) -> int:
    """Check the lessons of FOLDER, or those that come with this.

    Each line says where something is and what to write instead. Leaves with 1 when there is any.
    """
    from patient_app.learn import checking

    if language is not None:
        lines = checking.missing(folder, language)
        click.echo("\n".join(lines) if lines else f"Everything is written in {language!r}.")
        return FINE
    number, problems = checking.check(folder)
    for problem in problems:
        click.echo(problem)
    click.echo(f"{number} lessons, {len(problems)} to mend." if problems else f"{number} lessons, nothing to mend.")
    return REFUSED if problems else FINE


@commands.command()
def routes() -> None:
    """List every route with method and permission."""
    from patient_app import diagnosis

    rows = diagnosis.routes()
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for methods, rule, permission, endpoint in rows:
        click.echo(f"{methods:<{widths[0]}}  {rule:<{widths[1]}}  {permission:<{widths[2]}}  {endpoint}")


# -------------------------------------------------------------------------------------------------------- translations
@commands.group()
def translations() -> None:
    """Languages: bring them up to date, and what they lack."""


@translations.command("update")
@click.argument("languages", nargs=-1)
def update_translations(languages: tuple[str, ...]) -> int:
    """Bring catalogues up to date and compile them.

    A new LANGUAGE begins one. Without LANGUAGES, all that are there.
    """
    from patient_app import translating

    return _report_all(translating.update(language) for language in languages or translating.languages())


@translations.command("report")
@click.argument("languages", nargs=-1)
def report_translations(languages: tuple[str, ...]) -> int:
    """Say what is missing in a language. Leaves with 1 when something is."""
    from patient_app import translating

    return _report_all(translating.report(language) for language in languages or translating.languages())


def _report_all(reports: Iterator[Report]) -> int:
    from patient_app import translating

    complete = True
    try:
        for report in reports:
            complete = complete and report.complete
            for kind in ("missing", "fuzzy", "wrong", "gone", "content"):
                for line in getattr(report, kind):
                    click.echo(f"{report.language}  {kind:<8} {line}")
            faults = f"{len(report.missing)} missing, {len(report.fuzzy)} fuzzy, {len(report.wrong)} with other places"
            click.echo(f"{report.language}: {report.messages} messages, {faults}, {report.to_review} to review.")
    except translating.NoSuchLanguage as error:
        return _complain(str(error), USAGE)
    return FINE if complete else REFUSED
