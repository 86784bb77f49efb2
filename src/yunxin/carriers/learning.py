"""Ported numbers learned from carriers' reports: whether, by which codes, and the learning itself.

Off until an operator switches it on and names codes: what a carrier's NP:… means, and to whom the
number went, is that carrier's own. The engine notes phones whose report had such a code; `learn`
enters them. What an operator entered by hand stays, and a file that came after the report too.
"""

from collections.abc import Sequence

from django.db import connection, transaction

from yunxin.accounts import audit
from yunxin.accounts.models import User
from yunxin.carriers.models import PortingLearning, PortingRule
from yunxin.text.codes import plain
from yunxin.vocabulary import CarrierName
from yunxin.web.hints import hint

BATCH = 5_000
# What reports said, into the table; how many were taken, and how many entries changed.
LEARN = """
WITH taken AS (
    DELETE FROM ported_news WHERE id IN (
        SELECT id FROM ported_news ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING id, phone, carrier, code, at
), last AS (
    SELECT DISTINCT ON (phone) phone, carrier, left(code, 60) AS code, at FROM taken
    ORDER BY phone, id DESC
), entered AS (
    INSERT INTO carriers_portednumber AS p (phone, carrier, origin, code, at)
    SELECT phone, carrier, 'learned', code, at FROM last
    ON CONFLICT (phone) DO UPDATE SET carrier = excluded.carrier, origin = excluded.origin,
        code = excluded.code, at = excluded.at
        WHERE p.origin <> 'manual' AND p.at < excluded.at AND p.carrier <> excluded.carrier
    RETURNING phone
)
SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM entered)
"""


def is_on() -> bool:
    """Whether the engine looks for the rules' codes."""
    return PortingLearning.objects.filter(is_on=True).exists()


@transaction.atomic
def switch(*, on: bool, by: User | None) -> None:
    """Let numbers be learned, or no longer; what was learned stays."""
    row, _ = PortingLearning.objects.select_for_update().get_or_create(id=1)
    if row.is_on == on:
        return
    row.is_on = on
    row.save(update_fields=("is_on",))
    audit.record(by, "porting.on" if on else "porting.off", "")
    hint("directory")


def rules() -> Sequence[PortingRule]:
    """All rules."""
    return list(PortingRule.objects.select_related("by"))


@transaction.atomic
def add_rule(*, protocol: str, code: str, carrier: CarrierName, by: User | None) -> PortingRule:
    """Say whose a number is when a report has this code.

    Raises:
        IntegrityError: the code has a rule; the form asks before.
    """
    rule = PortingRule.objects.create(protocol=protocol, code=plain(code), carrier=carrier, by=by)
    audit.record(by, "porting.create", str(rule), carrier=str(carrier))
    hint("directory")
    return rule


@transaction.atomic
def remove_rule(*, rule_id: int, by: User | None) -> None:
    """Forget a rule; what it taught stays."""
    rule = PortingRule.objects.select_for_update().filter(pk=rule_id).first()
    if rule is not None:
        rule.delete()
        audit.record(by, "porting.delete", str(rule), carrier=rule.carrier)
        hint("directory")


def learn() -> int:
    """Enter what reports said into the table of ported numbers; how many entries changed."""
    changed = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LEARN, [BATCH])
            taken, entered = cursor.fetchone()
            if entered:
                hint("directory")
        changed += entered
        if taken < BATCH:
            return changed
