"""The four protocols as a benchmark sees them: what a client sends, what the carrier says back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

from yunxin.protocols import formats
from yunxin.protocols.cmpp import pdus as cmpp
from yunxin.protocols.cmpp import precut as cmpp_precut
from yunxin.protocols.cmpp import receipts as cmpp_receipts
from yunxin.protocols.cmpp.session import CmppSession
from yunxin.protocols.events import BindMode, Login
from yunxin.protocols.session import Limits, Session, Side
from yunxin.protocols.sgip import pdus as sgip
from yunxin.protocols.sgip import precut as sgip_precut
from yunxin.protocols.sgip import receipts as sgip_receipts
from yunxin.protocols.sgip.numbers import Numbers
from yunxin.protocols.sgip.session import SgipSession
from yunxin.protocols.smgp import pdus as smgp
from yunxin.protocols.smgp import precut as smgp_precut
from yunxin.protocols.smgp import receipts as smgp_receipts
from yunxin.protocols.smgp.session import SmgpSession
from yunxin.protocols.smpp import pdus as smpp
from yunxin.protocols.smpp import precut as smpp_precut
from yunxin.protocols.smpp import receipts as smpp_receipts
from yunxin.protocols.smpp.session import SmppSession

NAME, PASSWORD = "bench", "secret"
ACCESS_NUMBER, PHONE = "10690133", "8613800135678"
WHEN = {"submitted": "2611230800", "done": "2611230801"}
RECEIPT = 2  # the sequence number of the carrier's receipt


class Line(NamedTuple):
    """One protocol.

    Args:
        template: of all submits.
        session: a client's, for its log-in over TCP.
        delivered: the session that the receipts come to, where it is another one.
        encode, decode: of whole PDUs.
        answer: the frame that accepts the submit with this number.
        receipt: the frame of a receipt.
    """

    name: str
    template: Any
    session: Callable[[Limits], Session]
    delivered: Callable[[Limits], Session] | None
    login: Login
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    answer: Callable[[int], bytes]
    receipt: bytes


def smpp_line() -> Line:
    message = smpp_receipts.build("1a2b3c", stat="DELIVRD", **WHEN)
    receipt = smpp.DeliverSm(
        sequence=RECEIPT,
        source_addr=PHONE,
        destination_addr=ACCESS_NUMBER,
        esm_class=smpp_receipts.DELIVERY_RECEIPT,
        short_message=message,
    )
    return Line(
        "smpp",
        smpp_precut.SubmitTemplate(ACCESS_NUMBER, data_coding=8),
        lambda limits: SmppSession(Side.CLIENT, limits),
        None,
        Login(NAME, PASSWORD),
        smpp.encode,
        smpp.decode,
        lambda sequence: smpp.encode(smpp.SubmitSmResp(sequence=sequence, message_id="1a2b3c")),
        smpp.encode(receipt),
    )


def cmpp_line() -> Line:
    version = cmpp.Version.V30
    content = cmpp_receipts.build(7, version, stat="DELIVRD", phone=PHONE, **WHEN)
    receipt = cmpp.Deliver(
        sequence=RECEIPT,
        msg_id=8,
        dest_id=ACCESS_NUMBER,
        src_terminal_id=PHONE,
        registered_delivery=1,
        msg_content=content,
    )
    return Line(
        "cmpp",
        cmpp_precut.SubmitTemplate(
            ACCESS_NUMBER, version=version, account=NAME, msg_fmt=formats.UCS2
        ),
        lambda limits: CmppSession(Side.CLIENT, limits, version=version, moment=datetime.now(UTC)),
        None,
        Login(NAME, PASSWORD),
        lambda pdu: cmpp.encode(pdu, version),
        lambda frame: cmpp.decode(frame, version),
        lambda sequence: cmpp.encode(cmpp.SubmitResp(sequence=sequence, msg_id=7), version),
        cmpp.encode(receipt, version),
    )


def sgip_line() -> Line:
    numbers = Numbers(3037196688, datetime.now(UTC) - timedelta(seconds=monotonic()))
    report = sgip_receipts.build(7, PHONE, stat="DELIVRD", error="000")
    return Line(
        "sgip",
        sgip_precut.SubmitTemplate(ACCESS_NUMBER, data_coding=formats.UCS2, corp_id="96688"),
        lambda limits: SgipSession(Side.CLIENT, limits, numbers=numbers),
        lambda limits: SgipSession(Side.SERVER, limits, numbers=numbers),
        Login(NAME, PASSWORD, BindMode.TRANSMITTER),
        sgip.encode,
        sgip.decode,
        lambda sequence: sgip.encode(sgip.SubmitResp(sequence=sequence)),
        _numbered(report),
    )


def _numbered(report: sgip.Report) -> bytes:
    frame = sgip.encode(report)
    return frame[:8] + RECEIPT.to_bytes(12, "big") + frame[20:]


def smgp_line() -> Line:
    receipt = smgp.Deliver(
        sequence=RECEIPT,
        is_report=1,
        src_term_id=PHONE,
        dest_term_id=ACCESS_NUMBER,
        msg_content=smgp_receipts.build(bytes(9) + b"\7", stat="DELIVRD", **WHEN),
    )
    return Line(
        "smgp",
        smgp_precut.SubmitTemplate(ACCESS_NUMBER, msg_format=formats.UCS2, account="96001234"),
        lambda limits: SmgpSession(Side.CLIENT, limits, moment=datetime.now(UTC)),
        None,
        Login(NAME, PASSWORD),
        smgp.encode,
        smgp.decode,
        lambda sequence: smgp.encode(smgp.SubmitResp(sequence=sequence, msg_id=bytes(9) + b"\7")),
        smgp.encode(receipt),
    )


LINES = {"smpp": smpp_line, "cmpp": cmpp_line, "sgip": sgip_line, "smgp": smgp_line}
