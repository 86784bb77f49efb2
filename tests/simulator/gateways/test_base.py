"""What a phone shows of a message, and the number that it has, whatever the protocol."""

from typing import Any

import pytest

from yunxin.protocols.cmpp import pdus as cmpp
from yunxin.protocols.cmpp.status import Result
from yunxin.protocols.events import Alphabet
from yunxin.protocols.session import Limits
from yunxin.protocols.sgip import pdus as sgip
from yunxin.protocols.sgip.status import Code as SgipCode
from yunxin.protocols.smgp import pdus as smgp
from yunxin.protocols.smgp.status import Code as SmgpCode
from yunxin.simulator.gateways import base
from yunxin.simulator.gateways.cmpp import CmppGateway
from yunxin.simulator.gateways.sgip import SgipGateway
from yunxin.simulator.gateways.smgp import SmgpGateway


@pytest.mark.parametrize(
    ("data", "alphabet", "text"),
    [
        (b"Hi\x1b\x65", Alphabet.GSM7, "Hi€"),
        ("你好😀".encode("utf-16-be"), Alphabet.UCS2, "你好😀"),
        ("你好".encode("gb18030"), Alphabet.GBK, "你好"),
        (b"caf\xe9", Alphabet.LATIN1, "café"),
        (b"caf\xe9", Alphabet.ASCII, "caf\ufffd"),
        (b"\x00\xff", Alphabet.BINARY, "00 ff"),
    ],
)
def test_texts_are_shown_in_their_alphabet(data: bytes, alphabet: Alphabet, text: str) -> None:
    assert base.text_of(data, alphabet) == text


@pytest.mark.parametrize(
    ("address", "phone"),
    [
        ("13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("+8613800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("4412345", "4412345"),
        ("", ""),
    ],
)
def test_the_phone_is_found_behind_its_prefix(address: str, phone: str) -> None:
    assert base.plain(address) == phone


ONE, MANY = ("8613800138000",), ("8613800138000",) * 101


@pytest.mark.parametrize(
    ("gateway", "submit", "status"),
    [
        (CmppGateway(), cmpp.Submit(dest_terminal_ids=ONE, msg_content=b"x" * 160), 0),
        (CmppGateway(), cmpp.Submit(dest_terminal_ids=MANY[:99], msg_fmt=8), 0),
        (CmppGateway(), cmpp.Submit(dest_terminal_ids=MANY[:100]), Result.DEST_TERMINAL),
        (CmppGateway(), cmpp.Submit(), Result.DEST_TERMINAL),
        (CmppGateway(), cmpp.Submit(dest_terminal_ids=ONE, msg_src="900002"), Result.MSG_SRC),
        (
            CmppGateway(),
            cmpp.Submit(dest_terminal_ids=ONE, msg_fmt=8, msg_content=b"x" * 141),
            Result.TOO_LONG,
        ),
        (SgipGateway(), sgip.Submit(user_numbers=MANY[:100], content=b"x" * 160), 0),
        (SgipGateway(), sgip.Submit(user_numbers=MANY), SgipCode.FORMAT),
        (SgipGateway(), sgip.Submit(), SgipCode.FORMAT),
        (SgipGateway(), sgip.Submit(user_numbers=(*ONE, "13800138000")), SgipCode.PHONE),
        (
            SgipGateway(),
            sgip.Submit(user_numbers=ONE, message_coding=8, content=b"x" * 141),
            SgipCode.LENGTH,
        ),
        (SmgpGateway(), smgp.Submit(dest_term_ids=MANY[:100], msg_content=b"x" * 140), 0),
        (SmgpGateway(), smgp.Submit(dest_term_ids=MANY), SmgpCode.DEST_TERM_ID),
        (SmgpGateway(), smgp.Submit(), SmgpCode.DEST_TERM_ID),
        (
            SmgpGateway(),
            smgp.Submit(dest_term_ids=ONE, msg_content=b"x" * 141),
            SmgpCode.MSG_LENGTH,
        ),
    ],
)
def test_a_submit_of_a_wrong_form_is_refused(gateway: Any, submit: Any, status: int) -> None:
    assert gateway.objection(gateway.session(Limits()), submit) == status
