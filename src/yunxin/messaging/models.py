"""Messages and what the engine keeps of them on their way. Writer of every table here: engine.

    accept ──▶ message(accepted) + message_queue          one transaction with the payment
    claim  ──▶ message_queue.claimed_by                   committed before the socket is written
    answer ──▶ submission, queue row deleted              or the queue row set free for another try
    receipt ─▶ message(delivered | failed | expired | unknown)
    cancel ──▶ message(cancelled), queue row deleted

Every step that counts leaves a `tally_delta` row in the same transaction; engine/settle folds them
into `daily_count`, `campaign_progress` and the packages. The partitioned tables are made by the
first migration; the models here only read them.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from yunxin.vocabulary import MessageState


class Message(models.Model):
    """One message to one phone (短信记录), partitioned by its time-ordered id.

    When it was accepted is in the id: `vocabulary.message_id_time`. `state` holds `accepted` until
    it is final.
    """

    pk = models.CompositePrimaryKey("enterprise_id", "id")
    enterprise_id = models.BigIntegerField()
    id = models.BigIntegerField()
    phone = models.TextField()
    carrier = models.TextField()
    kind = models.TextField()
    traffic = models.TextField()
    source = models.TextField()
    campaign_id = models.BigIntegerField(null=True)
    signature_id = models.BigIntegerField()
    template_id = models.BigIntegerField()
    package_id = models.BigIntegerField()
    extension = models.TextField()  # digits behind the channel's access number
    task_id = models.TextField(null=True)  # noqa: DJ001 - one an API request; none otherwise
    reference = models.TextField(null=True)  # noqa: DJ001 - the client's own
    text = models.TextField()
    segments = models.SmallIntegerField()
    state = models.TextField(default=MessageState.ACCEPTED)
    code = models.TextField(null=True)  # noqa: DJ001 - the carrier's word; none before it
    channel_id = models.BigIntegerField(null=True)
    submitted_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)  # by the carrier's clock
    finished_at = models.DateTimeField(null=True)  # by ours
    refunded = models.BooleanField(default=False)

    class Meta:
        managed = False
        db_table = "message"

    def __str__(self) -> str:
        return str(self.id)


class QueuedMessage(models.Model):
    """A message that waits to be sent, or (claimed) is being sent."""

    pk = models.CompositePrimaryKey("enterprise_id", "message_id")
    enterprise_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    priority = models.SmallIntegerField()
    carrier = models.TextField()
    province = models.TextField(default="")  # empty where no channel asks for it
    campaign_id = models.BigIntegerField(null=True)
    not_before = models.DateTimeField(null=True)
    attempt = models.SmallIntegerField(default=0)
    claimed_by = models.BigIntegerField(null=True)  # engine_instance.id
    claimed_at = models.DateTimeField(null=True)
    channel_id = models.BigIntegerField(null=True)  # that tried it last in vain
    # Channels that tried it in vain, oldest try first: the others go first.
    refused_by = ArrayField(models.BigIntegerField(), null=True)

    class Meta:
        managed = False
        db_table = "message_queue"

    def __str__(self) -> str:
        return str(self.message_id)


class Submission(models.Model):
    """One part as the carrier took it: its id there, and (several parts) what became of it.

    Of a try that nobody answered and that was sent again `parts` is below zero: its id is ours
    (SGIP), so a receipt may still tell what became of it.
    """

    pk = models.CompositePrimaryKey("enterprise_id", "message_id", "part", "submitted_at")
    channel_id = models.BigIntegerField()
    carrier_message_id = models.TextField()
    enterprise_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    part = models.SmallIntegerField()
    parts = models.SmallIntegerField()
    submitted_at = models.DateTimeField()
    state = models.TextField(null=True)  # noqa: DJ001
    code = models.TextField(null=True)  # noqa: DJ001
    done_at = models.DateTimeField(null=True)

    class Meta:
        managed = False
        db_table = "submission"

    def __str__(self) -> str:
        return f"{self.message_id}/{self.part}"


class MessageEvent(models.Model):
    """A line of the time line that the ordinary way does not leave: retries, doubts, late words."""

    pk = models.CompositePrimaryKey("enterprise_id", "message_id", "at")
    enterprise_id = models.BigIntegerField()
    message_id = models.BigIntegerField()
    at = models.DateTimeField()
    kind = models.TextField()
    channel_id = models.BigIntegerField(null=True)
    part = models.SmallIntegerField(null=True)
    code = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        managed = False
        db_table = "message_event"

    def __str__(self) -> str:
        return f"{self.message_id} {self.kind}"


class InboundMessage(models.Model):
    """A reply (上行) as the carrier delivered it."""

    id = models.BigIntegerField(primary_key=True)
    enterprise_id = models.BigIntegerField()  # 0: no owner was found
    phone = models.TextField()
    access_number = models.TextField()  # what was replied to
    text = models.TextField()
    channel_id = models.BigIntegerField()
    message_id = models.BigIntegerField(null=True)  # what it most likely answers
    campaign_id = models.BigIntegerField(null=True)
    unsubscribed = models.BooleanField(default=False)
    received_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "inbound_message"

    def __str__(self) -> str:
        return str(self.id)


class DailyCount(models.Model):
    """Messages by day of acceptance (Asia/Shanghai) and by what people ask for.

    `campaign_id` 0: no campaign.
    """

    pk = models.CompositePrimaryKey(
        "enterprise_id", "day", "kind", "source", "campaign_id", "template_id", "carrier"
    )
    enterprise_id = models.BigIntegerField()
    day = models.DateField()
    kind = models.TextField()
    source = models.TextField()
    campaign_id = models.BigIntegerField()
    template_id = models.BigIntegerField()
    signature_id = models.BigIntegerField()
    carrier = models.TextField()
    accepted = models.BigIntegerField(default=0)
    submitted = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    expired = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)
    cancelled = models.BigIntegerField(default=0)
    segments = models.BigIntegerField(default=0)
    refunded_segments = models.BigIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "daily_count"

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.day}"


class DailyFailure(models.Model):
    """What did not arrive, by day, campaign and the carrier's code."""

    pk = models.CompositePrimaryKey("enterprise_id", "day", "campaign_id", "state", "code")
    enterprise_id = models.BigIntegerField()
    day = models.DateField()
    campaign_id = models.BigIntegerField()
    state = models.TextField()
    code = models.TextField()
    messages = models.BigIntegerField(default=0)

    class Meta:
        managed = False
        db_table = "daily_failure"

    def __str__(self) -> str:
        return f"{self.day} {self.code}"
