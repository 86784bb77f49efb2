"""CMPP frames made by implementations that are not ours, with what was asked of them.

The hex strings were made by gocmpp (bigwhite/gocmpp, Apache-2.0) and go_cmpp (yedamao/go_cmpp,
MIT): fields in, bytes out. They are plain facts; none of their code is here. The text of all
messages is 【测试】验证码1234, the account 900001 with the secret 888888.
"""

from yunxin.protocols.cmpp import pdus
from yunxin.protocols.cmpp.pdus import Version

V20, V30 = Version.V20, Version.V30
ACCOUNT, SECRET = "900001", "888888"
TIMESTAMP = 1022030405
MSG_ID = 0xB2B9DA8000010000
CONTENT = "【测试】验证码1234".encode("utf-16-be")
CLIENT = bytes.fromhex("1a850435eeef4238acacab0c86e59523")
SERVER_20 = bytes.fromhex("1997cdd08e5d2eacb64abd55b3e9402f")
SERVER_30 = bytes.fromhex("b08ec7e284a151efc8860daa34ddb3ef")

SUBMIT = pdus.Submit(
    sequence=2,
    registered_delivery=1,
    msg_level=1,
    service_id="svc1",
    fee_user_type=2,
    msg_fmt=8,
    msg_src=ACCOUNT,
    fee_type="01",
    fee_code="000000",
    src_id="10690001",
    dest_terminal_ids=("13800138000", "13900139000"),
    msg_content=CONTENT,
)
REPORT = pdus.Report(
    msg_id=MSG_ID,
    stat="DELIVRD",
    submit_time="2610220304",
    done_time="2610220305",
    dest_terminal_id="13800138000",
    smsc_sequence=7,
)
DELIVER_MESSAGE = pdus.Deliver(
    sequence=4,
    msg_id=MSG_ID + 2,
    dest_id="1069000112",
    service_id="svc1",
    msg_fmt=8,
    src_terminal_id="13800138000",
    msg_content="TD退订".encode("utf-16-be"),
    link_id="LINK0001",
)
# Both implementations write the same 60 bytes.
REPORT_CONTENT = bytes.fromhex(
    "b2b9da800001000044454c49565244323631303232303330343236313032323033303531333830303133"
    "383030300000000000000000000000000007"
)
DELIVER_REPORT = pdus.Deliver(
    sequence=3,
    msg_id=MSG_ID + 1,
    dest_id="10690001",
    service_id="svc1",
    src_terminal_id="13800138000",
    registered_delivery=1,
    msg_content=REPORT_CONTENT,
)

VECTORS: list[tuple[str, Version, str, pdus.Pdu]] = [
    (
        "gocmpp cmpp20 CONNECT",
        V20,
        "0000002700000001000000013930303030311a850435eeef4238acacab0c86e59523203ceaf245",
        pdus.Connect(
            sequence=1,
            source_addr="900001",
            authenticator_source=CLIENT,
            version=0x20,
            timestamp=TIMESTAMP,
        ),
    ),
    (
        "gocmpp cmpp30 CONNECT",
        V30,
        "0000002700000001000000013930303030311a850435eeef4238acacab0c86e59523303ceaf245",
        pdus.Connect(
            sequence=1,
            source_addr="900001",
            authenticator_source=CLIENT,
            version=0x30,
            timestamp=TIMESTAMP,
        ),
    ),
    (
        "gocmpp cmpp20 CONNECT_RESP status=0",
        V20,
        "0000001e8000000100000001001997cdd08e5d2eacb64abd55b3e9402f20",
        pdus.ConnectResp(sequence=1, authenticator_ismg=SERVER_20, version=0x20),
    ),
    (
        "gocmpp cmpp30 CONNECT_RESP status=0",
        V30,
        "00000021800000010000000100000000b08ec7e284a151efc8860daa34ddb3ef30",
        pdus.ConnectResp(sequence=1, authenticator_ismg=SERVER_30, version=0x30),
    ),
    (
        "gocmpp cmpp20 SUBMIT",
        V20,
        "000000ca0000000400000002000000000000000001010101737663310000000000000200000000000000"
        "000000000000000000000000000000000839303030303130313030303030300000000000000000000000"
        "000000000000000000000000000000000000000000000031303639303030310000000000000000000000"
        "000002313338303031333830303000000000000000000000313339303031333930303000000000000000"
        "0000001630106d4b8bd530119a8c8bc1780100310032003300340000000000000000",
        SUBMIT,
    ),
    (
        "gocmpp cmpp30 SUBMIT",
        V30,
        "000000f90000000400000002000000000000000001010101737663310000000000000200000000000000"
        "000000000000000000000000000000000000000000000000000000000839303030303130313030303030"
        "300000000000000000000000000000000000000000000000000000000000000000000031303639303030"
        "310000000000000000000000000002313338303031333830303000000000000000000000000000000000"
        "00000000003133393030313339303030000000000000000000000000000000000000000000001630106d"
        "4b8bd530119a8c8bc1780100310032003300340000000000000000000000000000000000000000",
        SUBMIT,
    ),
    (
        "gocmpp cmpp20 SUBMIT_RESP msgid=0xb2b9da8000010000",
        V20,
        "000000158000000400000002b2b9da800001000000",
        pdus.SubmitResp(sequence=2, msg_id=MSG_ID),
    ),
    (
        "gocmpp cmpp30 SUBMIT_RESP result=8",
        V30,
        "000000188000000400000002b2b9da800001000000000008",
        pdus.SubmitResp(sequence=2, msg_id=MSG_ID, result=8),
    ),
    (
        "gocmpp cmpp20 DELIVER report",
        V20,
        "000000910000000500000003b2b9da800001000131303639303030310000000000000000000000000073"
        "766331000000000000000000313338303031333830303000000000000000000000013cb2b9da80000100"
        "0044454c4956524432363130323230333034323631303232303330353133383030313338303030000000"
        "00000000000000000000070000000000000000",
        DELIVER_REPORT,
    ),
    (
        "gocmpp cmpp30 DELIVER MO",
        V30,
        "000000750000000500000004b2b9da800001000231303639303030313132000000000000000000000073"
        "766331000000000000000008313338303031333830303000000000000000000000000000000000000000"
        "00000000080054004490008ba24c494e4b30303031000000000000000000000000",
        DELIVER_MESSAGE,
    ),
    (
        "gocmpp cmpp30 DELIVER_RESP",
        V30,
        "000000188000000500000004b2b9da800001000200000000",
        pdus.DeliverResp(sequence=4, msg_id=MSG_ID + 2),
    ),
    (
        "gocmpp ACTIVE_TEST",
        V20,
        "0000000c0000000800000005",
        pdus.ActiveTest(sequence=5),
    ),
    (
        "gocmpp ACTIVE_TEST_RESP",
        V20,
        "0000000d800000080000000500",
        pdus.ActiveTestResp(sequence=5),
    ),
    (
        "gocmpp TERMINATE",
        V30,
        "0000000c0000000200000006",
        pdus.Terminate(sequence=6),
    ),
    (
        "go_cmpp cmpp20 SUBMIT (same fields)",
        V20,
        "000000ca0000000400000002000000000000000001010101737663310000000000000200000000000000"
        "000000000000000000000000000000000839303030303130313030303030300000000000000000000000"
        "000000000000000000000000000000000000000000000031303639303030310000000000000000000000"
        "000002313338303031333830303000000000000000000000313339303031333930303000000000000000"
        "0000001630106d4b8bd530119a8c8bc1780100310032003300340000000000000000",
        SUBMIT,
    ),
    (
        "go_cmpp ACTIVE_TEST_RESP",
        V30,
        "0000000d800000080000000500",
        pdus.ActiveTestResp(sequence=5),
    ),
]
