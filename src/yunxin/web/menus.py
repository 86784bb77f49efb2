"""The left menus of portal and console: one list each, in the order people see.

An entry names a page by its URL name and is shown only while that page exists, so rooms that come
later appear by themselves and there are no dead links. The pages of a section are the tabs over
its pages. `build` makes what one request shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class Page:
    """A page of the menu; `roles` empty means that everybody of the face sees it."""

    url_name: str
    label: Text
    roles: tuple[str, ...] = ()
    url: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Section:
    """A line of the left menu, with its pages as tabs."""

    label: Text
    icon: str
    pages: Sequence[Page]
    is_current: bool = False

    @property
    def url(self) -> str:
        """Where the line leads: to its first page."""
        return self.pages[0].url

    @property
    def current(self) -> Page | None:
        return next((page for page in self.pages if page.is_current), None)


OWNER = ("owner",)

PORTAL = (
    Section(_("Home"), "home", [Page("messaging:home", _("Home"))]),
    Section(
        _("Text SMS"),
        "message-2",
        [
            Page("content:signatures", _("Signatures")),
            Page("content:templates", _("Templates")),
            Page("campaigns:campaigns", _("Bulk sending")),
            Page("carriers:unsubscribes", _("Unsubscribes")),
        ],
    ),
    Section(
        _("Address book"),
        "address-book",
        [
            Page("contacts:contacts", _("Contacts")),
            Page("contacts:imports", _("Imports")),
            Page("contacts:exports", _("Exports")),
        ],
    ),
    Section(
        _("Statistics"),
        "chart-bar",
        [
            Page("messaging:records", _("Sending records")),
            Page("messaging:replies", _("Reply records")),
            Page("stats:volume", _("Sending volume")),
            Page("stats:replies", _("Replies")),
        ],
    ),
    Section(
        _("Technical support"),
        "plug-connected",
        [
            Page("interfaces:keys", _("API keys")),
            Page("interfaces:networks", _("IP whitelist")),
            Page("interfaces:smpp", _("SMPP accounts")),
            Page("interfaces:pushes", _("Push settings")),
            Page("interfaces:push_log", _("Push log")),
            Page("interfaces:document", _("Interface document")),
        ],
    ),
    Section(
        _("Account centre"),
        "user-circle",
        [
            Page("accounts:company", _("Company profile")),
            Page("billing:packages", _("Packages")),
            Page("accounts:users", _("Users and roles"), OWNER),
            Page("accounts:password", _("Change password")),
            Page("accounts:logins", _("Login history")),
            Page("accounts:notices", _("Notices")),
        ],
    ),
)

CONSOLE = (
    Section(_("Home"), "home", [Page("messaging:console_home", _("Home"))]),
    Section(
        _("Reviews"),
        "shield-check",
        [
            Page("content:console_signatures", _("Signature reviews")),
            Page("content:console_templates", _("Template reviews")),
            Page("interfaces:console_networks", _("IP reviews")),
        ],
    ),
    Section(
        _("Enterprises"),
        "building",
        [
            Page("accounts:console_enterprises", _("Enterprises")),
            Page("interfaces:console_smpp", _("SMPP accounts")),
            Page("billing:console_packages", _("Packages")),
            Page("billing:console_ledger", _("Ledger")),
        ],
    ),
    Section(
        _("Channels"),
        "route",
        [
            Page("carriers:console_channels", _("Channels")),
            Page("carriers:console_routes", _("Routes")),
            Page("carriers:console_numbers", _("Number ranges")),
            Page("carriers:console_ported", _("Ported numbers")),
            Page("carriers:console_places", _("Number places")),
            Page("carriers:console_codes", _("Carrier codes")),
            Page("carriers:console_unknown_codes", _("Unknown codes")),
        ],
    ),
    Section(
        _("Records"),
        "list-details",
        [
            Page("messaging:console_records", _("Sending records")),
            Page("messaging:console_receipts", _("Waiting receipts")),
        ],
    ),
    Section(
        _("Content rules"),
        "books",
        [
            Page("content:console_library", _("Template library")),
            Page("carriers:console_words", _("Forbidden words")),
            Page("carriers:console_blacklist", _("Blacklist")),
            Page("content:console_reasons", _("Reject reasons")),
        ],
    ),
    Section(
        _("System"),
        "settings",
        [
            Page("accounts:console_audit", _("Audit log")),
            Page("accounts:console_operators", _("Operators")),
            Page("accounts:password", _("Change password")),
            Page("accounts:logins", _("Login history")),
            Page("accounts:notices", _("Notices")),
        ],
    ),
)


def address(url_name: str) -> str:
    """Where a page without arguments is; empty when it does not exist (yet)."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def build(sections: Sequence[Section], role: str, path: str) -> list[Section]:
    """The menu for a role at a path: existing pages only, the current one marked.

    A page is current when its address begins the path; of several, the longest wins, so that
    /sms/signatures/new/ belongs to /sms/signatures/.
    """
    shown = [_existing(section, role) for section in sections]
    addresses = [page.url for section in shown for page in section.pages]
    current = max((url for url in addresses if path.startswith(url)), key=len, default="")
    if current == "/" != path or current == "/console/" != path:
        current = ""  # everything begins with the home page's address
    return [_marked(section, current) for section in shown if section.pages]


def _existing(section: Section, role: str) -> Section:
    pages = [
        replace(page, url=url)
        for page in section.pages
        if (not page.roles or role in page.roles) and (url := address(page.url_name))
    ]
    return replace(section, pages=pages)


def _marked(section: Section, current: str) -> Section:
    pages = [replace(page, is_current=page.url == current) for page in section.pages]
    return replace(section, pages=pages, is_current=any(page.is_current for page in pages))
