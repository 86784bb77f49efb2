"""Which account a channel is, by its protocol."""

from collections.abc import Callable

from yunxin.engine.accounts.base import Account, AccountInvalid, BrokenAccount
from yunxin.engine.accounts.smpp import SmppAccount
from yunxin.engine.channel import Channel
from yunxin.vocabulary import CarrierProtocol


class Accounts:
    """Makes the accounts of one engine."""

    def __init__(self) -> None:
        self._kinds: dict[CarrierProtocol, Callable[[Channel, str], Account]] = {
            CarrierProtocol.SMPP: SmppAccount,
        }

    @property
    def protocols(self) -> list[str]:
        """What the engine can speak."""
        return list(self._kinds)

    def account_of(self, channel: Channel, password: str) -> Account:
        """The account of a channel; one that cannot be made says why when it connects."""
        try:
            return self._kinds[channel.protocol](channel, password)
        except AccountInvalid as error:
            return BrokenAccount(channel, str(error))
