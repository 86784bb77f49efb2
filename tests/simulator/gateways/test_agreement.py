"""Every knob at once, over SGIP and SMGP: what the client saw and what the carrier did agree."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from tests.simulator.clients import until
from tests.simulator.gateways import test_sgip, test_smgp
from yunxin.protocols.events import Closed, Resent, Unanswered
from yunxin.protocols.receipt import Outcome
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Carrier

MANY = 600
ROUGH = Behaviour(
    answer_jitter_s=0.02,
    receipt_delay_s=0.01,
    receipt_jitter_s=0.05,
    refusal_rate=0.05,
    busy_rate=0.05,
    failure_rate=0.1,
    lost_rate=0.1,
    double_rate=0.1,
    early_rate=0.1,
    shuffle=True,
    magic=False,
)
IMPATIENT_S = 0.1


@asynccontextmanager
async def sgip(behaviour: Behaviour, **limits: float) -> AsyncIterator[tuple[Carrier, Any]]:
    usual = msgspec.structs.replace(test_sgip.USUAL, **limits)
    async with test_sgip.running(behaviour, usual) as (carrier, client):
        yield carrier, client


@asynccontextmanager
async def smgp(behaviour: Behaviour, **limits: float) -> AsyncIterator[tuple[Carrier, Any]]:
    usual = msgspec.structs.replace(test_smgp.USUAL, **limits)
    async with (
        test_smgp.running(behaviour) as carrier,
        test_smgp.logged_in(carrier, limits=usual) as client,
    ):
        yield carrier, client


@pytest.mark.parametrize("line", [sgip, smgp])
async def test_refused_lost_double_and_early_all_add_up(line: Any) -> None:
    async with line(ROUGH) as (carrier, client):
        for number in range(MANY):
            client.send(f"86186{number:04}5678", "您好")
        await until(lambda: len(client.answers) == MANY)
        await until(lambda: carrier.counts()["receipts_waiting"] == 0)
        await until(lambda: carrier.counts()["deliveries_queued"] == 0)
        counts = carrier.counts()
        await until(lambda: carrier.counts()["receipts_acknowledged"] == counts["receipts_sent"])

        refused = [a for a in client.answers if a.status]
        accepted = [a for a in client.answers if not a.status]
        assert all(counts[name] > 0 for name in ("refused", "receipts_lost"))
        assert (len(refused), counts["submits"]) == (counts["refused"], MANY)
        assert counts["parts"] == counts["accepted"] == len(accepted)
        assert counts["parts"] == sum(counts["outcomes"].values()) + counts["receipts_lost"]
        assert (counts["duplicates"], counts["redelivered"], counts["mistakes"]) == (0, 0, 0)

        seen = Counter(r.receipt.message_id for r in client.receipts)
        assert sum(seen.values()) == counts["receipts_sent"]
        assert len(seen) == sum(counts["outcomes"].values())
        assert len({a.message_id for a in accepted}) == len(accepted)
        outcome = {r.receipt.message_id: r.receipt.outcome for r in client.receipts}
        failed = sum(value is Outcome.FAILED for value in outcome.values())
        assert failed == counts["outcomes"]["UNDELIV"]


@pytest.mark.parametrize("line", [sgip, smgp])
async def test_what_is_never_answered_is_sent_three_times_taken_once_and_in_doubt(
    line: Any,
) -> None:
    silent = Behaviour(silence_rate=1.0, receipt_jitter_s=0.0, magic=False)
    async with line(silent, response_timeout_s=IMPATIENT_S) as (carrier, client):
        for number in range(20):
            client.send(f"86186{number:04}5678", "您好")
        await until(lambda: sum(isinstance(e, Unanswered) for e in client.seen) == 20)
        assert Counter(e.attempt for e in client.seen if isinstance(e, Resent)) == {2: 20, 3: 20}
        await until(lambda: len(client.receipts) == 20)
        counts = carrier.counts()
        assert (counts["submits"], counts["accepted"], counts["repeated"]) == (20, 20, 40)
        assert (counts["duplicates"], client.answers) == (0, [])


@pytest.mark.parametrize("line", [sgip, smgp])
async def test_a_connection_that_is_cut_names_what_is_in_doubt(line: Any) -> None:
    cutting = Behaviour(disconnect_every_messages=50, receipt_jitter_s=0.0)
    async with line(cutting) as (carrier, client):
        tags = [f"86186{number:04}5678" for number in range(80)]
        for phone in tags:
            client.send(phone, "您好")
        await until(lambda: any(isinstance(event, Closed) for event in client.seen))
        closed = next(event for event in client.seen if isinstance(event, Closed))
        answered = [answer.tag for answer in client.answers]
        assert answered + list(closed.unanswered) == tags
        assert carrier.counts()["parts"] >= len(answered)
        assert carrier.counts()["accepted"] == 50
