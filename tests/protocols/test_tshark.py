"""Our CMPP 3.0 and SMPP bytes as Wireshark's dissectors read them, field by field.

The tests are left out, and say so, where tshark is missing (Debian: tshark).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.protocols.cmpp.talk import TEMPLATES
from tests.protocols.cmpp.talk import Talk as CmppTalk
from tests.protocols.cmpp.vectors import MSG_ID
from tests.protocols.peers.tshark import TSHARK, read_fields, write_capture
from tests.protocols.smpp.talk import TEMPLATE
from tests.protocols.smpp.talk import Talk as SmppTalk
from yunxin.protocols.cmpp import pdus as cmpp
from yunxin.protocols.cmpp import receipts as cmpp_receipts
from yunxin.protocols.cmpp.pdus import Version
from yunxin.protocols.cmpp.session import body_of as cmpp_body
from yunxin.protocols.events import Login
from yunxin.protocols.fields import RESPONSE
from yunxin.protocols.session import Session
from yunxin.protocols.smpp import pdus as smpp
from yunxin.protocols.smpp.pdus import Tag, integer_tlv
from yunxin.protocols.smpp.receipts import build
from yunxin.protocols.smpp.session import body_of as smpp_body
from yunxin.text import alphabets, segments

pytestmark = pytest.mark.skipif(
    TSHARK is None, reason="tshark as an independent reader of our bytes: it is not installed."
)

PHONE = "13800138000"
TEXT = alphabets.encode_ucs2("【测试】您的验证码是 1234 😀")
PART = segments.header(7, 3, 2) + TEXT
Row = dict[str, list[str]]
Look = Callable[[Any], int | str | list[str]]


class AnyTalk(Protocol):
    @property
    def client(self) -> Session: ...
    @property
    def server(self) -> Session: ...


def overhear(talk: AnyTalk) -> list[tuple[bool, bytes]]:
    """Carry what both sides have to say until they are silent; gives every frame, in order."""
    frames: list[tuple[bool, bytes]] = []
    while True:
        up, down = talk.client.data_to_send(), talk.server.data_to_send()
        if not up and not down:
            return frames
        talk.server.receive(up, 0.0)
        talk.client.receive(down, 0.0)
        for by_client, data in ((True, up), (False, down)):
            while data:
                size = int.from_bytes(data[:4], "big")
                frames.append((by_client, data[:size]))
                data = data[size:]


def compare(row: Row, pdu: Any, looks: dict[str, tuple[str, Look]]) -> None:
    """Every field of a PDU that the dissector shows, against what it shows."""
    for name, (field, look) in looks.items():
        expected: Any = look(getattr(pdu, name))
        seen: list[Any] = row[field]
        if isinstance(expected, int):  # of one base or the other
            seen, expected = [int(value, 0) for value in seen], [expected]
        elif isinstance(expected, str):
            expected = [expected] if expected else []
        assert seen == expected, field
    assert row["_ws.malformed"] == []


def one(value: Any) -> Any:
    return value


def numbers(row: Row, *fields: str) -> list[int]:
    """The values of integer fields, shown in one base or the other."""
    return [int(value, 0) for field in fields for value in row[field]]


def long_hex(value: int) -> str:
    return f"0x{value:016x}"


def many(values: tuple[str, ...]) -> list[str]:
    return list(values)


# CMPP 3.0 ---------------------------------------------------------------------------------------

CMPP_PORT = 7890
CMPP_LOOKS: dict[type[cmpp.Pdu], dict[str, tuple[str, Look]]] = {
    cmpp.Connect: {
        "source_addr": ("cmpp.connect.Source_Addr", one),
        "version": ("cmpp.Version", lambda v: f"{v >> 4:02}.{v & 15:02}"),
        "timestamp": (
            "cmpp.connect.Timestamp",
            lambda v: "{}{}/{}{} {}{}:{}{}:{}{}".format(*f"{v:010}"),
        ),
    },
    cmpp.ConnectResp: {
        "status": ("cmpp.connect_resp.Status", one),
        "version": ("cmpp.Version", lambda v: f"{v >> 4:02}.{v & 15:02}"),
    },
    cmpp.Submit: {
        "msg_id": ("cmpp.Msg_Id", long_hex),
        "pk_total": ("cmpp.submit.Pk_total", one),
        "pk_number": ("cmpp.submit.Pk_number", one),
        "registered_delivery": ("cmpp.submit.Registered_Delivery", one),
        "msg_level": ("cmpp.submit.Msg_level", one),
        "service_id": ("cmpp.Servicd_Id", one),
        "fee_user_type": ("cmpp.submit.Fee_UserType", one),
        "fee_terminal_id": ("cmpp.submit.Fee_terminal_Id", one),
        "fee_terminal_type": ("cmpp.submit.Fee_terminal_type", one),
        "tp_pid": ("cmpp.TP_pId", one),
        "tp_udhi": ("cmpp.TP_udhi", one),
        "msg_fmt": ("cmpp.Msg_Fmt", one),
        "msg_src": ("cmpp.submit.Msg_src", one),
        "fee_type": ("cmpp.submit.FeeType", one),
        "fee_code": ("cmpp.submit.FeeCode", one),
        "valid_time": ("cmpp.submit.Valld_Time", one),
        "at_time": ("cmpp.submit.At_time", one),
        "src_id": ("cmpp.submit.Src_Id", one),
        "dest_terminal_ids": ("cmpp.Dest_terminal_Id", many),
        "dest_terminal_type": ("cmpp.submit.Dest_terminal_type", one),
        "msg_content": ("cmpp.Msg_Length", len),
        "link_id": ("cmpp.LinkID", one),
    },
    cmpp.SubmitResp: {
        "msg_id": ("cmpp.Msg_Id", long_hex),
        "result": ("cmpp.submit_resp.Result", one),
    },
    cmpp.Deliver: {
        "dest_id": ("cmpp.deliver.Dest_Id", one),
        "service_id": ("cmpp.Servicd_Id", one),
        "tp_pid": ("cmpp.TP_pId", one),
        "tp_udhi": ("cmpp.TP_udhi", one),
        "msg_fmt": ("cmpp.Msg_Fmt", one),
        "src_terminal_id": ("cmpp.deliver.Src_terminal_Id", one),
        "src_terminal_type": ("cmpp.deliver.Src_terminal_type", one),
        "registered_delivery": ("cmpp.deliver.Registered_Delivery", one),
        "msg_content": ("cmpp.Msg_Length", len),
        "link_id": ("cmpp.LinkID", one),
    },
    cmpp.DeliverResp: {
        "msg_id": ("cmpp.Msg_Id", long_hex),
        "result": ("cmpp.deliver_resp.Result", one),
    },
}
REPORT_FIELDS = (
    "cmpp.deliver.Report.Status",
    "cmpp.deliver.Report.Submit_time",
    "cmpp.deliver.Report.Done_time",
    "cmpp.Report.SMSC_sequence",
)
FULL_SUBMIT = cmpp.Submit(
    pk_total=3,
    pk_number=2,
    registered_delivery=1,
    msg_level=9,
    service_id="svc1",
    fee_user_type=3,
    fee_terminal_id="13700137000",
    fee_terminal_type=1,
    tp_pid=64,
    tp_udhi=1,
    msg_fmt=8,
    msg_src="900001",
    fee_type="02",
    fee_code="000123",
    valid_time="261123080000032+",
    at_time="261122080000032+",
    src_id="10690001",
    dest_terminal_ids=(PHONE, "13900139000", "1" * 32),
    dest_terminal_type=1,
    msg_content=PART,
    link_id="LINK0001",
)


def cmpp_conversation() -> list[tuple[bool, bytes]]:
    """A log-in, messages both ways, a report, a question whether one lives, a good-bye."""
    talk = CmppTalk()
    client, server = talk.client, talk.server
    client.bind(Login("900001", "888888"), 0.0)
    frames = overhear(talk)
    server.accept_bind("", "888888")
    frames += overhear(talk)
    first = client.submit(TEMPLATES[Version.V30], PHONE, PART, tag="a", now=0.0, udhi=True)
    second = client.request(FULL_SUBMIT, tag="b", now=0.0)
    frames += overhear(talk)
    server.answer_submit(first, f"{MSG_ID:016x}")
    server.answer_submit(second, "", 8)
    content = cmpp_receipts.build(
        MSG_ID,
        Version.V30,
        stat="MK:0001",
        submitted="2610220304",
        done="2610220305",
        phone=PHONE,
        smsc_sequence=7,
    )
    report = cmpp.Deliver(
        msg_id=MSG_ID + 1,
        dest_id="10690001",
        service_id="svc1",
        src_terminal_id=PHONE,
        registered_delivery=1,
        msg_content=content,
    )
    message = cmpp.Deliver(
        msg_id=MSG_ID + 2,
        dest_id="1069000112",
        tp_pid=1,
        tp_udhi=1,
        msg_fmt=8,
        src_terminal_id="13900139000",
        src_terminal_type=1,
        msg_content=PART,
        link_id="LINK0001",
    )
    owed = [
        server.deliver(cmpp_body(pdu, Version.V30), tag=pdu, now=0.0) for pdu in (report, message)
    ]
    frames += overhear(talk)
    client.acknowledge(owed[:1])
    client.acknowledge(owed[1:], status=9)
    client.tick(31.0)
    frames += overhear(talk)
    client.unbind(0.0)
    return frames + overhear(talk)


def test_cmpp(tmp_path: Path) -> None:
    frames = cmpp_conversation()
    pdus = [cmpp.decode(frame, Version.V30) for _, frame in frames]
    assert {type(pdu) for pdu in pdus} == {*CMPP_LOOKS} | {
        *(cmpp.ActiveTest, cmpp.ActiveTestResp, cmpp.Terminate, cmpp.TerminateResp)
    }
    write_capture(tmp_path / "cmpp.pcap", CMPP_PORT, frames)
    fields = {field for looks in CMPP_LOOKS.values() for field, _ in looks.values()}
    header = ("cmpp.Total_Length", "cmpp.Command_Id", "cmpp.Sequence_Id")
    names = sorted({*fields, *header, *REPORT_FIELDS})
    rows = read_fields(tmp_path / "cmpp.pcap", CMPP_PORT, "cmpp", names)
    assert len(rows) == len(pdus)
    for row, pdu, (_, frame) in zip(rows, pdus, frames, strict=True):
        compare(row, pdu, CMPP_LOOKS.get(type(pdu), {}))
        assert numbers(row, *header) == [len(frame), pdu.command_id, pdu.sequence]
        if isinstance(pdu, cmpp.Deliver) and pdu.registered_delivery:
            assert row["cmpp.Msg_Id"] == [long_hex(MSG_ID + 1), long_hex(MSG_ID)]
            told = [row[name] for name in REPORT_FIELDS]
            assert told == [["MK:0001"], ["2610220304"], ["2610220305"], ["7"]]
            assert row["cmpp.Dest_terminal_Id"] == [PHONE]


# SMPP 3.4 ---------------------------------------------------------------------------------------

SMPP_PORT = 2775
ID = "smpp.receipted_message_id"


_MESSAGE: dict[str, tuple[str, Look]] = {
    "service_type": ("smpp.service_type", lambda v: v or "(Default)"),
    "source_addr_ton": ("smpp.source_addr_ton", one),
    "source_addr_npi": ("smpp.source_addr_npi", one),
    "source_addr": ("smpp.source_addr", one),
    "dest_addr_ton": ("smpp.dest_addr_ton", one),
    "dest_addr_npi": ("smpp.dest_addr_npi", one),
    "destination_addr": ("smpp.destination_addr", one),
    "esm_class": ("smpp.esm.submit.features", lambda v: v >> 6),
    "protocol_id": ("smpp.protocol_id", one),
    "priority_flag": ("smpp.priority_flag", one),
    "registered_delivery": ("smpp.regdel.receipt", lambda v: v & 3),
    "replace_if_present_flag": ("smpp.replace_if_present_flag", one),
    "data_coding": ("smpp.data_coding", one),
    "sm_default_msg_id": ("smpp.sm_default_msg_id", one),
    "short_message": ("smpp.sm_length", len),
}
SMPP_LOOKS: dict[type[smpp.Pdu], dict[str, tuple[str, Look]]] = {
    smpp.BindTransceiver: {
        "system_id": ("smpp.system_id", one),
        "password": ("smpp.password", one),
        "system_type": ("smpp.system_type", one),
        "interface_version": ("smpp.interface_version", one),
        "addr_ton": ("smpp.addr_ton", one),
        "addr_npi": ("smpp.addr_npi", one),
    },
    smpp.BindTransceiverResp: {"system_id": ("smpp.system_id", one)},
    smpp.SubmitSm: _MESSAGE,
    smpp.SubmitSmResp: {"message_id": ("smpp.message_id", one)},
    smpp.DeliverSm: _MESSAGE,
}
FULL_SUBMIT_SM = smpp.SubmitSm(
    service_type="CMT",
    source_addr_ton=5,
    source_addr_npi=1,
    source_addr="10690001",
    dest_addr_ton=1,
    dest_addr_npi=8,
    destination_addr="8613800138000",
    esm_class=0x40,
    protocol_id=64,
    priority_flag=3,
    schedule_delivery_time="261123080000032+",
    validity_period="000001000000000R",
    registered_delivery=2,
    replace_if_present_flag=1,
    data_coding=8,
    sm_default_msg_id=9,
    short_message=PART,
    tlvs={Tag.USER_MESSAGE_REFERENCE: integer_tlv(Tag.USER_MESSAGE_REFERENCE, 258)},
)


def smpp_conversation() -> list[tuple[bool, bytes]]:
    """A bind, messages both ways, a receipt, a question whether one lives, a good-bye."""
    talk = SmppTalk()
    client, server = talk.client, talk.server
    client.bind(Login("demo", "secret", system_type="yx"), 0.0)
    frames = overhear(talk)
    server.accept_bind("SIM")
    frames += overhear(talk)
    first = client.submit(TEMPLATE, PHONE, PART, tag="a", now=0.0, udhi=True)
    second = client.request(FULL_SUBMIT_SM, tag="b", now=0.0)
    frames += overhear(talk)
    server.answer_submit(first, "1a2b3c")
    server.answer_submit(second, "", 0x58)
    receipt = smpp.DeliverSm(
        source_addr_ton=1,
        source_addr=PHONE,
        destination_addr="10690001",
        esm_class=4,
        short_message=build("1a2b3c", stat="DELIVRD", submitted="2611230800", done="2611230801"),
        tlvs={
            Tag.RECEIPTED_MESSAGE_ID: b"1a2b3c\0",
            Tag.MESSAGE_STATE: integer_tlv(Tag.MESSAGE_STATE, 2),
        },
    )
    message = smpp.DeliverSm(source_addr=PHONE, destination_addr="10690001", short_message=b"TD")
    owed = [server.deliver(smpp_body(pdu), tag=pdu, now=0.0) for pdu in (receipt, message)]
    frames += overhear(talk)
    client.acknowledge(owed)
    client.tick(31.0)
    frames += overhear(talk)
    client.unbind(0.0)
    return frames + overhear(talk)


def test_smpp(tmp_path: Path) -> None:
    frames = smpp_conversation()
    pdus = [smpp.decode(frame) for _, frame in frames]
    write_capture(tmp_path / "smpp.pcap", SMPP_PORT, frames)
    header = ("smpp.command_length", "smpp.command_id", "smpp.sequence_number")
    parameters = (
        *("smpp.SC_interface_version", "smpp.user_message_reference"),
        "smpp.message_state",
    )
    fields = {field for looks in SMPP_LOOKS.values() for field, _ in looks.values()}
    names = [*header, *parameters, ID, "smpp.command_status", *sorted(fields)]
    rows = read_fields(tmp_path / "smpp.pcap", SMPP_PORT, "smpp", names)
    assert len(rows) == len(pdus)
    for row, pdu, (_, frame) in zip(rows, pdus, frames, strict=True):
        refused = isinstance(pdu, smpp.SubmitSmResp) and pdu.status
        compare(row, pdu, {} if refused else SMPP_LOOKS.get(type(pdu), {}))
        assert numbers(row, *header) == [len(frame), pdu.command_id, pdu.sequence]
        if pdu.command_id & RESPONSE:
            assert numbers(row, "smpp.command_status") == [pdu.status]
    assert [n for row in rows for n in numbers(row, *parameters)] == [0x34, 258, 2]
    assert [row[ID] for row in rows if row[ID]] == [["1a2b3c"]]
