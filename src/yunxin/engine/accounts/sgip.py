"""SGIP accounts: we log in to submit, and China Unicom's gateway logs in to us to deliver.

A link's own sessions only submit. `listening` admits the carrier at a port of this engine, which
any number of channels share (`ports.py`): its log-in says which channel it means.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from ipaddress import ip_network
from typing import cast

from yunxin.channel_options import SgipOptions
from yunxin.engine.accounts.base import Account, AccountInvalid, Handle, PhoneNews, read_options
from yunxin.engine.accounts.ports import Place, Ports
from yunxin.engine.channel import Channel
from yunxin.protocols.events import Alphabet, BindMode, Event, Requested
from yunxin.protocols.formats import FORMATS
from yunxin.protocols.session import Session, Side
from yunxin.protocols.sgip import listener
from yunxin.protocols.sgip.numbers import message_id
from yunxin.protocols.sgip.pdus import UserRpt, UserRptResp
from yunxin.protocols.sgip.precut import SubmitTemplate
from yunxin.protocols.sgip.session import LIMITS, SgipSession
from yunxin.protocols.sgip.status import Code, explain
from yunxin.protocols.status import Status
from yunxin.sealing import SealBroken, unseal
from yunxin.vocabulary import PhoneCondition

# UserCondition of a user report; 2: it is in order again.
_CONDITIONS = {0: PhoneCondition.CANCELLED, 1: PhoneCondition.SUSPENDED, 2: None}


class SgipAccount(Account):
    """An account at a gateway of China Unicom's protocol.

    Args:
        ports: of this engine.
        secret_key: what the password of the carrier's log-in is sealed with.
    """

    limits = LIMITS
    hopeless = frozenset({Code.PHONE, Code.LENGTH})

    def __init__(self, channel: Channel, password: str, *, ports: Ports, secret_key: str) -> None:
        self._options = options = read_options(channel, SgipOptions)
        super().__init__(channel, password, attempts=options.attempts)
        self.rests = options.idle == "rest"
        self._ports = ports
        self._numbers = ports.numbers(options.node)
        self._deliver_password = password
        if options.deliver_password_sealed:
            try:
                self._deliver_password = unseal(secret_key, options.deliver_password_sealed)
            except SealBroken as error:
                raise AccountInvalid("The password of the carrier's log-in is lost.") from error
        try:
            self._networks = tuple(ip_network(network) for network in options.networks)
        except ValueError as error:
            raise AccountInvalid(f"The carrier's networks are wrong: {error}") from error
        if options.listen_port and not (self._networks or self._deliver_password):
            raise AccountInvalid("Anybody could log in as the carrier: no password, no network.")

    @property
    def modes(self) -> list[BindMode]:
        return [BindMode.TRANSMITTER] * self.channel.sessions

    def session(self) -> Session:
        return SgipSession(Side.CLIENT, self.bounds, numbers=self._numbers)

    def listening(
        self, handle: Handle, trouble: Callable[[str], None]
    ) -> AbstractAsyncContextManager[None]:
        options = self._options
        if not options.listen_port:
            return nullcontext()
        guest = listener.Channel(
            options.deliver_name or self.channel.system_id,
            self._deliver_password,
            cast(Callable[[listener.SgipStream, list[Event]], None], handle),
            self._networks,
            self._numbers,
        )
        place = Place(options.listen_host, options.listen_port)
        return self._ports.admitting(place, guest, self._numbers, trouble)

    def template(self, source: str, alphabet: Alphabet) -> SubmitTemplate:
        options = self._options
        return SubmitTemplate(
            source,
            data_coding=FORMATS[alphabet],
            corp_id=options.corp_id,
            service_type=options.service_type,
            charge_number=options.charge_number,
            fee_type=options.fee_type,
            fee_value=options.fee_value,
            given_value=options.given_value,
            mt_flag=options.mt_flag,
        )

    def explain(self, status: int) -> Status:
        return explain(status)

    def own_id(self, sequence: int) -> str:
        return message_id(sequence)

    def news(self, request: Requested) -> PhoneNews | None:
        report = request.pdu
        if not isinstance(report, UserRpt) or report.user_condition not in _CONDITIONS:
            return None
        return PhoneNews(report.user_number, _CONDITIONS[report.user_condition])

    def answer(self, session: Session, request: Requested) -> None:
        """A user report of which we make nothing is taken, or it would come for ever."""
        if isinstance(request.pdu, UserRpt):
            session.respond(UserRptResp(sequence=request.sequence))
        else:
            session.forgive(request.sequence)
