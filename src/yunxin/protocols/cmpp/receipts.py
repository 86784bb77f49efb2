"""Status reports of CMPP: the content of a DELIVER with Registered_Delivery 1."""

from yunxin.protocols.cmpp.ids import to_text
from yunxin.protocols.cmpp.pdus import Report, Version, decode_report, encode_report
from yunxin.protocols.receipt import Receipt, outcome_of

STAT_SIZE = 7


def read(content: bytes) -> tuple[Receipt, str]:
    """The receipt in a report, and the phone that it is about.

    Raises:
        RemoteProtocolError: it is cut short.
    """
    report = decode_report(content)
    receipt = Receipt(
        message_id=to_text(report.msg_id),
        outcome=outcome_of(report.stat),
        stat=report.stat,
        submitted=report.submit_time,
        done=report.done_time,
    )
    return receipt, report.dest_terminal_id


def build(
    msg_id: int,
    version: Version,
    *,
    stat: str,
    submitted: str,
    done: str,
    phone: str,
    smsc_sequence: int = 0,
) -> bytes:
    """The content of a report.

    Args:
        stat: seven letters; of a longer word the first seven.
        submitted: `YYMMDDhhmm`, as is `done`.
    """
    report = Report(
        msg_id=msg_id,
        stat=stat[:STAT_SIZE],
        submit_time=submitted,
        done_time=done,
        dest_terminal_id=phone,
        smsc_sequence=smsc_sequence,
    )
    return encode_report(report, version)
