"""A customer's server that takes pushes: writes each body to a file, then says that it has it.

    python -m bench.receiver --port 9000 --file bodies.jsonl

It answers as the dialect wants it, with a 200, which v1 takes as well. A body is in the file before
its answer leaves, so whatever kills this program, what it acknowledged is there.
"""

import argparse
import asyncio
import os
from typing import cast

ANSWER = (
    b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"status":0}'
)


class Receiver(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = bytes(self._buffer[end + 4 : end + 4 + length])
            del self._buffer[: end + 4 + length]
            os.write(self._file, body.replace(b"\n", b" ") + b"\n")
            self._transport.write(ANSWER)


async def serve(port: int, path: str) -> None:
    """Take pushes until ended."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(file), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", required=True)
    options = parser.parse_args()
    asyncio.run(serve(options.port, options.file))
