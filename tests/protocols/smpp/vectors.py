"""SMPP frames made by implementations that are not ours, with what was asked of them.

The hex strings were made by node-smpp 0.5.1 (npm `smpp`, MIT) on Node 20: fields in, bytes out.
They are plain facts; none of its code is here. `test_pdus` makes more while it runs, with smpplib
and smpp34.
"""

from yunxin.protocols.smpp import pdus
from yunxin.protocols.smpp.pdus import Tag

RECEIPT = (
    b"id:1a2b3c sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 "
    b"stat:DELIVRD err:000 text:hello"
)

NODE_SMPP: list[tuple[str, pdus.Pdu]] = [
    (
        "0000002800000009000000000000000164656d6f00736563726574007978003401015e3130363900",
        pdus.BindTransceiver(
            sequence=1,
            system_id="demo",
            password="secret",
            system_type="yx",
            addr_ton=1,
            addr_npi=1,
            address_range="^1069",
        ),
    ),
    (
        "0000001a800000090000000000000001534d5343000210000134",
        pdus.BindTransceiverResp(
            sequence=1, system_id="SMSC", tlvs={Tag.SC_INTERFACE_VERSION: b"\x34"}
        ),
    ),
    (
        "0000001c0000000b000000000000000264656d6f0073656372657400",
        pdus.Outbind(sequence=2, system_id="demo", password="secret"),
    ),
    ("00000010000000060000000000000003", pdus.Unbind(sequence=3)),
    ("00000010800000060000000000000003", pdus.UnbindResp(sequence=3)),
    ("00000010000000150000000000000004", pdus.EnquireLink(sequence=4)),
    ("00000010800000000000000300000005", pdus.GenericNack(sequence=5, status=3)),
    (
        "00000061000000040000000000000006434d5400050031303639303030310001013133383030313338303030"
        "004000013236313132333038303030303033322b003030303030313030303030303030305200010008000a05"
        "00031402016d4b8bd5",
        pdus.SubmitSm(
            sequence=6,
            service_type="CMT",
            source_addr_ton=5,
            source_addr="10690001",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr="13800138000",
            esm_class=0x40,
            priority_flag=1,
            schedule_delivery_time="261123080000032+",
            validity_period="000001000000000R",
            registered_delivery=1,
            data_coding=8,
            short_message=bytes.fromhex("0500031402016d4b8bd5"),
        ),
    ),
    (
        "0000001780000004000000000000000631613262336300",
        pdus.SubmitSmResp(sequence=6, message_id="1a2b3c"),
    ),
    (
        "0000004200000004000000000000000700000031303639303030310000003133383030313338303030000000"
        "0000000000080000042400046d4b8bd5020400020201",
        pdus.SubmitSm(
            sequence=7,
            source_addr="10690001",
            destination_addr="13800138000",
            data_coding=8,
            tlvs={
                Tag.MESSAGE_PAYLOAD: bytes.fromhex("6d4b8bd5"),
                Tag.USER_MESSAGE_REFERENCE: pdus.integer_tlv(Tag.USER_MESSAGE_REFERENCE, 513),
            },
        ),
    ),
    (
        "000000b200000005000000000000000800000031333830303133383030300000003130363930303031000400"
        "000000000000006769643a316132623363207375623a30303120646c7672643a303031207375626d69742064"
        "6174653a3236313132333038303020646f6e6520646174653a3236313132333038303120737461743a44454c"
        "49565244206572723a30303020746578743a68656c6c6f001e00073161326233630004270001020423000303"
        "0000",
        pdus.DeliverSm(
            sequence=8,
            source_addr="13800138000",
            destination_addr="10690001",
            esm_class=4,
            short_message=RECEIPT,
            tlvs={
                Tag.RECEIPTED_MESSAGE_ID: b"1a2b3c\0",
                Tag.MESSAGE_STATE: b"\x02",
                Tag.NETWORK_ERROR_CODE: b"\x03\x00\x00",
            },
        ),
    ),
    ("0000001180000005000000000000000800", pdus.DeliverSmResp(sequence=8)),
    (
        "0000004100000021000000000000000900000031303639303030310002010101313338303031333830303000"
        "02667269656e647300000000000000000000026869",
        pdus.SubmitMulti(
            sequence=9,
            source_addr="10690001",
            destinations=(pdus.SmeAddress("13800138000", 1, 1), pdus.ListName("friends")),
            short_message=b"hi",
        ),
    ),
    (
        "000000268000002100000000000000093737000101013133383030313338303030000000000b",
        pdus.SubmitMultiResp(
            sequence=9, message_id="77", unsuccess=(pdus.Unsuccess("13800138000", 11, 1, 1),)
        ),
    ),
    (
        "0000003300000103000000000000000a00000031303639303030310000003133383030313338303030000001"
        "08042400026d4b",
        pdus.DataSm(
            sequence=10,
            source_addr="10690001",
            destination_addr="13800138000",
            registered_delivery=1,
            data_coding=8,
            tlvs={Tag.MESSAGE_PAYLOAD: bytes.fromhex("6d4b")},
        ),
    ),
    (
        "0000001380000103000000000000000a383800",
        pdus.DataSmResp(sequence=10, message_id="88"),
    ),
    (
        "0000001e00000003000000000000000b3838000000313036393030303100",
        pdus.QuerySm(sequence=11, message_id="88", source_addr="10690001"),
    ),
    (
        "0000002680000003000000000000000b3838003236313132333038303030303033322b000200",
        pdus.QuerySmResp(
            sequence=11, message_id="88", final_date="261123080000032+", message_state=2
        ),
    ),
    (
        "0000002d00000008000000000000000c0038380000003130363930303031000000313338303031333830303000",
        pdus.CancelSm(
            sequence=12,
            message_id="88",
            source_addr="10690001",
            destination_addr="13800138000",
        ),
    ),
    ("0000001080000008000000110000000c", pdus.CancelSmResp(sequence=12, status=17)),
    (
        "0000002600000007000000000000000d383800000031303639303030310000000100036e6577",
        pdus.ReplaceSm(
            sequence=13,
            message_id="88",
            source_addr="10690001",
            registered_delivery=1,
            short_message=b"new",
        ),
    ),
    ("0000001080000007000000000000000d", pdus.ReplaceSmResp(sequence=13)),
    (
        "0000002e00000102000000000000000e00003133383030313338303030000000313036393030303100042200"
        "0101",
        pdus.AlertNotification(
            sequence=14,
            source_addr="13800138000",
            esme_addr="10690001",
            tlvs={Tag.MS_AVAILABILITY_STATUS: b"\x01"},
        ),
    ),
]
