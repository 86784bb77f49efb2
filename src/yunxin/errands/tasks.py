"""Background jobs of errands; procrastinate finds them by this file's name.

A job that is killed at any instant may run again: an errand that is done is not done twice.
"""

from django.db import close_old_connections
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from yunxin.errands import work

QUEUE = "errands"
RETRIES = 3
AGAIN = RetryStrategy(max_attempts=RETRIES, exponential_wait=2)  # after 2, 4 and 8 seconds
STALLED_AFTER_S = 30  # procrastinate's workers say every 10 s that they live


@app.task(name="errands.carry_out", queue=QUEUE, retry=AGAIN, pass_context=True)
def carry_out(context: JobContext, errand_id: int) -> None:
    """Do what a system applied for."""
    close_old_connections()
    try:
        work.carry_out(errand_id)
    except Exception:
        if context.job.attempts >= RETRIES:
            work.give_up(errand_id)
        raise
    finally:
        close_old_connections()


@app.periodic(cron="41 3 * * *")
@app.task(name="errands.forget_old", queue=QUEUE)
def forget_old(timestamp: int) -> None:
    """Delete old errands."""
    close_old_connections()
    work.forget_old()
    close_old_connections()


@app.periodic(cron="* * * * * */10")
@app.task(name="errands.retry_stalled", queue=QUEUE, pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Hand the jobs of dead workers to living ones."""
    manager = context.app.job_manager
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S)
    for job in stalled:
        await manager.retry_job(job)
