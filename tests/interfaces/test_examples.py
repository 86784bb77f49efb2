"""Every example of the interface document, run as it stands there, against the real API."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.api.serving import serve
from tests.api.world import ACCESS_KEY, SECRET_KEY, Side
from tests.engine.world import World
from yunxin.config import Config
from yunxin.dialects import pushes
from yunxin.interfaces.document import SAMPLE
from yunxin.interfaces.templatetags.document import code_of
from yunxin.vocabulary import PushKind

EXAMPLES = Path(__file__).resolve().parents[2] / "src/yunxin/templates/interfaces/examples"
SENDING = ("ronghe.sh", "ronghe.py", "ronghe_client.py", "ronghe.java",
           "v1.sh", "v1_signed.sh", "v1.py", "v1_client.py", "v1.java")  # fmt: skip
KEEPING_CONTACTS = ("v1_contacts.sh", "v1_contacts_client.py")
RECEIVING = ("receiver.py", "webhook.py", "webhook_plain.py")
SETTINGS = ("kannel.conf",)  # tests/smpp/test_kannel.py runs Kannel with it
HAS_JAVA = bool(shutil.which("javac") and shutil.which("java"))


@pytest.fixture
def world(database: str) -> Iterator[World]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield World(connection)


def text_of(name: str, **values: str) -> str:
    return code_of(name, {**SAMPLE, "base_url": "http://127.0.0.1:1", "cpcode": "AAAAAC", **values})


def run(name: str, folder: Path, text: str) -> str:
    """What an example prints; whatever stops it fails the test."""
    if name.endswith(".sh"):
        command = ["sh", "-c", text]
    elif name.endswith(".py"):
        command = [sys.executable, "-c", text]
    else:
        command = ["java", "-cp", str(folder), compile_java(name, folder, text)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
    return done.stdout


def compile_java(name: str, folder: Path, text: str) -> str:
    """Compile for Java 11; the name of the class."""
    kind = {"ronghe.java": "RongheSend", "v1.java": "V1Send"}[name]
    source = folder / f"{kind}.java"
    source.write_text(text)
    command = ["javac", "--release", "11", "-d", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return kind


def test_there_is_no_example_that_is_not_run() -> None:
    names = {path.name.removesuffix(".txt") for path in EXAMPLES.iterdir()}
    assert names == {*SENDING, *KEEPING_CONTACTS, *RECEIVING, *SETTINGS}


def test_every_sending_example_sends_its_message(
    database: str, world: World, tmp_path: Path
) -> None:
    side = Side(world)
    side.allow("127.0.0.1/32")
    template = world.template(side.id, "您的取件码是#*#。", signature_id=side.signature)
    config = Config(database_url=database, secret_key=SECRET_KEY)
    names = [name for name in SENDING if HAS_JAVA or not name.endswith(".java")]
    with serve(config) as (url, _process):
        for number, name in enumerate(names):
            values = {
                "base_url": url,
                "cpcode": side.cpcode,
                "access_key": ACCESS_KEY,
                "key": side.minted.key,
                "template": str(template),
                "phone": f"1380000{number:04}",
                "value": f"8-2-{number}",
                "idempotency_key": f"order-{number}",
            }
            said = run(name, tmp_path, text_of(name, **values))
            rows = world.rows("SELECT text, source FROM message WHERE phone = %s", values["phone"])
            assert len(rows) == 1, f"{name} said {said}"
            assert f"取件码是8-2-{number}。" in rows[0][0]
            assert rows[0][1] == "api"
    if not HAS_JAVA:
        pytest.skip("There is no JDK: the Java examples were not run, all others were.")


def test_every_example_of_the_address_book_writes_its_contact(
    database: str, world: World, tmp_path: Path
) -> None:
    side = Side(world)
    config = Config(database_url=database, secret_key=SECRET_KEY)
    with serve(config) as (url, _process):
        for number, name in enumerate(KEEPING_CONTACTS):
            values = {
                "base_url": url,
                "key": side.minted.key,
                "phone": f"1380000{number:04}",
                "idempotency_key": f"contact-{number}",
            }
            said = run(name, tmp_path, text_of(name, **values))
            rows = world.rows("SELECT name FROM contact WHERE phone = %s", values["phone"])
            assert rows == [("Wang Fang",)], f"{name} said {said}"
    assert world.rows("SELECT name, members FROM contact_group") == [("Customers", 1)]


@pytest.mark.skipif(not HAS_JAVA, reason="There is no JDK: the Java examples were not compiled.")
@pytest.mark.parametrize("name", [name for name in SENDING if name.endswith(".java")])
def test_the_java_examples_compile_for_java_11(name: str, tmp_path: Path) -> None:
    compile_java(name, tmp_path, text_of(name))


def post(port: int, body: bytes, headers: dict[str, str]) -> httpx.Response:
    """To a receiver that may still be starting."""
    give_up = time.monotonic() + 20
    while True:
        try:
            return httpx.post(f"http://127.0.0.1:{port}/", content=body, headers=headers)
        except httpx.ConnectError:
            assert time.monotonic() < give_up, "the receiver does not listen"
            time.sleep(0.05)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Receiver:
    """A receiving example, running; what it prints is kept."""

    def __init__(self, text: str, port: int) -> None:
        text = text.replace('("0.0.0.0", 9000)', f'("127.0.0.1", {port})')
        assert str(port) in text
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", text],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def end(self) -> list[str]:
        self.process.terminate()
        self.process.wait(20)
        self.reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.lines


def test_the_dialects_receiver_acknowledges_what_is_pushed(free_port: int) -> None:
    now = datetime.now(UTC)
    receiver = Receiver(text_of("receiver.py"), free_port)
    try:
        body = pushes.ronghe_receipts([pushes.sample(PushKind.RECEIPTS, now)])
        answer = post(free_port, body, {"Content-Type": "text/plain"})
        assert answer.json() == {"status": 0}
    finally:
        lines = receiver.end()
    assert json.loads(body)[0]["mobile"] in lines[0]


def test_the_webhook_receiver_believes_the_platform_alone(free_port: int) -> None:
    now = datetime.now(UTC)
    secret = pushes.mint_webhook_secret()
    receiver = Receiver(text_of("webhook.py", webhook_secret=secret), free_port)
    try:
        body = pushes.v1_events([pushes.sample(PushKind.RECEIPTS, now)])
        headers = pushes.webhook_headers("7", now, body, secret)
        assert post(free_port, body, headers).status_code == 204
        assert post(free_port, body + b" ", headers).status_code == 401
    finally:
        lines = receiver.end()
    assert len(lines) == 1 and lines[0].startswith("receipts ")


def test_the_plain_check_of_a_webhook_tells_genuine_from_false() -> None:
    names: dict[str, object] = {}
    exec(compile(text_of("webhook_plain.py"), "webhook_plain.py", "exec"), names)
    is_genuine = names["is_genuine"]
    assert callable(is_genuine)
    secret, body = pushes.mint_webhook_secret(), b'{"type":"test","events":[]}'
    headers = pushes.webhook_headers("7", datetime.now(UTC), body, secret)
    assert is_genuine(secret, headers, body)
    assert not is_genuine(secret, headers, body + b" ")
    assert not is_genuine(pushes.mint_webhook_secret(), headers, body)
    old = pushes.webhook_headers("7", datetime(2026, 1, 1, tzinfo=UTC), body, secret)
    assert not is_genuine(secret, old, body)
