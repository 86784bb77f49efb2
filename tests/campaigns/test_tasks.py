"""Background jobs on a real worker: what a kill -9 in the middle leaves, and who takes over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from procrastinate import JobContext
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from tests.campaigns.making import make_draft, make_file
from yunxin.campaigns import lifecycle, preparation, tasks
from yunxin.campaigns.models import Campaign
from yunxin.vocabulary import AudienceState

LINES = 60_000
PATIENCE_S = 60.0
MAKE = """
import os
from tests import factories
from tests.campaigns import making
from yunxin.campaigns import lifecycle
acme = factories.make_enterprise("Acme")
campaign = making.make_draft(acme)
content = "".join(f"138{n:08},SF{n:020}\\n" for n in range(%d))
lifecycle.give_file(
    enterprise=acme, campaign_id=campaign.pk, file=making.make_file(acme, content)
)
"""


def job(attempts: int) -> JobContext:
    made = Job(
        id=1, status="doing", queue=tasks.QUEUE, lock=None, queueing_lock=None,
        task_name="campaigns.prepare_audience", attempts=attempts,
    )  # fmt: skip
    return JobContext(job=made, app=tasks.app, start_timestamp=0.0, abort_reason=lambda: None)


def failing(*_: Any, **__: Any) -> None:
    raise RuntimeError("a fault of ours")


@pytest.mark.parametrize(("attempts", "state"), [(0, "waiting"), (4, "failed")])
def test_a_fault_is_tried_again_and_in_the_end_said(acme, monkeypatch, attempts, state):
    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n")
    campaign = lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    monkeypatch.setattr(preparation, "prepare", failing)
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    with pytest.raises(RuntimeError):
        tasks.prepare_audience.func(job(attempts), campaign.pk, campaign.audience_version)
    campaign.refresh_from_db()
    assert campaign.audience_state == state


def test_a_deleted_draft_takes_its_recipients_along(acme, monkeypatch):
    monkeypatch.setattr(tasks, "close_old_connections", lambda: None)
    campaign = make_draft(acme)
    tasks.discard_audience.func(campaign.pk)  # not deleted: nothing happens
    file = make_file(acme, "13800000001,a\n")
    lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    lifecycle.delete(enterprise=acme, campaign_id=campaign.pk)
    tasks.discard_audience.func(campaign.pk)
    campaign.refresh_from_db()
    assert campaign.file is None


# On real processes -------------------------------------------------------------------------------


def environment(database: str) -> dict[str, str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("YUNXIN_", "DJANGO_"))}
    return plain | {"DATABASE_URL": database, "YUNXIN_SECRET_KEY": "k" * 60, "PYTHONPATH": "."}


@contextmanager
def worker(database: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "yunxin", "jobs"]
    process = subprocess.Popen(command, env=environment(database), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE_S)


def wait_for(condition: Callable[[], bool], pause_s: float = 0.02) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(pause_s)


def test_a_killed_worker_leaves_nothing_half_done_and_another_one_finishes(database):
    subprocess.run(
        [sys.executable, "-m", "yunxin", "manage", "shell", "--command", MAKE % LINES],
        env=environment(database), check=True, capture_output=True,
    )  # fmt: skip
    with psycopg.connect(database, autocommit=True) as db:

        def ask(question: str) -> Any:
            row = db.execute(question.encode()).fetchone()
            return row[0] if row else None

        def state() -> str:
            return str(ask("SELECT audience_state FROM campaigns_campaign"))

        with worker(database) as first:
            wait_for(lambda: state() == AudienceState.READING)
            first.send_signal(signal.SIGKILL)
            first.wait()
        assert state() == AudienceState.READING
        assert ask("SELECT count(*) FROM campaign_recipient") == 0
        # The dead worker's last word is made older than it is: nobody waits half a minute here.
        db.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        with worker(database):
            wait_for(lambda: state() == AudienceState.READY)
        assert ask("SELECT count(*) FROM campaign_recipient") == LINES
        assert ask("SELECT valid_count FROM campaigns_campaign") == LINES
        assert ask("SELECT max(position) FROM campaign_recipient") == LINES


def test_the_task_is_deferred_in_the_transaction_that_gives_the_file(acme):
    campaign = make_draft(acme)
    file = make_file(acme, "13800000001,a\n")
    lifecycle.give_file(enterprise=acme, campaign_id=campaign.pk, file=file)
    version = Campaign.objects.get(pk=campaign.pk).audience_version
    jobs = ProcrastinateJob.objects.filter(task_name="campaigns.prepare_audience")
    assert [job.args for job in jobs] == [{"campaign_id": campaign.pk, "version": version}]
