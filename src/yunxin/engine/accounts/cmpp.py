"""CMPP accounts: two versions, what China Mobile's gateways want to know of who pays."""

from datetime import UTC, datetime
from random import randrange

from yunxin.channel_options import CmppOptions
from yunxin.engine.accounts.base import Account, read_options
from yunxin.engine.channel import Channel
from yunxin.protocols.cmpp.pdus import SEQUENCE_MAX, Version
from yunxin.protocols.cmpp.precut import SubmitTemplate
from yunxin.protocols.cmpp.session import LIMITS, CmppSession
from yunxin.protocols.cmpp.status import Result, explain
from yunxin.protocols.events import Alphabet
from yunxin.protocols.formats import FORMATS
from yunxin.protocols.session import Session, Side
from yunxin.protocols.status import Status

_VERSIONS = {"2.0": Version.V20, "3.0": Version.V30}


class CmppAccount(Account):
    """An account at a gateway of China Mobile's protocol."""

    limits = LIMITS
    hopeless = frozenset({Result.LENGTH, Result.TOO_LONG, Result.DEST_TERMINAL})

    def __init__(self, channel: Channel, password: str) -> None:
        self._options = options = read_options(channel, CmppOptions)
        self._version = _VERSIONS[options.version]
        super().__init__(channel, password, attempts=options.attempts)

    def session(self) -> Session:
        return CmppSession(
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
            account=options.account or self.channel.system_id,
            msg_fmt=FORMATS[alphabet],
            service_id=options.service_id,
            fee_user_type=options.fee_user_type,
            fee_terminal_id=options.fee_terminal_id,
            fee_type=options.fee_type,
            fee_code=options.fee_code,
        )

    def explain(self, status: int) -> Status:
        return explain(status)
