"""The carrier's bytes are those that a client reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.protocols.concat import split_header
from yunxin.protocols.smpp.pdus import HEADER, DeliverSm, SubmitSm, decode
from yunxin.protocols.smpp.precut import UDHI, alphabet_of
from yunxin.protocols.smpp.receipts import is_receipt, parse
from yunxin.simulator.gateways import base, smpp

SUBMIT = SubmitSm(
    source_addr_ton=5,
    source_addr="10690001",
    dest_addr_ton=1,
    dest_addr_npi=1,
    destination_addr="8613800138000",
)


def delivered(body: bytes) -> DeliverSm:
    pdu: DeliverSm = decode(HEADER.pack(16 + len(body), 5, 0, 1) + body)
    return pdu


@pytest.mark.parametrize("fields", ["both", "text", "parameters"])
@pytest.mark.parametrize("stat", ["DELIVRD", "UNDELIV", "MK:0001", "ACCEPTD"])
def test_a_receipt_goes_back_where_the_message_came_from(fields: str, stat: str) -> None:
    body = smpp.receipt_body(
        smpp.turned(SUBMIT),
        "77",
        stat=stat,
        error="001",
        submitted="2611230800",
        done="2611230801",
        fields=fields,
    )
    pdu = delivered(body)
    assert (pdu.source_addr, pdu.source_addr_ton) == ("8613800138000", 1)
    assert (pdu.destination_addr, pdu.dest_addr_ton) == ("10690001", 5)
    assert is_receipt(pdu.esm_class, pdu.tlvs)
    receipt = parse(pdu.message, pdu.tlvs)
    assert receipt.message_id == "77"
    if fields == "parameters":
        assert receipt.stat == (stat if stat != "MK:0001" else "UNDELIV")
    else:
        assert (receipt.stat, receipt.error, receipt.done) == (stat, "001", "2611230801")


@given(st.text(min_size=1, max_size=300))
def test_what_a_phone_writes_arrives_as_written(text: str) -> None:
    pdus = [delivered(body) for body in smpp.inbound_bodies("13800138000", "1069", text, 9)]
    pieces = []
    for number, pdu in enumerate(pdus, 1):
        data = pdu.message
        assert len(data) <= (160 if pdu.data_coding == 0 else 140)
        if len(pdus) > 1:
            assert pdu.esm_class == UDHI
            part, data = split_header(data)
            assert part is not None
            assert (part.reference, part.total, part.number) == (9, len(pdus), number)
        pieces.append(base.text_of(data, alphabet_of(pdu.data_coding)))
    assert "".join(pieces) == text.encode("utf-16", "replace").decode("utf-16")


@pytest.mark.parametrize(
    ("form", "written"), [("decimal", "43981"), ("hex", "abcd"), ("HEX", "000000000000ABCD")]
)
def test_ids_are_written_in_many_ways(form: str, written: str) -> None:
    assert smpp.written(0xABCD, form) == written
