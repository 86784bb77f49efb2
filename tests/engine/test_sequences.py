"""The numbers that an account's connections give to their requests."""

import pytest

from yunxin.engine.accounts.base import Account
from yunxin.engine.accounts.cmpp import CmppAccount
from yunxin.engine.accounts.smgp import SmgpAccount
from yunxin.engine.channel import Channel
from yunxin.protocols.cmpp import pdus as cmpp
from yunxin.protocols.events import Alphabet, BindMode, Bound, Event, PeerMistake
from yunxin.protocols.session import Session
from yunxin.protocols.smgp import pdus as smgp
from yunxin.vocabulary import CarrierProtocol

KINDS = {CarrierProtocol.CMPP: CmppAccount, CarrierProtocol.SMGP: SmgpAccount}


def account_of(protocol: CarrierProtocol) -> Account:
    channel = Channel(id=1, name="", host="", port=1, system_id="900001", protocol=protocol)
    return KINDS[protocol](channel, "secret")


def bound(account: Account) -> tuple[Session, int]:
    """A session that the carrier let in, and the number of its log-in."""
    session = account.session()
    session.connected(0.0)
    session.bind(account.login(BindMode.TRANSCEIVER), 0.0)
    sequence = int.from_bytes(session.data_to_send()[8:12], "big")
    events: list[Event] = []
    if account.channel.protocol is CarrierProtocol.CMPP:
        answer = cmpp.encode(cmpp.ConnectResp(sequence=sequence), cmpp.Version.V30)
    else:
        answer = smgp.encode(smgp.LoginResp(sequence=sequence))
    events = session.receive(answer, 0.0)
    assert isinstance(events[-1], Bound)
    return session, sequence


@pytest.mark.parametrize("protocol", KINDS)
def test_connections_of_one_account_begin_at_different_numbers(protocol: CarrierProtocol) -> None:
    account = account_of(protocol)
    assert len({bound(account)[1] for _ in range(20)}) > 15


@pytest.mark.parametrize("protocol", KINDS)
def test_an_answer_over_the_wrong_connection_settles_nothing(protocol: CarrierProtocol) -> None:
    account = account_of(protocol)
    (one, _), (two, _) = bound(account), bound(account)
    template = account.template("1069", Alphabet.UCS2)
    sent = [s.submit(template, "13800000001", b"\0A", tag=s, now=0.0) for s in (one, two)]
    if protocol is CarrierProtocol.CMPP:
        answer = cmpp.encode(cmpp.SubmitResp(sequence=sent[0], msg_id=7), cmpp.Version.V30)
    else:
        answer = smgp.encode(smgp.SubmitResp(sequence=sent[0], msg_id=b"7" * 10))
    (mistake,) = two.receive(answer, 0.0)
    assert isinstance(mistake, PeerMistake)
    assert (one.in_flight, two.in_flight) == (1, 1)
