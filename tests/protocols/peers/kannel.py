"""Kannel as a client of ours: bearerbox speaks SMPP, smsbox takes texts and calls us back by HTTP.

Everything that it needs lies in one folder and on free ports of this machine. It is found where
Debian's package puts it, or where scripts/setup unpacked that package.
"""

import asyncio
import os
import shutil
import socket
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlsplit

import httpx

UNPACKED = Path(__file__).parents[3] / "build" / "kannel"
_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", str(UNPACKED / "usr" / "sbin")))
BEARERBOX = shutil.which("bearerbox", path=_PLACES)
SMSBOX = shutil.which("smsbox", path=_PLACES)

READY_S = 20.0
SENDER = "10690001"
ALL_RECEIPTS = 31  # Kannel's dlr-mask: delivered 1, failed 2, buffered 4, accepted 8, refused 16
DELIVERED, FAILED, ACCEPTED, REFUSED = 1, 2, 8, 16

Call = dict[str, str]

_CONFIGURATION = """\
group = core
admin-port = {admin_port}
admin-interface = 127.0.0.1
admin-password = {secret}
smsbox-port = {smsbox_port}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
box-deny-ip = *.*.*.*
log-file = {folder}/bearerbox.log
log-level = 0
dlr-storage = internal

{line}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms_port}
sendsms-interface = 127.0.0.1
mo-recode = true
log-file = {folder}/smsbox.log
log-level = 0

group = sendsms-user
username = tests
password = {secret}
concatenation = true
max-messages = 10
user-allow-ip = 127.0.0.1

group = sms-service
keyword = default
get-url = "http://127.0.0.1:{hear_port}/inbound?from=%p&to=%P&text=%b&charset=%C&coding=%c"
catch-all = true
max-messages = 0
"""


_LINE = """\
group = smsc
smsc = smpp
smsc-id = yunxin
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = {name}
smsc-password = {password}
system-type = VMA
interface-version = 34
reconnect-delay = 1
"""


def line_to(port: int, name: str, password: str) -> str:
    """Kannel's settings for a line to an SMPP server on this machine.

    Args:
        name, password: at most 15 and 8 characters, as SMPP has it.
    """
    return _LINE.format(port=port, name=name, password=password)


class Kannel:
    """It runs while used as an asynchronous context manager; `receipts` and `inbound` fill up.

    Args:
        folder: for its settings and logs.
        line: the settings of its line to our SMPP server, a group `smsc`.
    """

    def __init__(self, folder: Path, line: str) -> None:
        self.folder = folder
        self.receipts: list[Call] = []
        self.inbound: list[Call] = []
        self._line = line
        self._secret = "for-tests-only"  # of nothing but this folder's Kannel
        self._processes: list[Process] = []

    async def __aenter__(self) -> Self:
        self._hearing = await asyncio.start_server(self._hear, "127.0.0.1", 0)
        hear_port = self._hearing.sockets[0].getsockname()[1]
        self._hear_url = f"http://127.0.0.1:{hear_port}"
        ports = dict(zip(("admin_port", "smsbox_port", "sendsms_port"), _free(3), strict=True))
        self._sendsms = f"http://127.0.0.1:{ports['sendsms_port']}/cgi-bin/sendsms"
        settings = self.folder / "kannel.conf"
        settings.write_text(
            _CONFIGURATION.format(
                folder=self.folder, secret=self._secret, hear_port=hear_port, **ports,
                line=self._line,
            )
        )  # fmt: skip
        try:
            await self._start(BEARERBOX, settings, ports["smsbox_port"])
            await self._start(SMSBOX, settings, ports["sendsms_port"])
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        for process in reversed(self._processes):
            if process.returncode is None:
                process.kill()
            await process.wait()
        self._hearing.close()
        await self._hearing.wait_closed()

    async def _start(self, program: str | None, settings: Path, port: int) -> None:
        """Start one of the two and wait until it listens."""
        assert program
        libraries = [str(each) for each in UNPACKED.glob("**/*-linux-gnu")]
        process = await asyncio.create_subprocess_exec(
            program, str(settings), stdout=DEVNULL, stderr=DEVNULL, cwd=self.folder,
            env=os.environ | ({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {}),
        )  # fmt: skip
        self._processes.append(process)
        async with asyncio.timeout(READY_S):
            while not await _listens(port):
                assert process.returncode is None, f"{program} ended; its log is in {self.folder}"
                await asyncio.sleep(0.05)

    async def send(
        self, phone: str, text: str, *, tag: str = "", sender: str = SENDER, coding: int = 2
    ) -> str:
        """Hand a text to smsbox; what it said. Receipts carry the tag.

        Args:
            tag: letters and digits; the phone where it is left out.
            coding: 2 for UCS-2, 0 for the 7-bit alphabet.
        """
        told = f"{self._hear_url}/receipt?tag={tag or phone}&type=%d&id=%F&answer=%A"
        async with httpx.AsyncClient(trust_env=False, timeout=READY_S) as client:
            answer = await client.get(
                self._sendsms,
                params={
                    "username": "tests", "password": self._secret, "from": sender, "to": phone,
                    "text": text, "charset": "UTF-8", "coding": coding,
                    "dlr-mask": ALL_RECEIPTS, "dlr-url": told,
                },
            )  # fmt: skip
        return answer.text

    def receipts_of(self, tag: str, kind: int) -> list[Call]:
        """What Kannel told of a message's receipts of one kind."""
        return [told for told in self.receipts if told["tag"] == tag and int(told["type"]) == kind]

    async def until(self, met: Callable[[], object], within_s: float = 30.0) -> None:
        """Wait for something that Kannel brings; if it never does, its logs say more."""
        end = time.monotonic() + within_s
        while not met():
            assert time.monotonic() < end, self._account_of_it()
            await asyncio.sleep(0.01)

    def _account_of_it(self) -> str:
        logs = [path.read_text("utf-8", "replace")[-2000:] for path in self.folder.glob("*.log")]
        return "\n".join(map(str, ("It did not happen.", self.receipts, self.inbound, *logs)))

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One call of smsbox: noted and thanked for."""
        head = await reader.readuntil(b"\r\n\r\n")
        target = urlsplit(head.split(b" ", 2)[1].decode("ascii"))
        told = dict(parse_qsl(target.query, keep_blank_values=True))
        (self.receipts if target.path == "/receipt" else self.inbound).append(told)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


def _free(count: int) -> list[int]:
    """So many ports that nobody listens on right now, each another."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


async def _listens(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
