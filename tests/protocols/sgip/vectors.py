"""SGIP frames made by an implementation that is not ours, with what was asked of it.

The hex strings were made by yedamao/go_sgip (MIT): fields in, bytes out. They are plain facts;
none of its code is here.
"""

from yunxin.protocols.sgip import pdus
from yunxin.protocols.sgip.numbers import join

SP = join(3037196688, 1022030405, 1)
TEXT = "【测试】验证码1234".encode("utf-16-be")

GO_SGIP: list[tuple[str, pdus.Pdu]] = [
    (
        "0000003d00000001b507f1903ceaf245000000010166616b656e616d650000000000000000313233"
        "340000000000000000000000000000000000000000",
        pdus.Bind(sequence=SP, login_type=1, login_name="fakename", login_password="1234"),
    ),
    (
        "000000ba00000003b507f1903ceaf245000000013130363535303031000000000000000000000000"
        "00303030303030303030303030303030303030303030013836313338303031333830303000000000"
        "00000000393636383873766300000000000000013000000000003000000000000002000000000000"
        "00000000000000000000000000000000000000000000000000000001000008000000001630106d4b"
        "8bd530119a8c8bc1780100310032003300340000000000000000",
        pdus.Submit(
            sequence=SP,
            sp_number="10655001",
            charge_number="0" * 21,
            user_numbers=("8613800138000",),
            corp_id="96688",
            service_type="svc",
            fee_type=1,
            fee_value="0",
            given_value="0",
            agent_flag=0,
            mt_flag=2,
            report_flag=1,
            message_coding=8,
            content=TEXT,
        ),
    ),
    (
        "0000001d80000003b507f1903ceaf24500000001000000000000000000",
        pdus.SubmitResp(sequence=SP, result=0),
    ),
    (
        "0000004000000005000f69513ceaf24a00000009b507f1903ceaf245000000010038363133383030"
        "313338303030000000000000000000000000000000000000",
        pdus.Report(
            sequence=join(1010001, 1022030410, 9),
            submit_sequence=SP.to_bytes(12, "big"),
            user_number="8613800138000",
        ),
    ),
    (
        "0000005100000004000f69513ceaf24b0000000a3836313338303031333830303000000000000000"
        "0031303635353030310000000000000000000000000000000f00000004cdcbb6a900000000000000"
        "00",
        pdus.Deliver(
            sequence=join(1010001, 1022030411, 10),
            user_number="8613800138000",
            sp_number="10655001",
            message_coding=15,
            content="退订".encode("gbk"),
        ),
    ),
    ("0000001400000002b507f1903ceaf24500000001", pdus.Unbind(sequence=SP)),
]
