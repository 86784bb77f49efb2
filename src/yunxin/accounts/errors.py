"""Why something cannot be done to an account; each message is for people to read."""

from django.utils.translation import gettext as _


class AccountError(Exception):
    """The account cannot be changed like that. `field` names the form field it concerns."""

    field: str | None = None

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NameTaken(AccountError):
    """An account or enterprise of this name exists already."""


class LastOwner(AccountError):
    """The last active owner of an enterprise must stay."""

    def __init__(self) -> None:
        super().__init__(_("An enterprise needs at least one active owner; name another first."))


class NotYourself(AccountError):
    """Nobody disables or demotes themselves."""

    def __init__(self) -> None:
        super().__init__(_("You cannot do this to your own account; ask another owner."))
