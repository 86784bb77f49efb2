"""SMGP accounts: two versions, what China Telecom's gateways want to know of who pays."""

from datetime import UTC, datetime
from random import randrange

from yunxin.channel_options import SmgpOptions
from yunxin.engine.accounts.base import Account, read_options
from yunxin.engine.channel import Channel
from yunxin.protocols.events import Alphabet
from yunxin.protocols.formats import FORMATS
from yunxin.protocols.session import Session, Side
from yunxin.protocols.smgp.pdus import SEQUENCE_MAX, Version
from yunxin.protocols.smgp.precut import SubmitTemplate
from yunxin.protocols.smgp.session import LIMITS, SmgpSession
from yunxin.protocols.smgp.status import Code, explain
from yunxin.protocols.status import Status

_VERSIONS = {"1.3": Version.V13, "3.0": Version.V30}


class SmgpAccount(Account):
    """An account at a gateway of China Telecom's protocol."""

    limits = LIMITS
    hopeless = frozenset({Code.MSG_LENGTH, Code.DEST_TERM_ID})
    may_pair = True

    def __init__(self, channel: Channel, password: str) -> None:
        self._options = options = read_options(channel, SmgpOptions)
        self._version = _VERSIONS[options.version]
        super().__init__(channel, password, attempts=options.attempts)

    def session(self) -> Session:
        return SmgpSession(
            Side.CLIENT,
            self.bounds,
            version=self._version,
            moment=datetime.now(UTC),
            strict=self._options.strict,
            sequence=randrange(SEQUENCE_MAX),
        )

    def template(self, source: str, alphabet: Alphabet) -> SubmitTemplate:
        options = self._options
        return SubmitTemplate(
            source,
            version=self._version,
            msg_format=FORMATS[alphabet],
            account=options.account or self.channel.system_id,
            service_id=options.service_id,
            fee_type=options.fee_type,
            fee_code=options.fee_code,
            fixed_fee=options.fixed_fee,
            charge_term_id=options.charge_term_id,
        )

    def explain(self, status: int) -> Status:
        return explain(status)
