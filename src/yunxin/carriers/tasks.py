"""Background jobs of carriers; procrastinate finds them by this file's name.

Each may be killed at any instant and run again: what they do is safe to repeat. A job whose
worker died is given to another one by `retry_stalled`.
"""

from django.db import close_old_connections
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from yunxin.carriers import alerts, learning, number_runs

QUEUE = "carriers"
ATTEMPTS_MAX = 5
STALLED_AFTER_S = 30  # procrastinate's workers say every 10 s that they live
RETRY = RetryStrategy(max_attempts=ATTEMPTS_MAX, exponential_wait=3)


@app.periodic(cron="* * * * * */10")
@app.task(name="carriers.look_at_channels", queue=QUEUE)
def look_at_channels(timestamp: int) -> None:
    """Tell operators of channels that have no line."""
    close_old_connections()
    alerts.look()
    close_old_connections()


@app.periodic(cron="* * * * * */5")
@app.task(name="carriers.learn_ported", queue=QUEUE)
def learn_ported(timestamp: int) -> None:
    """Enter what carriers' reports said of ported numbers."""
    close_old_connections()
    learning.learn()
    close_old_connections()


@app.task(name="carriers.import_numbers", queue=QUEUE, retry=RETRY, pass_context=True)
def import_numbers(context: JobContext, run_id: int) -> None:
    """Take a file of ported numbers or of places in."""
    close_old_connections()
    try:
        number_runs.carry_out(run_id)
    except Exception:
        if context.job.attempts + 1 >= ATTEMPTS_MAX:
            number_runs.give_up(run_id)
        raise
    finally:
        close_old_connections()


@app.periodic(cron="37 * * * *")
@app.task(name="carriers.forget_old", queue=QUEUE)
def forget_old(timestamp: int) -> None:
    """Delete imports that nobody asks for any more."""
    close_old_connections()
    number_runs.forget_old()
    close_old_connections()


@app.periodic(cron="* * * * * */10")
@app.task(name="carriers.retry_stalled", queue=QUEUE, pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Hand the imports of dead workers to living ones."""
    manager = context.app.job_manager
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S)
    for job in stalled:
        if job.task_name == import_numbers.name:
            await manager.retry_job(job)
