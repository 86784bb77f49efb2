"""SMPP accounts: rules for ids, types of numbers, pairs of sessions."""

from yunxin.channel_options import SmppOptions
from yunxin.engine.accounts.base import Account, read_options
from yunxin.engine.channel import Channel
from yunxin.protocols.events import Alphabet, BindMode, Login, Requested
from yunxin.protocols.session import Session, Side
from yunxin.protocols.smpp.ids import normalise, normalise_answer
from yunxin.protocols.smpp.pdus import GenericNack
from yunxin.protocols.smpp.precut import DATA_CODINGS, SubmitTemplate
from yunxin.protocols.smpp.session import SmppSession
from yunxin.protocols.smpp.status import Code, explain
from yunxin.protocols.status import Status


class SmppAccount(Account):
    """An account at an SMPP 3.4 message centre."""

    hopeless = frozenset(
        {Code.RINVDSTADR, Code.RINVMSGLEN, Code.RINVDSTTON, Code.RINVDSTNPI, Code.RINVDLNAME}
    )
    short = Alphabet.GSM7
    may_pair = True

    def __init__(self, channel: Channel, password: str) -> None:
        options = read_options(channel, SmppOptions)
        super().__init__(channel, password, attempts=options.attempts)

    def session(self) -> Session:
        return SmppSession(Side.CLIENT, self.bounds)

    def login(self, mode: BindMode) -> Login:
        return Login(self.channel.system_id, self.password, mode, self.channel.system_type)

    def template(self, source: str, alphabet: Alphabet) -> SubmitTemplate:
        channel = self.channel
        return SubmitTemplate(
            source,
            data_coding=DATA_CODINGS[alphabet],
            source_ton=channel.source_ton,
            source_npi=channel.source_npi,
            dest_ton=channel.dest_ton,
            dest_npi=channel.dest_npi,
        )

    def explain(self, status: int) -> Status:
        return explain(status)

    def answer_key(self, message_id: str) -> str:
        return normalise_answer(self.channel.id_rule, message_id)

    def receipt_key(self, message_id: str) -> str:
        return normalise(self.channel.id_rule, message_id)

    def answer(self, session: Session, request: Requested) -> None:
        """There is nothing that a carrier may ask of us: say so."""
        session.respond(GenericNack(sequence=request.sequence, status=Code.RINVCMDID))
