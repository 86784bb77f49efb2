"""Whatever a peer sends, and whenever, each message that was handed over has exactly one verdict.

Frames of every kind, whole, cut, stretched and twisted, with numbers that are in flight, at times
that let answers be overdue.
"""

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.protocols.cmpp.talk import Talk as CmppTalk
from tests.protocols.sgip.talk import Talk as SgipTalk
from tests.protocols.smgp.talk import Talk as SmgpTalk
from tests.protocols.smpp.talk import Talk as SmppTalk
from yunxin.protocols.cmpp import pdus as cmpp
from yunxin.protocols.events import (
    Closed,
    Event,
    InboundArrived,
    ReceiptArrived,
    SubmitAnswered,
    Unanswered,
)
from yunxin.protocols.session import Session
from yunxin.protocols.sgip import pdus as sgip
from yunxin.protocols.smgp import pdus as smgp
from yunxin.protocols.smpp import pdus as smpp

FRAMES = {
    CmppTalk: [
        cmpp.encode(pdu(sequence=5), version)
        for pdu in cmpp.PDUS.values()
        for version in cmpp.Version
    ],
    SgipTalk: [sgip.encode(pdu(sequence=5)) for pdu in sgip.PDUS.values()],
    SmgpTalk: [smgp.encode(pdu(sequence=5)) for pdu in smgp.PDUS.values()],
    SmppTalk: [smpp.encode(pdu(sequence=5)) for pdu in smpp.PDUS.values()],
}
NUMBER_AT = {CmppTalk: (8, 4), SgipTalk: (8, 12), SmgpTalk: (8, 4), SmppTalk: (12, 4)}
RUNS = 200


def twisted(frame: bytes, chance: Random) -> bytes:
    """The frame as it is, or with something wrong."""
    data = bytearray(frame)
    match chance.randrange(5):
        case 0:  # cut, and its length says so
            data = data[: chance.randrange(4, len(data) + 1)]
            data[:4] = len(data).to_bytes(4, "big")
        case 1:  # another byte
            data[chance.randrange(4, len(data))] = chance.randrange(256)
        case 2:  # longer
            at = chance.randrange(4, len(data) + 1)
            data[at:at] = chance.randbytes(chance.randrange(40))
            data[:4] = len(data).to_bytes(4, "big")
        case 3 if not chance.randrange(20):  # a length that cannot be, seldom: it is the end
            data[chance.randrange(4)] ^= 1 << chance.randrange(8)
    return bytes(data)


def verdicts(events: list[Event]) -> Counter[Any]:
    """How often each tag was judged."""
    judged: Counter[Any] = Counter()
    for event in events:
        match event:
            case SubmitAnswered(late=False) | Unanswered():
                judged[event.tag] += 1
            case Closed():
                judged.update(event.unanswered)
    return judged


@pytest.mark.parametrize("talk", FRAMES)
def test_each_message_has_exactly_one_verdict(talk: type[Any]) -> None:
    at, size = NUMBER_AT[talk]
    for seed in range(RUNS):
        chance, now = Random(seed), 0.0
        conversation = talk().bind()
        client: Session = conversation.client
        handed: list[int] = []
        events: list[Event] = []
        for step in range(60):
            now += chance.choice((0, 0, 0.1, 4, 11, 31))
            told = client.tick(now)
            if client.free and chance.random() < 0.4:
                conversation.submit(step, now)
                handed.append(step)
            frame = bytearray(chance.choice(FRAMES[talk]))
            if chance.random() < 0.7 and (flights := [number for number, _ in client.flights()]):
                frame[at : at + size] = chance.choice(flights).to_bytes(size, "big")
            told += client.receive(twisted(bytes(frame), chance), now)
            client.acknowledge(
                event.sequence
                for event in told
                if isinstance(event, InboundArrived | ReceiptArrived) and chance.random() < 0.7
            )
            events += told
            client.data_to_send()
            assert 0 <= client.in_flight <= client.limits.window
        events += client.lost()
        assert verdicts(events) == Counter(handed), f"seed {seed}"
        assert sum(isinstance(event, Closed) for event in events) == 1
        assert client.in_flight == client.owed == 0
