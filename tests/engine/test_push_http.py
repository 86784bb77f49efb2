"""One request to a server that misbehaves in every way; and no way to what is not public."""

import asyncio
import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.engine import receiver as bad
from tests.engine.receiver import Receiver, answer, receiver
from yunxin.engine.push_http import Resolver, Sender, Tried, judge
from yunxin.vocabulary import PushError, PushFormat

LOOPBACK = ("127.0.0.0/8",)
BODY = b'[{"mobile":"18607714703"}]'


@pytest.fixture
async def sender():
    sender = Sender(LOOPBACK, total_s=2)
    yield sender
    await sender.aclose()


async def post(sender, url, format=PushFormat.RONGHE, target=1) -> Tried:
    return await sender.post(target, url, BODY, {"Content-Type": "text/plain"}, format)


async def test_the_body_arrives_as_it_is_and_is_acknowledged(sender):
    async with receiver() as there:
        tried = await post(sender, there.url + "?a=1")
    assert tried == Tried(200, '{"status":0}', PushError.NONE)
    (request,) = there.requests
    assert request.line == "POST /in?a=1 HTTP/1.1"
    assert request.body == BODY
    assert request.headers["host"] == f"127.0.0.1:{there.port}"
    assert request.headers["content-type"] == "text/plain"
    assert request.headers["accept-encoding"] == "identity"


async def test_a_connection_is_used_again(sender):
    async with receiver() as there:
        for _ in range(3):
            assert (await post(sender, there.url)).acked
    assert (len(there.requests), there.connections) == (3, 1)


@pytest.mark.parametrize(
    ("behave", "status", "error", "v1_error"),
    [
        (answer(b'{"status":1}'), 200, PushError.SAID_NO, PushError.NONE),
        (answer(b'{"status":"0"}'), 200, PushError.SAID_NO, PushError.NONE),
        (answer(b'{"status":false}'), 200, PushError.SAID_NO, PushError.NONE),
        (answer(b"{}"), 200, PushError.SAID_NO, PushError.NONE),
        (answer(b"OK"), 200, PushError.NOT_JSON, PushError.NONE),
        (answer(b"[0]"), 200, PushError.NOT_JSON, PushError.NONE),
        (answer(b"[" * 60_000), 200, PushError.NOT_JSON, PushError.NONE),
        (answer(b""), 200, PushError.NOT_JSON, PushError.NONE),
        (answer(status="204 No Content", body=b""), 204, PushError.STATUS, PushError.NONE),
        (answer(status="201 Created"), 201, PushError.STATUS, PushError.NONE),
        (answer(status="500 No"), 500, PushError.STATUS, PushError.STATUS),
        (answer(status="404 No"), 404, PushError.STATUS, PushError.STATUS),
        (bad.break_off, 200, PushError.BROKEN_OFF, PushError.NONE),
        (bad.babble, 200, PushError.TOO_LONG, PushError.NONE),
        (bad.close, None, PushError.BROKEN_OFF, PushError.BROKEN_OFF),
        (bad.nonsense, None, PushError.BROKEN_OFF, PushError.BROKEN_OFF),
    ],
)
async def test_what_answers_mean(sender, behave, status, error, v1_error):
    async with receiver(behave) as there:
        tried = await post(sender, there.url)
        assert (tried.status, tried.error) == (status, error)
        tried = await post(sender, there.url, PushFormat.V1, target=2)
        assert (tried.status, tried.error) == (status, v1_error)


@pytest.mark.parametrize("behave", [bad.hang, bad.trickle])
async def test_there_is_an_end_to_waiting(behave):
    sender = Sender(LOOPBACK, total_s=0.1)
    async with receiver(behave) as there:
        assert (await post(sender, there.url)).error == PushError.TIMEOUT
    await sender.aclose()


async def test_what_follows_an_acknowledgement_of_v1_is_not_waited_for(sender, monkeypatch):
    monkeypatch.setattr("yunxin.engine.push_http.V1_BODY_S", 0.05)
    async with receiver(bad.trickle) as there:
        tried = await post(sender, there.url, PushFormat.V1)
    assert (tried.status, tried.error) == (200, PushError.NONE)


async def test_people_may_read_the_beginning_of_an_answer(sender):
    async with receiver(answer("错\0误".encode() * 2000, "500 No")) as there:
        tried = await post(sender, there.url)
    assert tried.answer == ("错误" * 1000)[: len(tried.answer)]
    assert 1000 < len(tried.answer) <= 2000


async def test_nobody_there(sender):
    async with receiver() as there:
        url = there.url
    assert (await post(sender, url)).error == PushError.CONNECT


async def test_a_redirect_is_not_followed(sender):
    async with receiver() as inside:
        moved = answer(b"", "302 Found", f"Location: {inside.url}\r\n")
        async with receiver(moved) as there:
            tried = await post(sender, there.url)
            assert (tried.status, tried.error) == (302, PushError.REDIRECT)
            tried = await post(sender, there.url, PushFormat.V1, target=2)
            assert tried.error == PushError.REDIRECT
        assert inside.requests == []


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{}/", "http://[::ffff:127.0.0.1]:{}/", "http://localhost:{}/",
     "http://0.0.0.0:{}/"],
)  # fmt: skip
async def test_without_the_setting_this_machine_is_out_of_reach(url):
    sender = Sender()
    async with receiver() as there:
        assert (await post(sender, url.format(there.port))).error == PushError.FORBIDDEN_ADDRESS
    assert (there.requests, there.connections) == ([], 0)
    await sender.aclose()


def resolves(*addresses):
    """A resolver that knows every host; each call gives the next answer."""
    answers = list(addresses)

    async def resolve(host: str, port: int) -> list[str]:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, Exception):
            raise found
        return found

    return resolve


async def test_a_name_that_leads_inside_is_refused():
    for inside in (["10.0.0.1"], ["169.254.169.254"], ["fe80::1%eth0"], ["93.184.216.34", "::1"]):
        sender = Sender(LOOPBACK if "::1" not in inside else (), resolve=resolves(inside))
        assert (await post(sender, "http://a.example/")).error == PushError.FORBIDDEN_ADDRESS
        await sender.aclose()


async def test_the_name_is_asked_each_time_and_the_checked_address_is_the_one():
    """A name that says something else a moment later gains nothing."""
    async with receiver() as there:
        sender = Sender(LOOPBACK, resolve=resolves(["127.0.0.1"], ["10.0.0.1"]))
        url = f"http://a.example:{there.port}/in"
        assert (await post(sender, url)).acked
        assert there.requests[0].headers["host"] == f"a.example:{there.port}"
        assert (await post(sender, url)).error == PushError.FORBIDDEN_ADDRESS
        await sender.aclose()
    assert len(there.requests) == 1


async def test_the_next_address_is_tried_where_the_first_does_not_answer():
    async with receiver() as there:
        sender = Sender(LOOPBACK, resolve=resolves(["127.0.0.9", "127.0.0.1"]))
        assert (await post(sender, f"http://a.example:{there.port}/")).acked
        await sender.aclose()


@pytest.mark.parametrize("found", [OSError("no such host"), []])
async def test_a_name_without_an_address(found):
    sender = Sender(LOOPBACK, resolve=resolves(found))
    assert (await post(sender, "http://a.example/")).error == PushError.NOT_FOUND
    await sender.aclose()


async def test_no_url(sender):
    assert (await post(sender, "ftp://127.0.0.1/")).error == PushError.BAD_URL


async def test_proxies_of_the_environment_are_not_used(sender, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with receiver() as there:
        assert (await post(sender, there.url)).acked


async def test_a_changed_url_gets_connections_of_its_own(sender):
    async with receiver() as one, receiver() as two:
        assert (await post(sender, one.url)).acked
        assert (await post(sender, two.url)).acked
    assert (len(one.requests), len(two.requests)) == (1, 1)


async def test_the_system_resolves_this_machine():
    resolver = Resolver()
    first, second = await asyncio.gather(
        resolver.resolve("localhost", 80), resolver.resolve("localhost", 80)
    )
    assert "127.0.0.1" in first and first is second
    with pytest.raises(OSError, match=r"."):
        await resolver.resolve("nowhere.invalid", 80)
    resolver.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A server's context for the name a.example, and a client's that trusts it."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a.example")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("a.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    (folder / "certificate").write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate", folder / "key")
    return server, ssl.create_default_context(cadata=pem.decode())


async def test_the_certificate_must_be_that_of_the_name(certificates):
    server, trusting = certificates
    async with receiver(tls=server) as there:
        sender = Sender(LOOPBACK, resolve=resolves(["127.0.0.1"]), tls=trusting)
        assert (await post(sender, f"https://a.example:{there.port}/")).acked
        tried = await post(sender, f"https://b.example:{there.port}/", target=2)
        assert tried.error == PushError.TLS
        await sender.aclose()
        stranger = Sender(LOOPBACK, resolve=resolves(["127.0.0.1"]))
        assert (await post(stranger, f"https://a.example:{there.port}/")).error == PushError.TLS
        await stranger.aclose()
    assert len(there.requests) == 1


async def test_idle_connections_are_forgotten(sender, monkeypatch):
    monkeypatch.setattr("yunxin.engine.push_http.IDLE_S", 0)
    async with receiver() as there:
        await post(sender, there.url)
        await sender.close_idle()
        await post(sender, there.url)
    assert there.connections == 2


def test_the_dialect_wants_its_word_even_with_200():
    assert judge(200, b' {"status" : 0, "x":1}\n', PushError.NONE, PushFormat.RONGHE) == ""
    assert judge(200, b'{"status":0.5}', PushError.NONE, PushFormat.RONGHE) == PushError.SAID_NO


def test_the_receiver_reads_both_formats():
    assert Receiver().entries == []
