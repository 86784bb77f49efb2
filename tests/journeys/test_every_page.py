"""Every page of portal and console, opened in Chromium on a phone and on a desktop.

The addresses are read from the URL resolver, so that a new page is looked at by itself; what is no
page stands in `NOT_PAGES` with what it is. No page may fail, break the content security policy,
scroll sideways, or have what axe-core calls a serious or critical fault.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.addresses import Address, every_address
from tests.journeys.conftest import Platform, Visitor, visitors
from tests.shots import check, too_wide

ENTERPRISE_USER, OPERATOR = "yunqi", "operator"

NOT_PAGES = {
    "web:language": "a form is sent to it",
    "web:file": "a download",
    "accounts:login": "leads on whoever has signed in",
    "accounts:logout": "a form is sent to it",
    "accounts:first_password": "leads on whoever has chosen a password",
    "accounts:mark_notices_read": "a form is sent to it",
    "content:template_preview": "a part of a page",
    "content:console_library_preview": "a part of a page",
    "content:console_library_move": "a form is sent to it",
    "content:console_library_switch": "a form is sent to it",
    "content:console_reason_move": "a form is sent to it",
    "carriers:console_try_text": "a part of a page",
    "campaigns:preview": "a part of a page",
    "campaigns:status": "a part of a page",
    "campaigns:first_messages": "a part of a page",
    "campaigns:read_again": "a form is sent to it",
    "campaigns:sample": "a download",
    "campaigns:refused": "a download",
    "campaigns:outcomes": "a download",
    "campaigns:upload": "slices of a file are sent to it",
    "campaigns:piece": "slices of a file are sent to it",
    "campaigns:pause": "a form is sent to it",
    "campaigns:resume": "a form is sent to it",
    "campaigns:copy": "a form is sent to it",
    "accounts:password_shown": "is opened once",
    "interfaces:key_shown": "is opened once",
    "interfaces:secret_shown": "is opened once",
    "interfaces:smpp_shown": "is opened once",
    "interfaces:console_smpp_shown": "is opened once",
    "interfaces:document_file": "a download",
    "contacts:template": "a download",
    "contacts:import_refused": "a download",
    "contacts:export_download": "a download",
    "contacts:import_upload": "slices of a file are sent to it",
    "contacts:import_piece": "slices of a file are sent to it",
    "carriers:console_switch_learning": "a form is sent to it",
    "carriers:console_number_upload": "slices of a file are sent to it",
    "carriers:console_number_piece": "slices of a file are sent to it",
    "carriers:console_number_refused": "a download",
    "messaging:records_export": "a download",
    "messaging:replies_export": "a download",
}
DRAFT_STEPS = {
    "campaigns:content", "campaigns:recipients", "campaigns:pick", "campaigns:time",
    "campaigns:confirm",
}  # fmt: skip
WAITING = {"campaigns:change", "campaigns:delete"}
PAGES = [each for each in every_address() if each.name not in NOT_PAGES]

# One object for each kind of parameter, of the enterprise that signs in.
OBJECTS = {
    "signature_id": "SELECT min(id) FROM content_signature WHERE state = 'approved'",
    "template_id": "SELECT min(id) FROM content_template WHERE state = 'approved'",
    "content:signature_again": "SELECT min(id) FROM content_signature WHERE state = 'rejected'",
    "content:console_signature": "SELECT min(id) FROM content_signature WHERE state = 'pending'",
    "content:console_template": "SELECT min(id) FROM content_template WHERE state = 'pending'",
    "row_id": "SELECT min(id) FROM content_librarytemplate",
    "reason_id": "SELECT min(id) FROM content_rejectreason",
    "channel_id": "SELECT min(id) FROM carriers_channel",
    "prefix": "SELECT min(prefix) FROM carriers_numberprefix",
    "word_id": "SELECT min(id) FROM carriers_forbiddenword",
    "package_id": "SELECT min(id) FROM billing_package",
    "entry_id": "SELECT min(id) FROM carriers_blockednumber",
    "enterprise_id": "SELECT min(enterprise_id) FROM message",
    "message_id": "SELECT min(id) FROM message WHERE enterprise_id = "
    "(SELECT min(enterprise_id) FROM message)",
    "campaigns draft": "SELECT max(id) FROM campaigns_campaign WHERE wish = 'draft'",
    "campaigns waiting": "SELECT min(id) FROM campaigns_campaign c WHERE wish = 'pause'",
    "campaigns": "SELECT min(campaign_id) FROM campaign_progress",
    "users": "SELECT id FROM accounts_user WHERE username = 'yunqi-sender'",
    "credential_id": "SELECT min(id) FROM interfaces_credential",
    "network_id": "SELECT min(id) FROM interfaces_allowednetwork",
    "interfaces:console_network": "SELECT max(id) FROM interfaces_allowednetwork"
    " WHERE state = 'pending'",
    "target_id": "SELECT min(id) FROM interfaces_pushtarget",
    "batch_id": "SELECT min(id) FROM push_batch",
    "wish_id": "SELECT min(id) FROM interfaces_pushwish",
    "account_id": "SELECT min(account_id) FROM smpp_session",
    "session_id": "SELECT min(id) FROM smpp_session",
    "contact_id": "SELECT min(id) FROM contact WHERE enterprise_id ="
    " (SELECT min(id) FROM accounts_enterprise)",
    "group_id": "SELECT min(id) FROM contact_group WHERE enterprise_id ="
    " (SELECT min(id) FROM accounts_enterprise)",
    "phone": "SELECT min(phone) FROM carriers_portednumber",
    "rule_id": "SELECT min(id) FROM carriers_portingrule",
    "table": "SELECT 'ported'",
    "run_id": "SELECT min(id) FROM carriers_numberimport",
    "protocol": "SELECT 'sgip'",
    "try_id": "SELECT min(id) FROM carriers_channeltry",
    "contacts:import_run": "SELECT min(id) FROM contact_import",
    "contacts:change": "SELECT min(id) FROM contact_bulk_change",
    "enterprises": "SELECT min(id) FROM accounts_enterprise",
}

# What the demo has none of: a URL that pushes go to, a push given up, a test, an address to review.
_FIRST = "(SELECT min(id) FROM accounts_enterprise)"
INTERFACES = (
    "INSERT INTO interfaces_allowednetwork"
    " (enterprise_id, network, note, state, reject_reason, created_at)"
    f" VALUES ({_FIRST}, '203.0.113.0/24', '', 'pending', '', now())",
    "INSERT INTO interfaces_pushtarget (enterprise_id, kind, url, format, sealed_secret,"
    " portal_too, enabled, created_at, changed_at)"
    f" VALUES ({_FIRST}, 'receipts', 'http://127.0.0.1:9/', 'v1', 'x', false, true, now(), now())"
    " ON CONFLICT DO NOTHING",
    "INSERT INTO interfaces_pushwish"
    " (enterprise_id, target_id, kind, created_at, taken_at, events)"
    f" SELECT enterprise_id, id, 'test', now(), now(), 1 FROM interfaces_pushtarget"
    f" WHERE enterprise_id = {_FIRST} AND kind = 'receipts'",
    "INSERT INTO push_batch (enterprise_id, target_id, kind, format, event_ids, events, body,"
    " state, attempt, finished_at)"
    " SELECT enterprise_id, id, 'receipts', 'v1', '{1}', 1, '[]', 'dead', 1, now()"
    f" FROM interfaces_pushtarget WHERE enterprise_id = {_FIRST} AND kind = 'receipts'",
    "INSERT INTO push_attempt"
    " (enterprise_id, batch_id, attempt, at, duration_ms, url, status, answer, error)"
    " SELECT enterprise_id, id, 1, now(), 12, 'http://127.0.0.1:9/', 500, 'oops', 'status'"
    " FROM push_batch",
)
# A number that was learned and the rule that taught it, and a file with a refused row.
PORTED = (
    "INSERT INTO carriers_portednumber (phone, carrier, origin, code)"
    " VALUES ('13800000001', 'unicom', 'learned', 'NP:1243:001')",
    "INSERT INTO carriers_portingrule (protocol, code, carrier, at)"
    " VALUES ('cmpp', 'NP:1243', 'unicom', now())",
    'INSERT INTO carriers_numberimport ("table", created_by_id, created_at, file_name, replaces,'
    " state, problem, finished_at, read_permille, rows_read, refused_count, stored_count,"
    " removed_count) SELECT 'ported', id, now(), 'ported.csv', false, 'done', '', now(), 1000, 2,"
    " 1, 1, 0 FROM accounts_user WHERE enterprise_id IS NULL LIMIT 1",
    "INSERT INTO carriers_refusednumber (run_id, line, content, fault)"
    " SELECT id, 2, '12345, unicom', 'phone' FROM carriers_numberimport",
)
TRIES = (
    "INSERT INTO carriers_channeltry (channel_id, created_at, sessions_bound, outcome, status,"
    " detail, taken_at, finished_at, connect_ms, login_ms)"
    " SELECT min(id), now(), 1, 'refused', 'RALYBND', 'As it was.', now(), now(), 3, 12"
    " FROM carriers_channel",
)
# An account of the SMPP server with a session whose server will never be silent.
SMPP = (
    "INSERT INTO interfaces_smppaccount (enterprise_id, name, system_id, password_hash,"
    ' password_changed_at, networks, "window", rate_per_s, sessions_max, text_mode, traffic,'
    " source_rule, extension, replies, default_alphabet, enabled, created_at, changed_at)"
    f" VALUES ({_FIRST}, 'ERP', 'every-page', 'x', now(), '[]', 16, 100, 4, 'templates', 'notice',"
    " 'ignored', '', 'own', 'gsm7', true, now(), now())",
    "INSERT INTO smpp_session (account_id, enterprise_id, instance_id, mode, address, heartbeat_at)"
    " SELECT id, enterprise_id, 1, 'transceiver', '127.0.0.1:40000', now() + interval '1 day'"
    " FROM interfaces_smppaccount WHERE system_id = 'every-page'",
)
# An import with a refused row, and an export: the demo's people came by themselves.
CONTACTS = (
    "INSERT INTO contact_import (enterprise_id, created_by_id, created_at, file_name, group_name,"
    " overwrite, state, problem, detail, finished_at, read_permille, rows_read, good_count,"
    " duplicate_count, refused_count, saved_line, created_count, known_count, sheet, other_sheets,"
    " unread_headings)"
    " SELECT enterprise_id, id, now(), '名单.xlsx', '', false, 'done', '', '', now(), 1000, 31, 30,"
    " 0, 1, 31, 30, 0, '名单', 1, '部门'"
    f" FROM accounts_user WHERE enterprise_id = {_FIRST} ORDER BY id LIMIT 1",
    "INSERT INTO contact_refused (enterprise_id, run_id, line, content, faults)"
    " SELECT enterprise_id, id, 7, '1380000, 张三', 'phone:phone' FROM contact_import",
    "INSERT INTO contact_bulk_change (enterprise_id, created_by_id, created_at, kind,"
    " with_subgroups, search, until, groups, groups_named, state, total, done, changed, cursor,"
    " finished_at)"
    " SELECT enterprise_id, id, now(), 'join', false, '', 1, '{1}', '客户', 'done', 31337, 31337,"
    " 31000, 1, now()"
    f" FROM accounts_user WHERE enterprise_id = {_FIRST} ORDER BY id LIMIT 1",
    "INSERT INTO contact_export (enterprise_id, created_by_id, created_at, format, language,"
    " group_name, with_subgroups, search, state, total, written, finished_at)"
    " SELECT enterprise_id, id, now(), 'xlsx', 'zh-hans', '', false, '', 'done', 30, 30, now()"
    f" FROM accounts_user WHERE enterprise_id = {_FIRST} ORDER BY id LIMIT 1",
)


@dataclass(frozen=True)
class Scene:
    """The demo with a few things more that pages are about."""

    platform: Platform
    objects: dict[str, Any]

    def path_of(self, address: Address) -> str:
        return address.path(**{p: self._value(address, p) for p in address.parameters})

    def _value(self, address: Address, parameter: str) -> Any:
        if parameter != "pk" or address.name in self.objects:
            return self.objects.get(address.name) or self.objects[parameter]
        if address.room == "campaigns":
            kind = " draft" if address.name in DRAFT_STEPS else ""
            kind = " waiting" if address.name in WAITING else kind
            return self.objects[f"campaigns{kind}"]
        return self.objects["users" if "users/<" in address.route else "enterprises"]


@pytest.fixture(scope="module")
def scene(platform: Platform) -> Scene:
    with psycopg.connect(platform.database_url) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_name = 'campaigns_campaign' AND column_name <> 'id'"
            )
        ]
        connection.execute(_copy_as_draft(names))
        connection.execute(
            "INSERT INTO carriers_blockednumber (enterprise_id, phone, reason, note)"
            " VALUES (0, '13000000099', 'operator', '') ON CONFLICT DO NOTHING"
        )
        for statement in (*INTERFACES, *SMPP, *PORTED, *TRIES, *CONTACTS):
            connection.execute(statement)
        objects = {k: connection.execute(q).fetchone()[0] for k, q in OBJECTS.items()}
    missing = [name for name, value in objects.items() if value is None]
    assert not missing, f"the demo has none of: {missing}"
    return Scene(platform, objects)


def _copy_as_draft(names: list[str]) -> bytes:
    """The oldest task once more, as a draft."""
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join("'draft'" if name == "wish" else f'"{name}"' for name in names)
    return (
        f"INSERT INTO campaigns_campaign ({columns})"
        f" SELECT {values} FROM campaigns_campaign ORDER BY id LIMIT 1"
    ).encode()


class SignedIn(dict[tuple[str, str], Visitor]):
    """Visitors by user and size, who come and sign in when they are first asked for."""

    def __init__(self, come: Callable[..., Visitor]) -> None:
        self._come = come

    def __missing__(self, key: tuple[str, str]) -> Visitor:
        user, size = key
        visitor = self[key] = self._come(size)
        visitor.sign_in(user)
        return visitor


@pytest.fixture(scope="module")
def signed_in(browser: Browser, platform: Platform) -> Iterator[SignedIn]:
    with visitors(browser, platform) as come:
        yield SignedIn(come)


def faults(page: Page) -> list[str]:
    """What is wrong with the page that is open."""
    found = too_wide(page) + check(page)
    headings = page.locator("h1").count()
    return found if headings == 1 else [*found, f"{headings} headings of the first level"]


@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("address", PAGES, ids=str)
def test_it_opens_without_a_fault(
    scene: Scene, signed_in: SignedIn, address: Address, size: str
) -> None:
    visitor = signed_in[OPERATOR if address.is_console else ENTERPRISE_USER, size]
    visitor.complaints.clear()
    answer = visitor.page.goto(scene.platform.url + scene.path_of(address))
    assert answer is not None and answer.status == 200, f"{answer and answer.status}"
    assert not visitor.page.url.endswith("/login/")
    assert visitor.complaints + faults(visitor.page) == []


def test_what_is_no_page_still_exists() -> None:
    assert set(NOT_PAGES) <= {each.name for each in every_address()}
