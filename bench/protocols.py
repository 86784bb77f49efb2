"""How fast the SMPP codec is, and how many messages a window carries over loopback.

The codec's figures are microseconds a call, the best of several rounds. The throughput is one
client session against the simulated carrier in a process of its own, both through the kernel's
loopback, answers and receipts included. Prints one JSON object last.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
import timeit
from collections.abc import Callable
from multiprocessing.connection import Connection

import uvloop

from yunxin.protocols.events import BindMode, Event, Login, ReceiptArrived, SubmitAnswered
from yunxin.protocols.session import Limits, Side, State
from yunxin.protocols.smpp.pdus import DeliverSm, SubmitSmResp, decode, encode
from yunxin.protocols.smpp.precut import SubmitTemplate
from yunxin.protocols.smpp.receipts import build
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.stream import Stream, open_bound
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Account, Carrier

TEXT = "【云启科技】您的验证码是620418，5分钟内有效。".encode("utf-16-be")
PHONE = "8613800135678"
FIRST_PHONE = 13_000_010_000
TEMPLATE = SubmitTemplate("10690133", data_coding=8)
ACCOUNT = Account("bench", "secret")
ROUNDS = 5


def main() -> None:
    options = read_options()
    result: dict[str, object] = {"codec_us": codec(options.calls)}
    result |= uvloop.run(throughput(options.messages, options.window))
    print(json.dumps(result, indent=2))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench protocols", description=__doc__)
    parser.add_argument("--calls", type=int, default=20_000, help="of each codec function, a round")
    parser.add_argument("--messages", type=int, default=100_000, help="over loopback")
    parser.add_argument("--window", type=int, default=100, help="unanswered submits at most")
    return parser.parse_args()


# Codec ------------------------------------------------------------------------------------------


def codec(calls: int) -> dict[str, float]:
    """Microseconds a call of everything that runs once for each message."""
    submit = TEMPLATE.encode(1, PHONE, TEXT)
    pdu = decode(submit)
    receipt = receipt_frame(2)
    session = SmppSession(Side.CLIENT, Limits(window=1 << 30))
    session.state = State.BOUND

    def answered() -> None:
        sequence = session.submit(TEMPLATE, PHONE, TEXT, tag=1, now=0.0)
        session.data_to_send()
        session.receive(encode(SubmitSmResp(sequence=sequence, message_id="1a2b3c")), 0.0)

    def delivered() -> None:
        session.receive(receipt, 0.0)
        session.acknowledge([2])
        session.data_to_send()

    functions: dict[str, Callable[[], object]] = {
        "submit_sm_from_template": lambda: TEMPLATE.encode(1, PHONE, TEXT),
        "submit_sm_encode": lambda: encode(pdu),
        "submit_sm_decode": lambda: decode(submit),
        "deliver_sm_decode": lambda: decode(receipt),
        "session_submit_and_answer": answered,
        "session_receipt_and_acknowledgement": delivered,
    }
    return {name: best_us(function, calls) for name, function in functions.items()}


def receipt_frame(sequence: int) -> bytes:
    message = build("1a2b3c", stat="DELIVRD", submitted="2611230800", done="2611230801")
    return encode(
        DeliverSm(
            sequence=sequence,
            source_addr=PHONE,
            destination_addr="10690133",
            esm_class=4,
            short_message=message,
        )
    )


def best_us(function: Callable[[], object], calls: int) -> float:
    rounds = timeit.repeat(function, number=calls, repeat=ROUNDS)
    return round(min(rounds) / calls * 1e6, 2)


# Throughput -------------------------------------------------------------------------------------


def carrier_process(told: Connection) -> None:
    """The simulated carrier, alone in its process; ends when it is told to."""

    async def run() -> None:
        behaviour = Behaviour(magic=False, receipt_delay_s=0.05, receipt_jitter_s=0.05)
        async with Carrier(behaviour, [ACCOUNT]) as carrier:
            told.send(carrier.port)
            await asyncio.get_running_loop().run_in_executor(None, told.recv)
            told.send((carrier.counts(), time.process_time()))

    uvloop.run(run())


async def throughput(messages: int, window: int) -> dict[str, object]:
    """Send, answer, deliver and acknowledge so many messages on one session."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=carrier_process, args=(theirs,))
    process.start()
    try:
        port = await asyncio.get_running_loop().run_in_executor(None, ours.recv)
        client = Client(messages)
        session = SmppSession(Side.CLIENT, Limits(window=window))
        login = Login(ACCOUNT.name, ACCOUNT.password, BindMode.TRANSCEIVER)
        started, cpu = time.perf_counter(), time.process_time()
        stream = await open_bound(session, login, "127.0.0.1", port, client.take)
        await client.done
        took, cpu = time.perf_counter() - started, time.process_time() - cpu
        await stream.close()
        ours.send("end")
        counts, carrier_cpu = ours.recv()
    finally:
        process.join(10)
        if process.is_alive():
            process.kill()
    return {
        "messages": messages,
        "window": window,
        "messages_per_s": round(messages / took),
        "submits_per_s": round(messages / (client.answered_at - started)),
        "client_cpu_us_per_message": round(cpu / messages * 1e6, 1),
        "carrier_cpu_us_per_message": round(carrier_cpu / messages * 1e6, 1),
        "consistent": counts["accepted"] == counts["receipts_acknowledged"] == messages,
    }


class Client:
    """Keeps the window full until everything is answered and every receipt is here."""

    def __init__(self, messages: int) -> None:
        self._messages = messages
        self._sent = self._answered = self._received = 0
        self.answered_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self, stream: Stream[SmppSession], events: list[Event]) -> None:
        receipts = []
        for event in events:
            if type(event) is SubmitAnswered:
                self._answered += 1
            elif type(event) is ReceiptArrived:
                receipts.append(event.sequence)
        if receipts:
            stream.session.acknowledge(receipts)
            self._received += len(receipts)
        if self._answered == self._messages and not self.answered_at:
            self.answered_at = time.perf_counter()
        if self._received == self._messages and not self.done.done():
            self.done.set_result(None)
        self._fill(stream)

    def _fill(self, stream: Stream[SmppSession]) -> None:
        session, now = stream.session, stream.now
        for _ in range(min(stream.free, self._messages - self._sent)):
            session.submit(TEMPLATE, str(FIRST_PHONE + self._sent), TEXT, tag=True, now=now)
            self._sent += 1


if __name__ == "__main__":
    sys.exit(main())
