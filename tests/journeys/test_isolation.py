"""No enterprise ever sees or changes what is another's: asked at every address of the portal.

The addresses are read from the URL resolver. One that takes an object of a kind that is not in
`Belongings` fails the first test: say there what Acme's object of it is.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.campaigns import making
from tests.contacts.scene import make_contact, make_group
from tests.interfaces import scene
from tests.journeys.addresses import Address, every_address
from tests.messaging.records_world import make_message
from yunxin.accounts.models import Enterprise, User
from yunxin.campaigns.models import Campaign
from yunxin.contacts.models import BulkChange, ContactExport, ContactImport, RefusedContact
from yunxin.content.models import LibraryTemplate
from yunxin.interfaces import credentials
from yunxin.interfaces.models import PushWish
from yunxin.vocabulary import ReviewState
from yunxin.web import once
from yunxin.web.models import StoredFile

PORTAL = [each for each in every_address() if not each.is_console]
OBJECTS = [each for each in PORTAL if each.parameters]
# The library is the platform's: every enterprise may take a template from it. So is an empty table.
SHARED = {"content:from_library", "contacts:template"}
# What anybody may open without having signed in.
OPEN = {"accounts:login", "accounts:logout", "web:language"}
METHODS = ("GET", "POST")
ACME_SAYS = "安飞快递"  # in everything that Acme wrote, and nowhere else
PHONE = "13800000077"


@dataclass
class Belongings:
    """One of everything that an enterprise can own, by the names that addresses have for it."""

    enterprise: Enterprise
    owner: User
    by_room: dict[tuple[str, str], list[Any]] = field(default_factory=dict)

    def of(self, address: Address, parameter: str) -> list[Any]:
        """Objects that this parameter of the address may mean."""
        found = self.by_room.get((address.name, parameter))
        return found or self.by_room.get((address.room, parameter), [])


def belongings_of(enterprise: Enterprise, words: str) -> Belongings:
    """Make one of everything for an enterprise; `words` stand in each."""
    owner = enterprise.users.get()
    other = factories.make_user(enterprise, f"{owner.username}-sender", full_name=words)
    signature = factories.make_signature(enterprise, words)
    closed = factories.make_signature(enterprise, f"{words}旧", state=ReviewState.CANCELLED)
    template = factories.make_template(enterprise, signature, name=words)
    draft = making.make_ready(enterprise, name=words, template=template)
    confirmed = making.make_confirmed(enterprise, name=words, template=template)
    making.make_progress(confirmed)
    message = make_message(template, text=f"【{words}】您好", phone=PHONE, campaign_id=confirmed.pk)
    file = making.make_file(enterprise, words, name=f"{words}.txt")
    half_done = StoredFile.objects.create(
        name=f"{words}.txt", enterprise_id=enterprise.pk, created_by_id=owner.pk, size_bytes=9
    )
    campaigns = [draft.pk, confirmed.pk]
    access_key, _key = credentials.create_access_key(enterprise, name=words)
    key, _key = credentials.create_key(enterprise, name=words, scopes=["messages:send"])
    network = scene.make_network(enterprise, note=words)
    target = scene.make_target(enterprise, url=f"https://{enterprise.pk}.example.com/{words}")
    batch = scene.make_batch(target, body=words.encode())
    wish = PushWish.objects.create(enterprise=enterprise, target=target, kind="test")
    smpp = scene.make_smpp_account(enterprise, name=words)
    scene.make_smpp_session(smpp)
    asked = scene.make_network(enterprise, "203.0.113.9/32", note=words, smpp_account=smpp)
    group_id = make_group(enterprise, words)
    contact_id = make_contact(enterprise, 77, words, groups=[group_id])
    taken_in, export = make_transfers(enterprise, words, file)
    return Belongings(
        enterprise,
        owner,
        {
            ("accounts", "pk"): [other.pk],
            ("contacts", "contact_id"): [contact_id],
            ("contacts", "pk"): taken_in,
            ("contacts:export_download", "pk"): [export],
            ("contacts:change", "pk"): [make_bulk_change(enterprise, words)],
            ("contacts", "group_id"): [group_id],
            ("content", "signature_id"): [signature.pk, closed.pk],
            ("content", "template_id"): [template.pk],
            ("campaigns", "pk"): campaigns,
            ("campaigns:sample", "pk"): [template.pk],
            ("campaigns", "file_pk"): [half_done.pk],
            ("messaging", "message_id"): [message.id],
            ("interfaces", "credential_id"): [access_key.pk, key.pk],
            ("interfaces", "network_id"): [network.pk, asked.pk],
            ("interfaces", "account_id"): [smpp.pk],
            ("interfaces", "target_id"): [target.pk],
            ("interfaces", "batch_id"): [batch],
            ("interfaces", "wish_id"): [wish.pk],
            ("interfaces:key_shown", "ticket"): [kept(owner, credential=key.pk, key=words)],
            ("interfaces:secret_shown", "ticket"): [kept(owner, target=target.pk, secret=words)],
            ("interfaces:smpp_shown", "ticket"): [kept(owner, account=smpp.pk, password=words)],
            ("accounts:password_shown", "ticket"): [
                kept(owner, user=other.pk, password=words, back="/")
            ],
            ("web", "file_id"): [file.pk],
        },
    )


def make_transfers(enterprise: Enterprise, words: str, file: StoredFile) -> tuple[list[int], int]:
    """An import that ended and one whose file is still coming; an export with its file."""
    given = {"enterprise": enterprise, "created_by": enterprise.users.first(), "file_name": words}
    now = timezone.now()
    ended = ContactImport.objects.create(
        state="done", refused_count=1, rows_read=1, finished_at=now, **given
    )
    RefusedContact.objects.create(
        enterprise_id=enterprise.pk, run_id=ended.pk, line=2, content=words, faults="phone:phone"
    )
    coming = ContactImport.objects.create(state="uploading", file=file, **given)
    export = ContactExport.objects.create(
        enterprise=enterprise, created_by=enterprise.users.first(), format="csv", language="en",
        search=words, state="done", file=file, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    return [ended.pk, coming.pk], export.pk


def make_bulk_change(enterprise: Enterprise, words: str) -> int:
    """A change of many contacts that has ended."""
    change = BulkChange.objects.create(
        enterprise=enterprise, created_by=enterprise.users.first(), kind="join", until=1, total=1,
        groups_named=words, state="done", finished_at=timezone.now(),
    )  # fmt: skip
    return change.pk


def kept(whose: User, **facts: Any) -> str:
    """A secret of this user's that waits to be seen once; its ticket."""
    request = HttpRequest()
    request.user = whose
    return once.keep(request, **facts)


@pytest.fixture
def acmes(acme: Enterprise) -> Belongings:
    return belongings_of(acme, ACME_SAYS)


@pytest.fixture
def theirs(globex: Enterprise) -> Belongings:
    return belongings_of(globex, "环球百货")


@pytest.fixture
def stranger(client: Client, theirs: Belongings, acmes: Belongings) -> Client:
    """Globex's owner, who may do everything there is to do, with their own."""
    client.force_login(theirs.owner)
    return client


# Addresses ---------------------------------------------------------------------------------------


def test_every_kind_of_object_is_asked_for(acmes: Belongings) -> None:
    unknown = [
        f"{address}: {parameter}"
        for address in OBJECTS
        for parameter in address.parameters
        if not acmes.of(address, parameter) and address.name not in SHARED
    ]
    assert unknown == [], "say in `belongings_of` what Acme's object is"
    assert {address.name for address in OBJECTS} >= SHARED


def test_a_stranger_sees_404_and_changes_nothing(
    stranger: Client, acmes: Belongings, theirs: Belongings
) -> None:
    for address in OBJECTS:
        if address.name in SHARED:
            continue
        before = everything_stored()
        paths = list(foreign_paths(address, acmes, theirs))
        assert paths
        for path in paths:
            statuses = {ask(stranger, method, path).status_code for method in METHODS}
            # A method that is not allowed is refused before anything is looked for.
            assert statuses - {HTTPStatus.METHOD_NOT_ALLOWED} == {HTTPStatus.NOT_FOUND}, path
        assert everything_stored() == before, address


def test_the_owner_finds_the_same_objects(client: Client, acmes: Belongings) -> None:
    """Otherwise the stranger's 404 would say nothing."""
    client.force_login(acmes.owner)
    for address in OBJECTS:
        if address.name in SHARED:
            continue
        choices = [acmes.of(address, parameter) for parameter in address.parameters]
        statuses = {
            answer_and_forget(client, method, path)
            for path in paths_of(address, choices)
            for method in METHODS
        }
        assert statuses - {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}, address


def paths_of(address: Address, choices: list[list[Any]]) -> Iterator[str]:
    """The address with each combination of values for its parameters."""
    for values in itertools.product(*choices):
        yield address.path(**dict(zip(address.parameters, values, strict=True)))


def foreign_paths(address: Address, acmes: Belongings, theirs: Belongings) -> Iterator[str]:
    """The address with Acme's objects; of several, with one of them beside one of one's own too."""
    acme, own = (
        [each.of(address, name) for name in address.parameters] for each in (acmes, theirs)
    )
    yield from paths_of(address, acme)
    if len(address.parameters) > 1:
        for at in range(len(acme)):
            yield from paths_of(
                address, [acme[n] if n == at else own[n][:1] for n in range(len(acme))]
            )


def ask(client: Client, method: str, path: str) -> HttpResponseBase:
    return client.generic(method, path, content_type="application/x-www-form-urlencoded")


def answer_and_forget(client: Client, method: str, path: str) -> int:
    """The status of the answer; what the request wrote is taken back."""
    with transaction.atomic():
        status = ask(client, method, path).status_code
        transaction.set_rollback(True)
    return int(status)


def everything_stored() -> dict[str, str]:
    """A fingerprint of each table with all that it holds, sessions aside."""
    tables = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label != "sessions"
    }
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT '{table}', md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t"
                for table in sorted(tables & set(connection.introspection.table_names(cursor)))
            )
        )
        return dict(cursor.fetchall())


# Objects that stand in a form or behind a question mark -------------------------------------------


def test_a_task_cannot_be_made_of_a_strangers_template(stranger: Client, acmes: Belongings) -> None:
    template = acmes.by_room["campaigns:sample", "pk"][0]
    count = Campaign.objects.count()
    form = {"name": "借来的", "template": template, "extension_code": ""}
    answer = stranger.post("/sms/campaigns/new/", form)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert Campaign.objects.count() == count
    assert not shows(answer, ACME_SAYS)
    for path in (f"/sms/campaigns/new/?template={template}",
                 f"/sms/campaigns/preview/?template={template}&name=x"):  # fmt: skip
        assert not shows(stranger.get(path), ACME_SAYS)


def test_a_template_cannot_be_made_with_a_strangers_signature(
    stranger: Client, acmes: Belongings
) -> None:
    signature = acmes.by_room["content", "signature_id"][0]
    before = everything_stored()
    form = {"name": "借来的", "signature": signature, "content": "您的订单已发货。",
            "kind": "industry", "traffic": "notice", "position": "front",
            "carriers": "all"}  # fmt: skip
    shelf = LibraryTemplate.objects.filter(active=True).first()
    assert shelf is not None
    for path in ("/sms/templates/new/", f"/sms/templates/library/{shelf.pk}/"):
        answer = stranger.post(path, form)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, path
        assert not shows(answer, ACME_SAYS)
    assert not shows(stranger.post("/sms/templates/preview/", form), ACME_SAYS)
    assert everything_stored() == before


def test_no_page_shows_a_word_of_a_strangers(stranger: Client, acmes: Belongings) -> None:
    """Not even when it is filtered by the stranger's ids, phones and words."""
    asked: list[dict[str, Any]] = [
        {},
        {"q": ACME_SAYS[:2]},
        {"phone": PHONE},
        {"campaign": acmes.by_room["campaigns", "pk"][1]},
        {"template": acmes.by_room["content", "template_id"][0]},
        {"signature": acmes.by_room["content", "signature_id"][0]},
    ]
    for address in PORTAL:
        if address.parameters:
            continue
        for query in asked:
            answer = stranger.get(f"/{address.route}", query)
            assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
            assert not shows(answer, ACME_SAYS), (address, query)
    stranger.force_login(acmes.owner)
    assert shows(stranger.get("/sms/signatures/"), ACME_SAYS), "else nothing was asked"


def shows(answer: Any, words: str) -> bool:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return words in content.decode()


# Doors -------------------------------------------------------------------------------------------


def test_nobody_gets_in_without_signing_in(client: Client, db: None) -> None:
    for address in every_address():
        if address.name in OPEN:
            continue
        for method in METHODS:
            answer = ask(client, method, anybodys(address))
            is_refused = answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED
            to_login = answer.headers.get("Location", "").startswith("/login/")
            assert is_refused or to_login, (method, address)


def test_the_console_is_closed_to_enterprises(client: Client, globex: Enterprise) -> None:
    client.force_login(globex.users.get())
    for address in every_address():
        if address.is_console:
            statuses = {ask(client, method, anybodys(address)).status_code for method in METHODS}
            refusals = {HTTPStatus.FORBIDDEN, HTTPStatus.METHOD_NOT_ALLOWED}
            assert statuses <= refusals, address


def anybodys(address: Address) -> str:
    """A path of this address, whatever it may mean."""
    return address.path(**dict.fromkeys(address.parameters, 1))
