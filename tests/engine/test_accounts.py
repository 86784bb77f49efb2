"""What each protocol's account makes of a channel's row: log-in, frames, times, words, ports."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from yunxin.engine.accounts.base import Account, BrokenAccount
from yunxin.engine.accounts.choose import Accounts
from yunxin.engine.accounts.ports import Place, Ports
from yunxin.engine.channel import Channel
from yunxin.protocols.cmpp import pdus as cmpp
from yunxin.protocols.cmpp.session import CmppSession
from yunxin.protocols.events import (
    Alphabet,
    BindMode,
    BindRefused,
    Bound,
    Event,
    Login,
    PeerMistake,
    Requested,
)
from yunxin.protocols.session import Session, Side
from yunxin.protocols.sgip import listener
from yunxin.protocols.sgip import pdus as sgip
from yunxin.protocols.sgip.numbers import Numbers
from yunxin.protocols.sgip.session import SgipSession
from yunxin.protocols.smgp import pdus as smgp
from yunxin.protocols.smgp.session import SmgpSession
from yunxin.protocols.smpp import pdus as smpp
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.stream import BindFailed, open_bound
from yunxin.sealing import seal
from yunxin.vocabulary import BindMode as AccountMode
from yunxin.vocabulary import CarrierProtocol, IdRule, WireAlphabet

SECRET_KEY = "for tests " * 5
LOCAL = "127.0.0.1"
NODE = 3_010_012_345
PHONE = "8613800138000"
NEEDED: dict[str, dict[str, Any]] = {"sgip": {"node": NODE}}
every = pytest.mark.parametrize("protocol", ["smpp", "cmpp", "smgp", "sgip"])
by_digest = pytest.mark.parametrize("protocol", ["cmpp", "smgp"])


def account(
    protocol: str, options: Any = None, *, accounts: Accounts | None = None, **values: Any
) -> Account:
    """The account of a channel; `options` beside those that it needs."""
    options = NEEDED.get(protocol, {}) | (options or {})
    row: dict[str, Any] = {"id": 1, "name": "one", "host": LOCAL, "port": 1, "system_id": "yunxin"}
    channel = Channel(protocol=CarrierProtocol(protocol), options=options, **(row | values))
    return (accounts or Accounts(SECRET_KEY)).account_of(channel, "secret")


def bound(made: Account, server: Session, password: str = "secret") -> tuple[Session, list[Event]]:
    """A session of the account that the server let in, and what it was told."""
    session = made.session()
    session.bind(made.login(BindMode.TRANSMITTER), 0.0)
    server.connected(0.0)
    server.receive(session.data_to_send(), 0.0)
    server.accept_bind("carrier", password)
    return session, session.receive(server.data_to_send(), 0.0)


def submitted(made: Account, decode: Any, source: str = "77") -> Any:
    """The submit of one message, as its frame reads."""
    template = made.wire.template(source, Alphabet.UCS2)
    return decode(template.encode(5, PHONE, "您好".encode("utf-16-be"), False))


def _decode_cmpp(frame: bytes) -> Any:
    return cmpp.decode(frame, cmpp.Version.V30)


# Times, sessions, words -------------------------------------------------------------------------


@every
async def test_a_session_keeps_to_the_channels_times_and_window(protocol: str) -> None:
    made = account(
        protocol, {"attempts": 4}, window=7, answer_timeout_s=11, enquire_every_s=13, sessions=3
    )
    limits = made.session().limits
    assert (limits.window, limits.response_timeout_s, limits.enquire_after_s) == (7, 11, 13)
    assert limits.attempts == 4
    assert len(made.modes) == 3


async def test_a_pair_is_two_sessions_where_the_protocol_has_it() -> None:
    pair = {"bind_mode": AccountMode.PAIR, "sessions": 2}
    apart = [BindMode.TRANSMITTER, BindMode.RECEIVER]
    assert account("smpp", **pair).modes == account("smgp", **pair).modes == apart * 2
    assert account("cmpp", **pair).modes == [BindMode.TRANSCEIVER] * 2
    assert account("sgip", **pair).modes == [BindMode.TRANSMITTER] * 2


@pytest.mark.parametrize(
    ("protocol", "names"),
    [
        ("smpp", {"RINVDSTADR", "RINVMSGLEN", "RINVDSTTON", "RINVDSTNPI", "RINVDLNAME"}),
        ("cmpp", {"LENGTH", "TOO_LONG", "DEST_TERMINAL"}),
        ("smgp", {"MSG_LENGTH", "DEST_TERM_ID"}),
        ("sgip", {"PHONE", "LENGTH"}),
    ],
)
async def test_what_blames_the_number_or_the_text_is_hopeless(
    protocol: str, names: set[str]
) -> None:
    made = account(protocol)
    assert {made.explain(status).name for status in made.hopeless} == names


@every
async def test_ids_are_compared_as_they_are_but_by_smpps_rule(protocol: str) -> None:
    made = account(protocol, id_rule=IdRule.HEX_TO_DECIMAL)
    if protocol == "smpp":
        assert made.receipt_key("ff") == made.answer_key("255") == "255"
    else:
        assert (made.receipt_key("00ff"), made.answer_key("00ff")) == ("00ff", "00ff")
    assert bool(made.own_id(1)) is made.rests is (protocol == "sgip")


def test_an_unknown_request_is_answered_by_smpp_and_dropped_by_the_others() -> None:
    for made, server in (
        (account("smpp"), SmppSession(Side.SERVER)),
        (account("cmpp"), CmppSession(Side.SERVER)),
    ):
        session, _ = bound(made, server)
        session._owed[9] = 1
        made.answer(session, Requested(9, None))
        assert session.owed == 0
        assert bool(session.data_to_send()) is (made.channel.protocol == "smpp")


def test_latin_texts_are_short_only_where_the_channel_may() -> None:
    for alphabet, found in (
        (WireAlphabet.UCS2, Alphabet.UCS2),
        (WireAlphabet.GSM7_OR_UCS2, Alphabet.ASCII),
    ):
        assert account("cmpp", alphabet=alphabet).wire.alphabet_of("plain") is found


# Log-in -----------------------------------------------------------------------------------------


def test_smpp_logs_in_with_its_system_type() -> None:
    login = account("smpp", system_type="VMA").login(BindMode.TRANSCEIVER)
    assert login == Login("yunxin", "secret", BindMode.TRANSCEIVER, "VMA")


@by_digest
def test_a_carrier_that_does_not_know_the_password_is_left_only_if_it_must_not_be(
    protocol: str,
) -> None:
    server = {"cmpp": CmppSession, "smgp": SmgpSession}[protocol]
    _, events = bound(account(protocol), server(Side.SERVER), "another")
    assert [type(event) for event in events] == [PeerMistake, Bound]
    _, events = bound(account(protocol, {"strict": True}), server(Side.SERVER), "another")
    assert isinstance(events[0], BindRefused)
    _, events = bound(account(protocol, {"strict": True}), server(Side.SERVER))
    assert [type(event) for event in events] == [Bound]


@by_digest
def test_each_version_is_asked_for(protocol: str) -> None:
    server = {"cmpp": CmppSession, "smgp": SmgpSession}[protocol]
    for version in {"cmpp": ("2.0", "3.0"), "smgp": ("1.3", "3.0")}[protocol]:
        side: Any = server(Side.SERVER)
        bound(account(protocol, {"version": version}), side)
        assert f"{side.version >> 4}.{side.version & 15}" == version


# Submits ----------------------------------------------------------------------------------------


def test_smpps_submit() -> None:
    made = account(
        "smpp", source_ton=5, source_npi=6, dest_ton=3, dest_npi=4, access_number="1069"
    )  # fmt: skip
    pdu = submitted(made, smpp.decode)
    assert (pdu.source_addr, pdu.source_addr_ton, pdu.source_addr_npi) == ("106977", 5, 6)
    assert (pdu.destination_addr, pdu.dest_addr_ton, pdu.dest_addr_npi) == (PHONE, 3, 4)
    assert (pdu.data_coding, pdu.registered_delivery) == (8, 1)


def test_cmpps_submit() -> None:
    options = {
        "account": "900001", "service_id": "MXX", "fee_user_type": 3, "fee_terminal_id": "139",
        "fee_type": "02", "fee_code": "000010",
    }  # fmt: skip
    pdu = submitted(account("cmpp", options, access_number="1069"), _decode_cmpp)
    assert (pdu.msg_src, pdu.service_id, pdu.src_id) == ("900001", "MXX", "106977")
    assert (pdu.fee_user_type, pdu.fee_terminal_id) == (3, "139")
    assert (pdu.fee_type, pdu.fee_code, pdu.msg_fmt) == ("02", "000010", 8)
    assert submitted(account("cmpp"), _decode_cmpp).msg_src == "yunxin"


def test_smgps_submit() -> None:
    options = {
        "account": "9600123", "service_id": "MXX", "fee_type": "01", "fee_code": "000010",
        "fixed_fee": "000020", "charge_term_id": "133",
    }  # fmt: skip
    pdu = submitted(account("smgp", options, access_number="1069"), smgp.decode)
    assert pdu.tlvs[smgp.Tag.MSG_SRC].rstrip(b"\0") == b"9600123"
    assert (pdu.service_id, pdu.src_term_id, pdu.charge_term_id) == ("MXX", "106977", "133")
    assert (pdu.fee_type, pdu.fee_code, pdu.fixed_fee) == ("01", "000010", "000020")
    assert pdu.msg_format == 8
    plain = submitted(account("smgp"), smgp.decode)
    assert plain.tlvs[smgp.Tag.MSG_SRC].rstrip(b"\0") == b"yunxin"


async def test_sgips_submit() -> None:
    options = {
        "corp_id": "12345", "service_type": "MXX", "charge_number": "86130", "fee_type": 2,
        "fee_value": "10", "given_value": "20", "mt_flag": 1,
    }  # fmt: skip
    pdu = submitted(account("sgip", options, access_number="1069"), sgip.decode)
    assert (pdu.sp_number, pdu.corp_id, pdu.service_type) == ("106977", "12345", "MXX")
    assert (pdu.charge_number, pdu.fee_type, pdu.fee_value) == ("86130", 2, "10")
    assert (pdu.given_value, pdu.mt_flag, pdu.message_coding) == ("20", 1, 8)


# SGIP's port ------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def listening(options: Any, **values: Any) -> AsyncIterator[int]:
    """An account's port is open; its number."""
    port = free_port()
    options = {"listen_host": LOCAL, "listen_port": port} | options
    made, troubles = account("sgip", options, **values), asyncio.Queue[str]()
    assert not isinstance(made, BrokenAccount)
    async with made.listening(lambda *_: None, troubles.put_nowait):
        assert await troubles.get() == ""
        yield port


async def lets_in(port: int, name: str, password: str) -> bool:
    """Whether a carrier with this log-in may deliver."""
    session = SgipSession(Side.CLIENT, numbers=Numbers(10100, datetime.now(UTC)))
    login = Login(name, password, BindMode.RECEIVER)
    try:
        stream = await open_bound(session, login, LOCAL, port, lambda *_: None)
    except BindFailed:
        return False
    await stream.close()
    return True


async def test_the_carrier_logs_in_as_the_account_or_with_a_name_of_its_own() -> None:
    async with listening({}) as port:
        assert await lets_in(port, "yunxin", "secret")
        assert not await lets_in(port, "yunxin", "other")
    sealed = {"deliver_name": "smg", "deliver_password_sealed": seal(SECRET_KEY, "other")}
    async with listening(sealed) as port:
        assert await lets_in(port, "smg", "other")
        assert not await lets_in(port, "smg", "secret")
        assert not await lets_in(port, "yunxin", "other")


async def test_the_carrier_comes_from_its_networks() -> None:
    async with listening({"networks": ["127.0.0.0/8"]}) as port:
        assert await lets_in(port, "yunxin", "secret")
    async with listening({"networks": ["192.0.2.0/28"]}) as port:
        assert not await lets_in(port, "yunxin", "secret")


async def test_a_port_for_everybody_is_refused() -> None:
    channel = Channel(
        id=1, name="one", host=LOCAL, port=1, system_id="yunxin",
        protocol=CarrierProtocol.SGIP, options={"node": NODE},
    )  # fmt: skip
    accounts = Accounts(SECRET_KEY)
    with pytest.raises(Exception, match="Anybody could log in"):
        accounts.account_of(channel, "").session()
    closed = {"node": NODE, "listen_port": 0}
    for options in ({"node": NODE, "networks": ["192.0.2.0/28"]}, closed):
        row = Channel(
            id=1, name="one", host=LOCAL, port=1, system_id="yunxin",
            protocol=CarrierProtocol.SGIP, options=options,
        )  # fmt: skip
        assert accounts.account_of(row, "").session()


async def test_a_closed_port_is_free_again_and_a_shared_one_stays_open() -> None:
    ports, place = Ports(), Place(LOCAL, free_port())
    numbers = ports.numbers(NODE)
    one, two = (
        listener.Channel(name, "secret", lambda *_: None, (), numbers) for name in ("one", "two")
    )
    told = asyncio.Queue[str]()
    async with ports.admitting(place, one, numbers, told.put_nowait):
        assert await told.get() == ""
        async with ports.admitting(place, two, numbers, told.put_nowait):
            assert await told.get() == ""
            assert await lets_in(place.port, "two", "secret")
        assert await lets_in(place.port, "one", "secret")
        assert not await lets_in(place.port, "two", "secret")
    with pytest.raises(ConnectionRefusedError):
        await lets_in(place.port, "one", "secret")


async def test_who_cannot_have_the_port_is_told_and_gets_it_when_it_is_free() -> None:
    first, second, place = Ports(), Ports(), Place(LOCAL, free_port())
    numbers = first.numbers(NODE)
    guest = listener.Channel("one", "secret", lambda *_: None, (), numbers)
    told = asyncio.Queue[str]()
    async with first.admitting(place, guest, numbers, told.put_nowait):
        assert await told.get() == ""
        waiting = second.admitting(place, guest, numbers, told.put_nowait)
        await waiting.__aenter__()
        assert str(place.port) in (trouble := await told.get()) and "another engine" in trouble
    while (trouble := await told.get()) != "":
        assert "another engine" in trouble
    assert await lets_in(place.port, "one", "secret")
    await waiting.__aexit__(None, None, None)


async def test_numbers_are_one_row_a_node_and_begin_anywhere() -> None:
    one, two = Ports(), Ports()
    assert one.numbers(NODE) is one.numbers(NODE) is not one.numbers(NODE + 1)
    assert one.numbers(NODE).next(1.0) != two.numbers(NODE).next(1.0)
    accounts = Accounts(SECRET_KEY)
    sessions = [account("sgip", accounts=accounts).session() for _ in range(2)]
    assert len({id(session.numbers) for session in sessions if hasattr(session, "numbers")}) == 1
