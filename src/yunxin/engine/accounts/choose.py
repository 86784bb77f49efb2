"""Which account a channel is, by its protocol."""

from collections.abc import Callable
from functools import partial

from yunxin.engine.accounts.base import Account, BrokenAccount
from yunxin.engine.accounts.cmpp import CmppAccount
from yunxin.engine.accounts.ports import Ports
from yunxin.engine.accounts.sgip import SgipAccount
from yunxin.engine.accounts.smgp import SmgpAccount
from yunxin.engine.accounts.smpp import SmppAccount
from yunxin.engine.channel import Channel
from yunxin.protocols.errors import LocalProtocolError
from yunxin.protocols.events import Alphabet
from yunxin.vocabulary import CarrierProtocol


class Accounts:
    """Makes the accounts of one engine.

    Args:
        secret_key: what passwords in the options are sealed with.
    """

    def __init__(self, secret_key: str) -> None:
        self._kinds: dict[CarrierProtocol, Callable[[Channel, str], Account]] = {
            CarrierProtocol.SMPP: SmppAccount,
            CarrierProtocol.CMPP: CmppAccount,
            CarrierProtocol.SMGP: SmgpAccount,
            CarrierProtocol.SGIP: partial(SgipAccount, ports=Ports(), secret_key=secret_key),
        }

    def account_of(self, channel: Channel, password: str) -> Account:
        """The account of a channel; one that cannot be made says why when it connects."""
        try:
            account = self._kinds[channel.protocol](channel, password)
            account.wire.template("", Alphabet.UCS2)  # or every message would fail for it
        except LocalProtocolError as error:
            return BrokenAccount(channel, str(error))
        return account
