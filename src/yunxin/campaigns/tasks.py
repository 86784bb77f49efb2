"""Background jobs of campaigns; procrastinate finds them by this file's name.

Each may be killed at any instant and run again: what they do is safe to repeat. A job whose
worker died is given to another one by `retry_stalled`.
"""

from django.db import close_old_connections
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from yunxin.campaigns import notices, preparation
from yunxin.campaigns.models import Campaign
from yunxin.web import slices

QUEUE = "campaigns"
ATTEMPTS_MAX = 5
STALLED_AFTER_S = 30  # procrastinate's workers say every 10 s that they live


@app.task(
    name="campaigns.prepare_audience",
    queue=QUEUE,
    retry=RetryStrategy(max_attempts=ATTEMPTS_MAX, exponential_wait=3),
    pass_context=True,
)
def prepare_audience(context: JobContext, campaign_id: int, version: int) -> None:
    """Read the file of a campaign's recipients, or the people in its groups."""
    close_old_connections()
    try:
        preparation.prepare(campaign_id=campaign_id, version=version)
    except Exception:
        if context.job.attempts + 1 >= ATTEMPTS_MAX:
            preparation.give_up(campaign_id=campaign_id, version=version)
        raise
    finally:
        close_old_connections()


@app.task(name="campaigns.discard_audience", queue=QUEUE, retry=ATTEMPTS_MAX)
def discard_audience(campaign_id: int) -> None:
    """Delete the recipients of a campaign that was deleted before it ever ran."""
    close_old_connections()
    campaign = Campaign.objects.filter(pk=campaign_id, deleted_at__isnull=False).first()
    if campaign is not None:
        preparation.discard(campaign)
    close_old_connections()


@app.periodic(cron="17 * * * *")
@app.task(name="campaigns.discard_abandoned_uploads", queue=QUEUE)
def discard_abandoned_uploads(timestamp: int) -> None:
    """Delete files that somebody began to upload and never completed."""
    close_old_connections()
    slices.discard_abandoned()
    close_old_connections()


@app.periodic(cron="* * * * * */10")
@app.task(name="campaigns.tell_all", queue=QUEUE)
def tell_all(timestamp: int) -> None:
    """Put what became of campaigns into the bell."""
    close_old_connections()
    notices.tell_all()
    close_old_connections()


@app.periodic(cron="* * * * * */10")
@app.task(name="campaigns.retry_stalled", queue=QUEUE, pass_context=True)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Hand the jobs of dead workers to living ones."""
    manager = context.app.job_manager
    stalled = await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=STALLED_AFTER_S)
    for job in stalled:
        await manager.retry_job(job)
