"""From a submit_sm to its receipt and a reply: server, engine and simulated carrier over TCP."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import create_default_context

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.engine.sending import FAST, carrier, channel, magic, until
from tests.smpp.world import PASSWORD, PHONE
from yunxin.engine.service import Engine
from yunxin.protocols.events import Bound, Event, Login
from yunxin.protocols.receipt import Outcome
from yunxin.protocols.session import Side
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.stream import open_bound
from yunxin.smpp.service import Program, tls_of


async def test_a_text_goes_out_and_its_receipt_and_a_reply_come_back(
    program, bind, acme, world, config
):
    async with carrier(FAST) as smsc, Engine(config):
        channel(world, config, smsc.port)
        system = await bind()
        answer = await system.submit(acme.text(), source_addr="10690000")
        assert answer.status == 0
        await until(lambda: system.receipts, 20)
        receipt = system.receipts[0].receipt
        assert receipt.message_id == answer.message_id
        assert (receipt.outcome, receipt.stat, receipt.error) == (
            Outcome.DELIVERED, "DELIVRD", "000",
        )  # fmt: skip
        assert (system.receipts[0].source, system.receipts[0].destination) == (
            PHONE, "10690000",
        )  # fmt: skip
        (message,) = world.rows("SELECT id, source, text, segments, state FROM message")
        assert message == (int(answer.message_id), "smpp", acme.text(), 1, "delivered")
        assert acme.used == 1
        smsc.reply(PHONE, "谢谢，收到了")
        await until(lambda: system.replies, 20)
        reply = system.replies[0]
        assert reply.data.decode("utf-16-be") == "谢谢，收到了"
        assert (reply.source, reply.destination) == (PHONE, "10690000")
        await until(lambda: not world.one("SELECT count(*) FROM smpp_deliver"), 20)


async def test_a_scheduled_text_goes_out_when_its_time_has_come(program, bind, acme, world, config):
    async with carrier(FAST) as smsc, Engine(config):
        channel(world, config, smsc.port)
        system = await bind()
        answer = await system.submit(acme.text(), schedule_delivery_time="000000000003000R")
        assert answer.status == 0
        at_once = await system.submit(acme.text("2"), destination_addr="13900005678")
        await until(lambda: system.receipts, 20)
        assert [one.receipt.message_id for one in system.receipts] == [at_once.message_id]
        await until(lambda: len(system.receipts) == 2, 20)
        rows = world.rows(
            "SELECT submitted_at >= message_time(id) + interval '2.9 seconds' FROM message"
            " ORDER BY id"
        )
        assert rows == [(True,), (False,)]


async def test_a_refusal_by_the_carrier_is_told_with_its_code(program, bind, acme, world, config):
    async with carrier(FAST) as smsc, Engine(config):
        channel(world, config, smsc.port)
        system = await bind()
        answer = await system.submit(acme.text(), destination_addr=magic("0001"))
        assert answer.status == 0
        await until(lambda: system.receipts, 20)
        receipt = system.receipts[0].receipt
        assert (receipt.message_id, receipt.stat) == (answer.message_id, "UNDELIV")
        assert acme.used in (0, 1)  # settled within a second
        await until(lambda: acme.used == 0, 20)


def _certificate(folder: Path) -> Path:
    """A certificate for this machine and its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    plain = serialization.NoEncryption()
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(pem, pkcs8, plain) + certificate.public_bytes(pem))
    return path


async def test_it_speaks_tls_where_it_has_a_certificate(config, acme, globex, tmp_path):
    pem = _certificate(tmp_path)
    async with Program(config, port=0, ssl=tls_of(pem, None)) as program:
        heard: list[Event] = []
        stream = await open_bound(
            SmppSession(Side.CLIENT),
            Login("acme", PASSWORD),
            "localhost",
            program.port,
            lambda _, events: heard.extend(events),
            ssl=create_default_context(cafile=str(pem)),
        )
        assert isinstance(heard[0], Bound)
        await stream.close()
