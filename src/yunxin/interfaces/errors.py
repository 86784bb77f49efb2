"""Why something of the interfaces cannot be done; each message is for people to read."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class InterfaceError(Exception):
    """Nothing was changed. `field` names the form field that it is about ("" for all)."""

    sentence: str | Promise = _("This cannot be done.")

    def __init__(self, sentence: str | Promise = "", field: str = "") -> None:
        super().__init__()
        self.sentence = sentence or self.sentence
        self.field = field

    def __str__(self) -> str:
        return str(self.sentence)


class TooManyKeys(InterfaceError):
    """The enterprise has as many live keys of this kind as it may have."""


class NotLive(InterfaceError):
    """The key was disabled or has ended."""

    sentence = _("This key is not in use any more.")


class NetworkInvalid(InterfaceError):
    """What was typed is no network that can be allowed."""


class NetworkKnown(InterfaceError):
    """The network is on the list already."""

    sentence = _("This address is on the list already.")


class AlreadyDecided(InterfaceError):
    """Somebody else decided, or withdrew, meanwhile."""

    sentence = _("This was decided or withdrawn in the meantime; nothing was changed.")


class TargetOff(InterfaceError):
    """Nothing is pushed to a URL that is switched off."""

    sentence = _("This URL is switched off. Switch it on in the push settings first.")


class SystemIdTaken(InterfaceError):
    """Another account of the platform is called so."""

    sentence = _("This name is taken. Choose another one.")


class TooManyAccounts(InterfaceError):
    """The enterprise has as many SMPP accounts as it may have."""

    sentence = _("The enterprise has as many SMPP accounts as it may have. Change one of them.")


class AlreadySo(InterfaceError):
    """Somebody else did it meanwhile."""

    sentence = _("It was done already in the meantime; nothing was changed.")


class SessionOver(InterfaceError):
    """The session ended by itself."""

    sentence = _("This session is over already.")


class LastAddress(InterfaceError):
    """With this address gone the list would be empty, and let everybody in."""

    sentence = _(
        "This is the account's last address; without one it could be used from anywhere. Add the"
        " new address first, or ask the operators."
    )


class ExtensionImpossible(InterfaceError):
    """Digits behind the sender's number that acceptance would refuse."""
