"""How fast the protocols' codecs are, and how many messages a window carries over loopback.

The codec's figures are microseconds a call, the best of several rounds. The throughput is one
client session against the simulated carrier in a process of its own, both through the kernel's
loopback, answers and receipts included; in SGIP the receipts come over the carrier's own
connection. Prints one JSON object last.
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
from typing import Any

import uvloop

from bench.lines import LINES, NAME, PASSWORD, PHONE, RECEIPT, Line
from yunxin.protocols.events import BindMode, Event, ReceiptArrived, SubmitAnswered
from yunxin.protocols.session import Limits, State
from yunxin.protocols.sgip.listener import Channel, Listener
from yunxin.protocols.sgip.session import SgipSession
from yunxin.protocols.stream import Stream, open_bound
from yunxin.simulator.behaviour import Behaviour
from yunxin.simulator.carrier import Account, Carrier
from yunxin.simulator.gateways.cmpp import CmppGateway
from yunxin.simulator.gateways.sgip import SgipGateway
from yunxin.simulator.gateways.smgp import SmgpGateway

TEXT = "【云启科技】您的验证码是620418，5分钟内有效。".encode("utf-16-be")
FIRST_PHONE = 13_000_010_000
LOCAL = "127.0.0.1"
ACCOUNT = Account(NAME, PASSWORD)
ROUNDS = 5


def main() -> None:
    options = read_options()
    result: dict[str, object] = {}
    for name in options.protocol or LINES:
        line = LINES[name]()
        run = uvloop.run(throughput(line, options.messages, options.window))
        result[name] = {"codec_us": codec(line, options.calls)} | run
    print(json.dumps(result, indent=2))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench protocols", description=__doc__)
    parser.add_argument(
        "--protocol", action="append", choices=LINES, help="repeatable; all when none is given"
    )
    parser.add_argument("--calls", type=int, default=20_000, help="of each codec function, a round")
    parser.add_argument("--messages", type=int, default=100_000, help="over loopback")
    parser.add_argument("--window", type=int, default=100, help="unanswered submits at most")
    return parser.parse_args()


# Codec ------------------------------------------------------------------------------------------


def codec(line: Line, calls: int) -> dict[str, float]:
    """Microseconds a call of everything that runs once for each message."""
    submit = line.template.encode(1, PHONE, TEXT)
    pdu = line.decode(submit)
    session = line.session(Limits(window=1 << 30))
    session.state, session.mode = State.BOUND, line.login.mode
    receiving = line.delivered(Limits()) if line.delivered else session
    if receiving is not session:
        receiving.state, receiving.mode = State.BOUND, BindMode.RECEIVER

    def answered() -> None:
        sequence = session.submit(line.template, PHONE, TEXT, tag=1, now=0.0)
        session.data_to_send()
        session.receive(line.answer(sequence), 0.0)

    def delivered() -> None:
        receiving.receive(line.receipt, 0.0)
        receiving.acknowledge([RECEIPT])
        receiving.data_to_send()

    functions: dict[str, Callable[[], object]] = {
        "submit_from_template": lambda: line.template.encode(1, PHONE, TEXT),
        "submit_encode": lambda: line.encode(pdu),
        "submit_decode": lambda: line.decode(submit),
        "receipt_decode": lambda: line.decode(line.receipt),
        "session_submit_and_answer": answered,
        "session_receipt_and_acknowledgement": delivered,
    }
    return {name: best_us(function, calls) for name, function in functions.items()}


def best_us(function: Callable[[], object], calls: int) -> float:
    rounds = timeit.repeat(function, number=calls, repeat=ROUNDS)
    return round(min(rounds) / calls * 1e6, 2)


# Throughput -------------------------------------------------------------------------------------


def carrier_process(told: Connection, listener_port: int) -> None:
    """The simulated carrier, alone in its process; ends when it is told to."""

    async def run() -> None:
        behaviour = Behaviour(magic=False, receipt_delay_s=0.05, receipt_jitter_s=0.05)
        gateways = (CmppGateway(), SgipGateway((LOCAL, listener_port)), SmgpGateway())
        doors = dict.fromkeys(gateways, 0)
        async with Carrier(behaviour, [ACCOUNT], doors=doors) as carrier:
            told.send(carrier.ports)
            await asyncio.get_running_loop().run_in_executor(None, told.recv)
            told.send((carrier.counts(), time.process_time()))

    uvloop.run(run())


async def throughput(line: Line, messages: int, window: int) -> dict[str, object]:
    """Send, answer, deliver and acknowledge so many messages on one session."""
    limits = Limits(window=window)
    client, session = Client(line, messages), line.session(limits)
    listener = None
    if isinstance(session, SgipSession):
        listener = Listener(session.numbers)
        await listener.start(LOCAL, 0)
        listener.admit(Channel(NAME, PASSWORD, client.take))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    port = listener.port if listener else 0
    process = context.Process(target=carrier_process, args=(theirs, port))
    process.start()
    try:
        ports = await asyncio.get_running_loop().run_in_executor(None, ours.recv)
        started, cpu = time.perf_counter(), time.process_time()
        stream = await open_bound(session, line.login, LOCAL, ports[line.name], client.take)
        await client.done
        took, cpu = time.perf_counter() - started, time.process_time() - cpu
        await stream.close()
        if listener:
            await listener.close()
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

    def __init__(self, line: Line, messages: int) -> None:
        self._template = line.template
        self._messages = messages
        self._sent = self._answered = self._received = 0
        self.answered_at = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def take(self, stream: Stream[Any], events: list[Event]) -> None:
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
        if stream.session.mode is not BindMode.RECEIVER:
            self._fill(stream)

    def _fill(self, stream: Stream[Any]) -> None:
        session, now = stream.session, stream.now
        for _ in range(min(stream.free, self._messages - self._sent)):
            phone = str(FIRST_PHONE + self._sent)
            session.submit(self._template, phone, TEXT, tag=True, now=now)
            self._sent += 1


if __name__ == "__main__":
    sys.exit(main())
