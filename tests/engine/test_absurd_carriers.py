"""A carrier that says things out of all proportion: nothing is lost for it but their length.

SMPP's texts end where a NUL says so; the other protocols' fields have sizes.
"""

from random import Random
from string import ascii_letters

from structlog.testing import capture_logs

from tests.engine.sending import Stage, any_hour, channel, phone, until
from tests.engine.world import World
from yunxin.config import Config
from yunxin.engine.service import Engine
from yunxin.protocols.events import BindRequested, Event, SubmitRequested
from yunxin.protocols.fields import write_tlvs
from yunxin.protocols.session import Side
from yunxin.protocols.smpp.pdus import HEADER, DeliverSm, SubmitSmResp, Tag
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.stream import Stream, serve

ID = "".join(Random(1).choices(ascii_letters, k=9_000))  # an index compresses what repeats itself
LETTERS = ID.swapcase().encode()
RECEIPT = b"\x04"  # esm_class


def frame(command: int, sequence: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), command, 0, sequence) + body


def delivery(
    sequence: int,
    tlvs: dict[int, bytes],
    *,
    esm_class: bytes = b"\0",
    source: bytes = phone(1).encode(),
    destination: bytes = b"1069000077",
) -> bytes:
    head = b"\0\1\1" + source + b"\0\0\0" + destination + b"\0" + esm_class
    return frame(DeliverSm.command_id, sequence, head + bytes(9) + write_tlvs(tlvs))


def answers(sequence: int) -> bytes:
    """What it says to a submit: its answer, a receipt for it and for another, two replies."""
    text = {Tag.MESSAGE_PAYLOAD: "好".encode("utf-16-be")}
    final = {Tag.RECEIPTED_MESSAGE_ID: ID.encode() + b"\0", Tag.MESSAGE_STATE: b"\2"}
    unknown = {Tag.MESSAGE_PAYLOAD: b"id:" + LETTERS * 5 + b" stat:" + LETTERS + b" err:" + LETTERS}
    parts = {
        Tag.SAR_MSG_REF_NUM: LETTERS,
        Tag.SAR_TOTAL_SEGMENTS: LETTERS,
        Tag.SAR_SEGMENT_SEQNUM: b"\1",
    }
    return b"".join(
        (
            frame(SubmitSmResp.command_id, sequence, ID.encode() + b"\0"),
            delivery(1, final, esm_class=RECEIPT),
            delivery(2, unknown, esm_class=RECEIPT),
            delivery(3, text, source=LETTERS, destination=LETTERS),
            delivery(4, text | parts),
        )
    )


async def test_words_without_measure_are_cut_and_nothing_is_lost(
    world: World, config: Config
) -> None:
    stage, acknowledged = Stage(world, any_hour(config)), []

    def take(stream: Stream[SmppSession], events: list[Event]) -> None:
        for event in events:
            if isinstance(event, BindRequested):
                stream.session.accept_bind("ABSURD")
            elif isinstance(event, SubmitRequested):
                assert stream._transport is not None
                stream._transport.write(answers(event.sequence))
            else:
                acknowledged.append(event)

    server = await serve(lambda: SmppSession(Side.SERVER), take, "127.0.0.1", 0)
    async with server:
        with capture_logs() as logs:
            channel(world, stage.config, server.sockets[0].getsockname()[1], window=10)
            async with Engine(stage.config) as engine:
                await stage.send(engine, phone(1))
                await until(lambda: len(acknowledged) >= 4)
    assert not [log for log in logs if log["event"] == "results.dropped"]
    assert stage.states() == {"delivered": 1}
    replies = world.rows("SELECT length(phone), length(access_number) FROM inbound_message")
    assert sorted(replies) == [(11, 10), (20, 255)]
    ((length, code),) = world.rows(
        "SELECT length(carrier_message_id), length(code) FROM held_receipt"
    )
    assert (length, code) == (255, 255)
