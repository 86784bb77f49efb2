"""Background jobs of the address book; procrastinate finds them by this file's name.

Each may be killed at any instant and run again: what they do is safe to repeat. A job whose
worker died is given to another one by `retry_stalled`.
"""

from collections.abc import Callable

from django.db import close_old_connections
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from yunxin.contacts import bulk_runs, export_runs, import_runs

QUEUE = "contacts"
ATTEMPTS_MAX = 5
STALLED_AFTER_S = 30  # procrastinate's workers say every 10 s that they live
RETRY = RetryStrategy(max_attempts=ATTEMPTS_MAX, exponential_wait=3)


def _carry_out(
    context: JobContext, run_id: int, work: Callable[[int], None], give_up: Callable[[int], None]
) -> None:
    close_old_connections()
    try:
        work(run_id)
    except Exception:
        if context.job.attempts + 1 >= ATTEMPTS_MAX:
            give_up(run_id)
        raise
    finally:
        close_old_connections()


@app.task(name="contacts.import", queue=QUEUE, retry=RETRY, pass_context=True)
def import_contacts(context: JobContext, run_id: int) -> None:
    """Take a file of contacts in."""
    _carry_out(context, run_id, import_runs.carry_out, import_runs.give_up)


@app.task(name="contacts.export", queue=QUEUE, retry=RETRY, pass_context=True)
def export_contacts(context: JobContext, run_id: int) -> None:
    """Write a large export."""
    _carry_out(context, run_id, export_runs.carry_out, export_runs.give_up)


@app.task(name="contacts.change", queue=QUEUE, retry=RETRY, pass_context=True)
def change_contacts(context: JobContext, run_id: int) -> None:
    """Change many contacts."""
    _carry_out(context, run_id, bulk_runs.carry_out, bulk_runs.give_up)


@app.periodic(cron="23 * * * *")
@app.task(name="contacts.forget_old", queue=QUEUE)
def forget_old(timestamp: int) -> None:
    """Delete exports and refused rows that can no longer be downloaded."""
    close_old_connections()
    export_runs.forget_old()
    close_old_connections()


@app.periodic(cron="* * * * * */10")
@app.task(name="contacts.retry_stalled", queue=QUEUE, pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Hand the jobs of dead workers to living ones."""
    manager = context.app.job_manager
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S)
    for job in stalled:
        await manager.retry_job(job)
