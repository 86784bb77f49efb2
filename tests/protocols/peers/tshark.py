"""tshark reads our bytes: a capture file of a conversation over TCP, and what its fields say.

The file is made by hand (libpcap, raw IPv4), so nothing is captured and no right is needed.
"""

import shutil
import struct
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

TSHARK = shutil.which("tshark")

_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, 101)  # 101: raw IP
_CLIENT, _SERVER = bytes((127, 0, 0, 1)), bytes((127, 0, 0, 2))
_CLIENT_PORT = 40_000
_PUSH_ACK = 0x18


def write_capture(path: Path, port: int, frames: Iterable[tuple[bool, bytes]]) -> None:
    """A conversation with a server's port: who sends (the client?) and what, a packet each."""
    sent = {True: 1, False: 1}
    with path.open("wb") as file:
        file.write(_FILE_HEADER)
        for second, (by_client, frame) in enumerate(frames, 1):
            packet = _packet(port, by_client, sent[by_client], sent[not by_client], frame)
            sent[by_client] += len(frame)
            file.write(struct.pack("<IIII", second, 0, len(packet), len(packet)) + packet)


def _packet(port: int, by_client: bool, number: int, acknowledged: int, data: bytes) -> bytes:
    ports = (_CLIENT_PORT, port) if by_client else (port, _CLIENT_PORT)
    tcp = struct.pack(">HHIIBBHHH", *ports, number, acknowledged, 5 << 4, _PUSH_ACK, 65_535, 0, 0)
    addresses = _CLIENT + _SERVER if by_client else _SERVER + _CLIENT
    size = 20 + len(tcp) + len(data)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, size, 1, 0, 64, 6, 0) + addresses
    return ip + tcp + data


def read_fields(
    path: Path, port: int, protocol: str, fields: Sequence[str]
) -> list[dict[str, list[str]]]:
    """What tshark says of each packet: every field with all its values, and `malformed`."""
    assert TSHARK
    wanted = [*fields, "_ws.malformed", "_ws.expert.message"]
    options = [option for field in wanted for option in ("-e", field)]
    command = [TSHARK, "-n", "-r", str(path), "-d", f"tcp.port=={port},{protocol}"]
    command += ["-T", "fields", "-E", "separator=|", "-E", "aggregator=;", *options]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    rows = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        values = [value.split(";") if value else [] for value in line.split("|")]
        rows.append(dict(zip(wanted, values, strict=True)))
    return rows
