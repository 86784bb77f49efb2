"""From what people gave to recipients that can be sent to: reading, sorting out, putting in place.

    stored file, groups ─▶ audience.Rules ─COPY▶ audience_line, audience_refused     temporary
    duplicates, blacklist                                                    one statement each
    campaign_recipient, campaign_refused_line, counts, state = ready         one transaction

Nothing that others see changes before the last transaction, and that one writes only while the
campaign still is at the version that was prepared. So a run may be killed at any instant and
begun again, and an edit of the campaign makes the run that is under way come to nothing.

Memory stays flat: the file comes in chunks of one mebibyte, the people of groups in blocks (see
members.py), lines are judged in blocks, and what needs all lines at once is the database's to sort.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from yunxin.accounts import notices
from yunxin.campaigns import members
from yunxin.campaigns.audience import (
    FileProblem,
    LineReader,
    Recipient,
    Refused,
    Rules,
    problem_of_head,
    served_carriers,
    typed_numbers,
)
from yunxin.campaigns.models import Campaign, CampaignRecipient, RefusedLine
from yunxin.carriers.models import ForbiddenWord, NumberPrefix
from yunxin.carriers.places import read_map
from yunxin.content.models import Template
from yunxin.text.encodings import EncodingProbe
from yunxin.text.words import WordList
from yunxin.vocabulary import (
    AudienceKind,
    AudienceState,
    CarrierName,
    Refusal,
    SignaturePosition,
    TemplateKind,
)
from yunxin.web import uploads
from yunxin.web.models import StoredFile

PROGRESS_EVERY_S = 0.5
TOLD_AFTER_S = 15.0  # who waited longer has gone to another page, and reads it in the bell
LOCK_CLASS = 0x59580002  # of the advisory locks that keep two runs for one campaign apart
BLOCKED = (Refusal.BLOCKED_GLOBAL, Refusal.BLOCKED_ENTERPRISE)

_MAKE_TABLES = """
DROP TABLE IF EXISTS pg_temp.audience_line, pg_temp.audience_refused;
CREATE TEMPORARY TABLE audience_line
    (line bigint, phone bigint, params text[], segments integer);
CREATE TEMPORARY TABLE audience_refused
    (line bigint, content text, reason text, detail text, segments integer DEFAULT 0)
"""
_DROP_TABLES = "DROP TABLE IF EXISTS pg_temp.audience_line, pg_temp.audience_refused"
_REFUSE_DUPLICATES = """
INSERT INTO audience_refused
SELECT line, phone::text, 'phone_duplicate', first_line::text, segments
  FROM (SELECT line, phone, segments, min(line) OVER (PARTITION BY phone) AS first_line
          FROM audience_line) AS numbered
 WHERE line <> first_line
"""
_REFUSE_BLOCKED = """
INSERT INTO audience_refused
SELECT DISTINCT ON (l.line) l.line, l.phone::text,
       CASE b.enterprise_id WHEN 0 THEN 'blocked_global' ELSE 'blocked_enterprise' END, '',
       l.segments
  FROM audience_line l
  JOIN carriers_blockednumber b
    ON b.phone = l.phone::text AND b.enterprise_id IN (0, %(enterprise)s)
 WHERE NOT EXISTS (SELECT FROM audience_refused r WHERE r.line = l.line)
 ORDER BY l.line, b.enterprise_id
"""
_COPY_SPECIAL = re.compile(r"[\\\t\n\r]")
_COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_COUNT_REFUSED = "SELECT reason, count(*), sum(segments) FROM audience_refused GROUP BY reason"
_PUT_RECIPIENTS = """
INSERT INTO campaign_recipient (enterprise_id, campaign_id, position, phone, params)
SELECT %(enterprise)s, %(campaign)s, line, phone::text, params
  FROM audience_line l
 WHERE NOT EXISTS (SELECT FROM audience_refused r WHERE r.line = l.line)
"""
_PUT_REFUSED = """
INSERT INTO campaign_refused_line (enterprise_id, campaign_id, line, content, reason, detail)
SELECT %(enterprise)s, %(campaign)s, line, content, reason, detail FROM audience_refused
"""


class FileRefused(ValueError):
    """The whole file cannot be an audience."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem)
        self.problem = problem


class OutOfDate(Exception):
    """The campaign was edited or deleted meanwhile: this run has nothing to write any more."""


@dataclass(slots=True)
class _Run:
    """One preparation of one version of a campaign's audience, and how far it is."""

    campaign: Campaign
    version: int
    bytes_read: int = 0
    lines: int = 0
    loaded: int = 0
    refused: int = 0
    segments: int = 0
    people: int = 0
    book_version: int | None = None
    shown_at: float = field(default_factory=time.monotonic)
    began_at: float = field(default_factory=time.monotonic)

    def still_wanted(self) -> QuerySet[Campaign]:
        """The campaign, as long as nobody edited or deleted it since this run began."""
        return Campaign.objects.filter(
            pk=self.campaign.pk, audience_version=self.version, deleted_at__isnull=True
        )

    def load(self, recipients: Sequence[Recipient], refused: Sequence[Refused]) -> None:
        """Put judged lines into the temporary tables."""
        with connection.cursor() as cursor:
            if recipients:
                columns = "audience_line (line, phone, params, segments)"
                with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                    copy.write("".join(map(_copy_row, recipients)))
            if refused:
                columns = "audience_refused (line, content, reason, detail)"
                with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                    for line in refused:
                        copy.write_row(line)
        self.lines += len(recipients) + len(refused)
        self.loaded += len(recipients)
        self.refused += len(refused)
        self.segments += sum(recipient.segments for recipient in recipients)

    def show(self, *, now: bool = False) -> None:
        """Let the pages see how far it is, twice a second; notice when nobody wants it any more.

        Raises:
            OutOfDate: stop.
        """
        moment = time.monotonic()
        if not now and moment - self.shown_at < PROGRESS_EVERY_S:
            return
        self.shown_at = moment
        changed = self.still_wanted().update(
            audience_state=AudienceState.READING,
            bytes_read=self.bytes_read,
            lines_read=self.lines,
            people_found=self.people,
            valid_count=self.loaded,
            invalid_count=self.refused,
        )
        if not changed:
            raise OutOfDate


def prepare(*, campaign_id: int, version: int) -> None:
    """Prepare the audience that a file or groups give; safe to run again at any time.

    Does nothing when that version is prepared already, or no longer wanted.
    """
    with _only_one(campaign_id):
        campaign = (
            Campaign.objects.select_related("template__signature", "file")
            .filter(
                pk=campaign_id,
                audience_version=version,
                audience__in=(AudienceKind.FILE, AudienceKind.GROUPS),
                audience_state__in=(AudienceState.WAITING, AudienceState.READING),
                deleted_at__isnull=True,
            )
            .first()
        )
        if campaign is None or campaign.template is None:
            return
        try:
            _prepare(_Run(campaign, version), rules_of(campaign.template))
        except OutOfDate:
            return
        finally:
            _execute(_DROP_TABLES)


def prepare_typed(campaign: Campaign) -> None:
    """Prepare the audience of typed numbers at once, in the caller's transaction."""
    assert campaign.template is not None
    run = _Run(campaign, campaign.audience_version)
    numbers = typed_numbers(campaign.typed_phones)
    recipients, refused = rules_of(campaign.template).check_typed(
        enumerate(numbers, 1), tuple(campaign.shared_params)
    )
    _execute(_MAKE_TABLES)
    run.load(recipients, refused)
    _put_in_place(run)
    _execute(_DROP_TABLES)
    campaign.refresh_from_db()


def rules_of(template: Template) -> Rules:
    """What lines for this template are judged by, as things stand now."""
    prefixes = {
        prefix: CarrierName(carrier)
        for prefix, carrier in NumberPrefix.objects.values_list("prefix", "carrier")
    }
    return Rules(
        content=template.content,
        signature=template.signature.name,
        position=SignaturePosition(template.position),
        kind=TemplateKind(template.kind),
        words=WordList(ForbiddenWord.objects.values_list("word", flat=True)),
        carriers=served_carriers(template.carriers),
        prefixes=prefixes,
        places=read_map(),
    )


def give_up(*, campaign_id: int, version: int) -> None:
    """Say that the audience could not be prepared, through no fault of the file."""
    Campaign.objects.filter(pk=campaign_id, audience_version=version).exclude(
        audience_state=AudienceState.READY
    ).update(audience_state=AudienceState.FAILED, audience_error=FileProblem.INTERNAL)


def discard(campaign: Campaign) -> None:
    """Delete recipients and refused lines of a campaign, and its file if no other uses it."""
    of_campaign = {"enterprise_id": campaign.enterprise_id, "campaign_id": campaign.pk}
    CampaignRecipient.objects.filter(**of_campaign).delete()
    RefusedLine.objects.filter(**of_campaign).delete()
    discard_file(campaign)


def discard_file(campaign: Campaign) -> None:
    """Delete the file of a campaign unless a copy of the campaign uses it too."""
    file = campaign.file
    if file and not Campaign.objects.filter(file=file).exclude(pk=campaign.pk).exists():
        uploads.discard(file)


# Reading -----------------------------------------------------------------------------------------


def _prepare(run: _Run, rules: Rules) -> None:
    run.show(now=True)
    try:
        _execute(_MAKE_TABLES)
        if run.campaign.audience == AudienceKind.GROUPS:
            _read_groups(run, rules)
        else:
            _read_file(run, rules)
        run.show(now=True)
        with transaction.atomic():
            _put_in_place(run)
            if time.monotonic() - run.began_at > TOLD_AFTER_S:
                _tell_ready(run)
    except FileRefused as refusal:
        run.still_wanted().update(
            audience_state=AudienceState.FAILED, audience_error=refusal.problem
        )


def _tell_ready(run: _Run) -> None:
    """Say in the bell that the recipients can be looked at, whatever was found."""
    campaign = run.campaign
    link = reverse("campaigns:recipients", args=(campaign.pk,))
    notices.tell(campaign.enterprise, "campaign.ready", campaign, link=link)


def _read_file(run: _Run, rules: Rules) -> None:
    if run.campaign.file is None:
        raise OutOfDate
    _read(run, run.campaign.file, rules)
    if not run.lines:
        raise FileRefused(FileProblem.EMPTY)


def _read_groups(run: _Run, rules: Rules) -> None:
    with members.reading(choice_of(run.campaign)) as reading:
        for people in reading.blocks():
            run.people, run.book_version = reading.found, reading.book_version
            run.load(*rules.check_people(people))
            run.show()
    if not run.lines:
        raise FileRefused(FileProblem.NOBODY)


def choice_of(campaign: Campaign) -> members.Choice:
    """The groups of a campaign and what fills its variables, as `members` needs them."""
    return members.Choice(
        enterprise_id=campaign.enterprise_id,
        group_ids=list(campaign.groups.values_list("group_id", flat=True)),
        below=campaign.with_subgroups,
        sources=campaign.sources,
        texts=campaign.shared_params,
    )


def _read(run: _Run, file: StoredFile, rules: Rules) -> None:
    reader = LineReader(_encoding_of(file))
    for chunk in uploads.read(file):
        for lines in reader.feed(chunk):
            run.load(*rules.check(lines))
            run.show()
        run.bytes_read += len(chunk)
    for lines in reader.finish():
        run.load(*rules.check(lines))


def _encoding_of(file: StoredFile) -> str:
    """What the file is written in.

    Raises:
        FileRefused: it is no text at all.
    """
    probe = EncodingProbe()
    for position, chunk in enumerate(uploads.read(file)):
        if position == 0 and (problem := problem_of_head(chunk)):
            raise FileRefused(problem)
        probe.feed(chunk)
    return probe.encoding()


def _copy_row(recipient: Recipient) -> str:
    """A row of audience_line in COPY's text format."""
    line, phone, params, count = recipient
    if not params:
        return f"{line}\t{phone}\t{{}}\t{count}\n"
    joined = '","'.join(params)
    if _COPY_SPECIAL.search(joined) or joined.count('"') > 2 * (len(params) - 1):
        # Quoted once for the array, then once more for COPY.
        quoted = (param.replace("\\", "\\\\").replace('"', '\\"') for param in params)
        joined = '","'.join(quoted).translate(_COPY_ESCAPES)
    return f'{line}\t{phone}\t{{"{joined}"}}\t{count}\n'


# Sorting out and putting in place ----------------------------------------------------------------


def _put_in_place(run: _Run) -> None:
    """The last transaction: refuse what only shows among all lines, then write everything.

    Raises:
        OutOfDate: the campaign has moved on; nothing is written.
    """
    campaign = run.campaign
    these = {"enterprise": campaign.enterprise_id, "campaign": campaign.pk}
    _execute("ANALYZE audience_line")
    _execute(_REFUSE_DUPLICATES)
    _execute("ANALYZE audience_refused")
    _execute(_REFUSE_BLOCKED, these)
    if not run.still_wanted().select_for_update().exists():
        raise OutOfDate
    counts = _counts(run)
    CampaignRecipient.objects.filter(
        enterprise_id=campaign.enterprise_id, campaign_id=campaign.pk
    ).delete()
    RefusedLine.objects.filter(
        enterprise_id=campaign.enterprise_id, campaign_id=campaign.pk
    ).delete()
    _execute("ANALYZE audience_refused")
    _execute(_PUT_RECIPIENTS, these)
    _execute(_PUT_REFUSED, these)
    run.still_wanted().update(**counts)


def _counts(run: _Run) -> dict[str, object]:
    """The columns of the campaign that say what its audience was found to be."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_REFUSED)
        rows = cursor.fetchall()
    lines = {reason: count for reason, count, _ in rows}
    duplicates = lines.get(Refusal.PHONE_DUPLICATE, 0)
    blocked = sum(lines.get(reason, 0) for reason in BLOCKED)
    valid = run.loaded - duplicates - blocked
    return {
        "audience_state": AudienceState.READY if valid else AudienceState.FAILED,
        "audience_error": "" if valid else FileProblem.ONLY_BAD_LINES,
        "bytes_read": run.bytes_read,
        "lines_read": run.lines,
        "valid_count": valid,
        "duplicate_count": duplicates,
        "blocked_count": blocked,
        "invalid_count": run.refused,
        "segments_expected": run.segments - sum(segments for _, _, segments in rows),
        "prepared_at": timezone.now(),
        "people_found": run.people,
        "book_version": run.book_version,
    }


@contextmanager
def _only_one(campaign_id: int) -> Iterator[None]:
    """Wait until no other run for this campaign is under way; a run that died holds nothing."""
    key = (LOCK_CLASS << 32 | campaign_id & 0xFFFF_FFFF) & 0x7FFF_FFFF_FFFF_FFFF
    _execute("SELECT pg_advisory_lock(%(key)s)", {"key": key})
    try:
        yield
    finally:
        _execute("SELECT pg_advisory_unlock(%(key)s)", {"key": key})


def _execute(statement: str, values: Mapping[str, int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def sample_texts(campaign: Campaign, limit: int = 3) -> Iterable[tuple[str, str]]:
    """Phone and whole text of the first recipients, as they will be sent."""
    if campaign.template is None:
        return []
    rules = rules_of(campaign.template)
    rows = CampaignRecipient.objects.filter(
        enterprise_id=campaign.enterprise_id, campaign_id=campaign.pk
    ).order_by("position")[:limit]
    wanted = rules.variables
    return [(row.phone, rules.text(row.params)) for row in rows if len(row.params) == wanted]
