"""Lists of packages and of the ledger, as portal and console share them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from yunxin.billing import labels
from yunxin.billing.packages import PackageState
from yunxin.vocabulary import MessageKind
from yunxin.web.listing import Choice, Listing

PackageStateFilter = Choice("state", _("All states"), lambda: labels.STATES.items())


class PackageListing(Listing):
    """Packages, the latest ending first."""

    order = ("-valid_to", "-id")
    empty_icon = "package"


def dressed(listing: Listing) -> Listing:
    """Give each shown package the words and the colour of its kind and state."""
    for package in listing.items:
        _dress(package)
    return listing


def _dress(package: Any) -> None:
    state = PackageState(package.state)
    package.state_label, package.tone = labels.STATES[state], labels.TONES[state]
    package.kind_label = labels.KINDS[MessageKind(package.kind)]
    package.bar_tone = _bar_tone(package.left, package.total)


def _bar_tone(left: int, total: int) -> str:
    """Green while there is plenty, orange below a fifth, red below a twentieth."""
    if left * 20 < total:
        return "red"
    return "orange" if left * 5 < total else "green"
