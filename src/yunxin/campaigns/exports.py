"""What can be downloaded of a campaign: a sample file, the refused lines, what became of each."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from yunxin.campaigns import labels
from yunxin.campaigns.lifecycle import progress_of
from yunxin.campaigns.models import Campaign, RefusedLine
from yunxin.carriers.codes import Explanations
from yunxin.content.models import Template
from yunxin.text import placeholders
from yunxin.text.phones import mask
from yunxin.vocabulary import MessageState, message_id_floor

ROWS_AT_ONCE = 2_000
SAMPLE_LINES = 3
CLOCK_SKEW = timedelta(hours=1)  # ids are made by the engine's clock, times of pages by ours


def sample_file(template: Template) -> str:
    """A file of recipients as this template needs it; the numbers belong to nobody."""
    wanted = placeholders.variables(template.content)
    names = [*template.variable_names, *[""] * wanted][:wanted]
    rows = []
    for number in range(1, SAMPLE_LINES + 1):
        params = [name or _("parameter %(n)s") % {"n": at} for at, name in enumerate(names, 1)]
        rows.append(",".join([f"1380000000{number}", *(p.replace(",", "") for p in params)]))
    return "\ufeff" + "\r\n".join(rows) + "\r\n"  # as Notepad of any age reads it


def refused_lines(campaign: Campaign) -> Iterator[tuple[int, str, str]]:
    """Line number, the line as it stood, and why it was refused, in a sentence."""
    rows = RefusedLine.objects.filter(
        enterprise_id=campaign.enterprise_id, campaign_id=campaign.pk
    ).order_by("line")
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        yield row.line, row.content, labels.refusal(row.reason, row.detail)


# Along the recipients; each is looked up by its phone in the weeks since the beginning. LATERAL
# with its LIMIT makes it one look-up each, whatever the statistics say; `+ 0` keeps the index by
# campaign out, which would read the whole campaign for every recipient.
_OUTCOMES = """
SELECT r.position, r.phone, r.params, m.carrier, m.state, m.code, m.segments, m.submitted_at,
       m.finished_at, q.message_id IS NOT NULL AS waits, f.reason, f.detail, m.channel_id
  FROM (SELECT position, phone, params FROM campaign_recipient
         WHERE enterprise_id = %(enterprise)s AND campaign_id = %(campaign)s
           AND position > %(after)s
         ORDER BY position LIMIT %(limit)s) AS r
  LEFT JOIN LATERAL (
        SELECT id, carrier, state, code, segments, submitted_at, finished_at, channel_id
          FROM message
         WHERE enterprise_id = %(enterprise)s AND phone = r.phone AND id >= %(floor)s
           AND (campaign_id + 0) = %(campaign)s
         LIMIT 1) AS m ON true
  LEFT JOIN message_queue q ON q.enterprise_id = %(enterprise)s AND q.message_id = m.id
        AND m.state = 'accepted'
  LEFT JOIN campaign_refusal f ON f.enterprise_id = %(enterprise)s
        AND f.campaign_id = %(campaign)s AND f.position = r.position
 ORDER BY r.position
"""


def outcome_header() -> list[str]:
    """The headings of `outcomes`."""
    return [
        _("Line"), _("Mobile number"), _("Parameters"), _("Carrier"), _("Result"), _("Reason"),
        _("Segments"), _("Handed to the carrier"), _("Final"),
    ]  # fmt: skip


def outcomes(campaign: Campaign, *, is_masked: bool) -> Iterator[list[object]]:
    """What became of each recipient, in the order of the file; read in small pieces.

    Args:
        is_masked: for those who may not see whole numbers and parameters.
    """
    progress = progress_of(campaign)
    since = (progress.started_at if progress else None) or campaign.created_at
    values = {
        "enterprise": campaign.enterprise_id,
        "campaign": campaign.pk,
        "floor": message_id_floor(since - CLOCK_SKEW),
        "limit": ROWS_AT_ONCE,
        "after": 0,
    }
    say = Explanations().say
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_OUTCOMES, values)
            rows = cursor.fetchall()
        for row in rows:
            cells = _outcome(say, *row)
            if is_masked:
                cells[1:3] = [mask(row[1]), ""]
            yield cells
        if len(rows) < ROWS_AT_ONCE:
            return
        values["after"] = rows[-1][0]


def _outcome(
    say: Callable[[str | None, int | None], str],
    position: int,
    phone: str,
    params: list[str],
    carrier: str | None,
    state: str | None,
    code: str | None,
    segments: int | None,
    submitted_at: datetime | None,
    finished_at: datetime | None,
    waits: bool,
    reason: str | None,
    detail: str | None,
    channel_id: int | None,
) -> list[object]:
    result, why = _result(state, waits, reason)
    told = code or "" if state == MessageState.DELIVERED else _explained(code, channel_id, say)
    return [
        position,
        phone,
        ",".join(params),
        labels.CARRIERS.get(carrier or "", carrier or ""),
        result,
        labels.refusal(reason or "", detail or "") if why else told,
        segments if segments is not None else "",
        _clock(submitted_at),
        _clock(finished_at),
    ]


def _explained(
    code: str | None, channel_id: int | None, say: Callable[[str | None, int | None], str]
) -> str:
    """The carrier's code and, where it is known, what it means."""
    return " ".join(filter(None, (code, say(code, channel_id))))


def _result(state: str | None, waits: bool, reason: str | None) -> tuple[str, bool]:
    """What is said of one recipient, and whether the reason is our own refusal."""
    if state is None:
        return (_("Not accepted"), True) if reason else (_("Not sent yet"), False)
    if state == MessageState.ACCEPTED:
        return (_("Waiting to be sent") if waits else _("Sent, no report yet")), False
    return str(labels.OUTCOMES.get(MessageState(state), state)), False


def _clock(when: datetime | None) -> str:
    return f"{timezone.localtime(when):%Y-%m-%d %H:%M:%S}" if when else ""
