"""What people call the states and kinds of packages, and the colours of the states."""

from django.utils.translation import gettext_lazy as _

from yunxin.billing.packages import PackageState
from yunxin.vocabulary import MessageKind

KINDS = {
    MessageKind.TEXT: _("Text SMS"),
    MessageKind.RICH: _("Rich-media message"),
}
STATES = {
    PackageState.ACTIVE: _("In use"),
    PackageState.UPCOMING: _("Not begun"),
    PackageState.USED_UP: _("Used up"),
    PackageState.EXPIRED: _("Package expired"),
}
TONES = {
    PackageState.ACTIVE: "green",
    PackageState.UPCOMING: "cyan",
    PackageState.USED_UP: "grey",
    PackageState.EXPIRED: "grey",
}
