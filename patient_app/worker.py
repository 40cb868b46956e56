"""The process that ticks: hands over mail, answers requests, anchors access records, tidies up. Run exactly one.

APScheduler is only the tick. What is due stands in the database, so a worker that was stopped or killed goes on where
the rows say, and nothing is lost with the process.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from patient_app.access_log import service as access_log
from patient_app.accounts import links, mail, resets, sessions, throttle
from patient_app.consent import service as consent
from patient_app.core import clock
from patient_app.core.logs import logger
from patient_app.core.work import Store
from patient_app.factory import create_app
from patient_app.follow_up import telling as follow_up
from patient_app.push import actions
from patient_app.push import service as push
from patient_app.reminders import by_push
from patient_app.reminders import engine as reminders
from patient_app.reminders import over as old_reminders

THREADS = 4
# Asked to end, it is gone within 8 seconds: what is not done by then (a mail server, a push service or a database that
# hangs) is left to its lease, as after a kill.
ENDS_WITHIN = 6.0
ENDINGS = (signal.SIGTERM, signal.SIGINT)
VERY_SOON = timedelta(seconds=2)
SOON = timedelta(seconds=5)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Job:
    """Something to be done again and again; returns how many things it did."""

    name: str
    every: timedelta
    run: Callable[[Store], int]


def _pruning(prune: Callable[[], int]) -> Callable[[Store], int]:
    """Give a service that tidies its own tables a unit of work of its own."""

    def run(store: Store) -> int:
        with store.work(writes=True):
            return prune()

    return run


def _make_reminders(store: Store) -> int:
    return reminders.make_due(store, clock.now())


JOBS = (
    Job("deliver mail", SOON, mail.deliver_due),
    Job("make reminders", VERY_SOON, _make_reminders),
    Job("send reminders", VERY_SOON, by_push.deliver_due),
    Job("tell of silence", MINUTE, follow_up.tell_due),
    Job("handle reset requests", SOON, resets.handle_requests),
    Job("expire consents", MINUTE, consent.expire_due),
    Job("anchor access records", MINUTE, access_log.anchor),
    Job("prune sessions", HOUR, _pruning(sessions.prune)),
    Job("prune throttle", HOUR, _pruning(throttle.prune)),
    Job("prune links and codes", HOUR, _pruning(links.prune)),
    Job("prune mail", HOUR, _pruning(mail.prune)),
    Job("prune answers on notifications", HOUR, _pruning(actions.prune)),
    Job("prune devices that got messages", HOUR, _pruning(push.prune)),
    Job("prune reminders", HOUR, _pruning(old_reminders.prune)),
)


def run_job(app: Flask, store: Store, job: Job) -> None:
    """Do one job once. Whatever goes wrong is logged without a word of anybody's; the next tick tries again."""
    try:
        with app.app_context():
            done = job.run(store)
    except Exception as fault:  # noqa: BLE001 - one failing job never stops the others.
        logger().error("job failed", job=job.name, exc_info=fault)
    else:
        if done:
            logger().info("job done", job=job.name, count=done)


def run(store: Store) -> None:
    """Tick until SIGTERM or SIGINT; jobs that are running then are finished first, if that is soon."""
    # Held back in every thread and asked for below: raised in the midst of the scheduler, one could be swallowed there.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    reminders.STOPPING.clear()
    app = create_app(store.config, store)
    # Its own lines would repeat ours, in another form.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": ThreadPoolExecutor(THREADS)})
    for job in JOBS:
        scheduler.add_job(
            run_job,
            "interval",
            (app, store, job),
            id=job.name,
            seconds=int(job.every.total_seconds()),
            next_run_time=clock.now(),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    logger().info("worker started", jobs=len(JOBS))
    signal.sigwait(ENDINGS)
    reminders.STOPPING.set()
    ending = threading.Thread(target=scheduler.shutdown, daemon=True)
    ending.start()
    ending.join(ENDS_WITHIN)
    if ending.is_alive():
        logger().warning("worker ended", left="to its lease")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)  # Else the interpreter waits for every thread of the scheduler.
    store.close()
    logger().info("worker ended")
