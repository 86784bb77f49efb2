"""Messages for tests of the records: written as the engine writes them, with their counts."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from yunxin.messaging.models import DailyCount, Message
from yunxin.messaging.record_filters import SHANGHAI
from yunxin.vocabulary import FINAL_STATES, MessageState, message_id_floor, message_id_time

_sequence = iter(range(1, 1_000_000))


def make_message(
    template: Any, at: datetime | None = None, *, counted: bool = True, **fields: Any
) -> Message:
    """One message of the template's enterprise, delivered unless said otherwise.

    Args:
        at: when it was accepted; its id follows.
        counted: whether the daily counts know of it already.
    """
    at = at or timezone.now() - timedelta(minutes=5)
    ensure_partitions(at)
    fields.setdefault("state", MessageState.DELIVERED)
    is_final = MessageState(fields["state"]) in FINAL_STATES
    message = Message(
        enterprise_id=template.enterprise_id,
        id=fields.pop("id", message_id_floor(at) + next(_sequence)),
        template_id=template.pk,
        signature_id=template.signature_id,
        **{
            "phone": "13800000001", "carrier": "mobile", "kind": "text", "traffic": "notice",
            "source": "portal", "package_id": 0, "extension": "", "text": "【测试】您好",
            "segments": 1, "finished_at": at + timedelta(seconds=5) if is_final else None,
            "submitted_at": at + timedelta(seconds=1), **fields,
        },
    )  # fmt: skip
    message.save(force_insert=True)
    if counted:
        count(message)
    return message


def count(message: Message) -> None:
    """Fold one message into the daily counts, as engine/settle does."""
    row, _ = DailyCount.objects.get_or_create(
        enterprise_id=message.enterprise_id,
        day=message_id_time(message.id).astimezone(SHANGHAI).date(),
        kind=message.kind,
        source=message.source,
        campaign_id=message.campaign_id or 0,
        template_id=message.template_id,
        carrier=message.carrier,
        defaults={"signature_id": message.signature_id},
    )
    row.accepted += 1
    row.submitted += message.submitted_at is not None
    if message.state != MessageState.ACCEPTED:
        setattr(row, message.state, getattr(row, message.state) + 1)
    row.save()


def ensure_partitions(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_message_partitions(%s, %s)", [at, at])


def queue(message: Message, *, claimed_by: int | None = None) -> None:
    """The message waits to be sent, or an engine has it in its hands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO message_queue"
            " (enterprise_id, message_id, priority, carrier, claimed_by, claimed_at)"
            " VALUES (%s, %s, 1, %s, %s, CASE WHEN %s::bigint IS NULL THEN NULL ELSE now() END)",
            [message.enterprise_id, message.id, message.carrier, claimed_by, claimed_by],
        )
