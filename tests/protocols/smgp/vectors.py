"""SMGP frames made by implementations that are not ours, with what was asked of them.

The hex strings were made by yedamao/go_smgp and boxtsecond/gosmgp (both MIT): fields in, bytes
out. They are plain facts; none of their code is here.
"""

from yunxin.protocols.smgp import pdus
from yunxin.protocols.smgp.pdus import Tag

MESSAGE_ID = bytes.fromhex("01006101161700012345")
TEXT = "验证码".encode("gbk")

# Secret shared01. The digest of gosmgp's answer takes a status of one byte.
CLIENT_DIGEST = "f3951cfc6439c6dbf3ba21edd53aba38"
SERVER_DIGEST_OF_ONE_BYTE = "c9ebc888c111706c7be82ab7cf2d54b7"
SERVER_DIGEST = "fd8fe1bdd3a7b2cd0c6481aa6e265695"  # by the specification, with hashlib

REPORT = bytes.fromhex(
    "69643a01006101161700012345207375623a30303120646c7672643a303031205375626d69742064"
    "6174653a3236313032323033303420646f6e6520646174653a323631303232303330352073746174"
    "3a44454c49565244206572723a30303020546578743a000000000000000000000000000000000000"
    "0000"
)

SUBMIT = pdus.Submit(
    sequence=2,
    msg_type=6,
    need_report=1,
    priority=1,
    service_id="svc1",
    fee_type="00",
    fee_code="000000",
    fixed_fee="000000",
    msg_format=15,
    src_term_id="10690001",
    dest_term_ids=("13300133000",),
    msg_content=TEXT,
)

GO_SMGP: list[tuple[str, pdus.Pdu]] = [
    (
        "000000b400000002000000020601017376633100000000000030303030303030303030303030300f"
        "00000000000000000000000000000000000000000000000000000000000000000000313036393030"
        "30310000000000000000000000000000000000000000000000000000000000000000000001313333"
        "30303133333030300000000000000000000006d1e9d6a4c2eb000000000000000000020001010010"
        "000839363030313233340009000102000a000101",
        pdus.Submit(
            sequence=2,
            priority=1,
            service_id="svc1",
            msg_format=15,
            src_term_id="10690001",
            dest_term_ids=("13300133000",),
            msg_content=TEXT,
            tlvs={
                Tag.TP_UDHI: b"\1",
                Tag.MSG_SRC: b"96001234",
                Tag.PK_TOTAL: b"\2",
                Tag.PK_NUMBER: b"\1",
            },
        ),
    ),
    (
        "0000009900000002000000020601017376633100000000000030303030303030303030303030300f"
        "00000000000000000000000000000000000000000000000000000000000000000000313036393030"
        "30310000000000000000000000000000000000000000000000000000000000000000000001313333"
        "30303133333030300000000000000000000006d1e9d6a4c2eb0000000000000000",
        SUBMIT,
    ),
    (
        "0000001a80000002000000020100610116170001234500000000",
        pdus.SubmitResp(sequence=2, msg_id=MESSAGE_ID),
    ),
    (
        "000000d3000000030000000301006101161700012345010032303236313032323033303530303133"
        "33303031333330303000000000000000000000313036393030303100000000000000000000000000"
        "7a69643a01006101161700012345207375623a30303120646c7672643a303031205375626d697420"
        "646174653a3236313032323033303420646f6e6520646174653a3236313032323033303520737461"
        "743a44454c49565244206572723a30303020546578743a0000000000000000000000000000000000"
        "0000000000000000000000",
        pdus.Deliver(
            sequence=3,
            msg_id=MESSAGE_ID,
            is_report=1,
            recv_time="20261022030500",
            src_term_id="13300133000",
            dest_term_id="10690001",
            msg_content=REPORT,
        ),
    ),
    (
        "0000002a00000001000000013130363930303031f3951cfc6439c6dbf3ba21edd53aba38023ceaf24530",
        pdus.Login(
            sequence=1,
            client_id="10690001",
            authenticator_client=bytes.fromhex(CLIENT_DIGEST),
            login_mode=2,
            timestamp=1022030405,
            client_version=0x30,
        ),
    ),
    (
        "00000021800000010000000100000000c9ebc888c111706c7be82ab7cf2d54b730",
        pdus.LoginResp(
            sequence=1,
            authenticator_server=bytes.fromhex(SERVER_DIGEST_OF_ONE_BYTE),
            server_version=0x30,
        ),
    ),
    (
        "0000009900000002000000020601017376633100000000000030303030303030303030303030300f"
        "00000000000000000000000000000000000000000000000000000000000000000000313036393030"
        "30310000000000000000000000000000000000000000000000000000000000000000000001313333"
        "30303133333030300000000000000000000006d1e9d6a4c2eb0000000000000000",
        SUBMIT,
    ),
]
