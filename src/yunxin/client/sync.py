"""The client for ordinary programs; `asynchronous` is the same for asyncio."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx

from yunxin.client import calls, contact_calls
from yunxin.client.answers import (
    Application,
    Balance,
    Contact,
    ContactGroup,
    Deleted,
    DeletedContacts,
    InboundMessage,
    MembersChanged,
    Message,
    Page,
    Preview,
    Receipt,
    Replay,
    SavedContact,
    SavedContacts,
    Sent,
    Signature,
    Template,
)
from yunxin.client.calls import Call, To
from yunxin.client.contact_calls import Groups, Person
from yunxin.client.exchange import Address, Outcome, Patience, Step, exchange
from yunxin.client.identity import Identity

T = TypeVar("T")
TIMEOUT_S = 30.0


class Client:
    """One enterprise's way to the platform; use it in a `with`, or close it.

    Args:
        url: the platform's address, such as https://sms.example.com.
        key: a key of v1, from the page of credentials.
        signs: sign each request instead of showing the key.
        language: of the sentences in problems, "zh-CN" or "en".
        http: an httpx client of your own, for proxies and certificates.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        signs: bool = False,
        language: str = "",
        patience: Patience | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._address = Address(url, Identity(key, signs), language)
        self._patience = patience or Patience()
        self._http = http or httpx.Client(timeout=TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    def send(
        self,
        template: str | int,
        to: To,
        parameters: Sequence[str] = (),
        *,
        extension: str = "",
        reference: str = "",
        idempotency_key: str = "",
    ) -> Sent:
        """Send one template to one phone, or to up to 1,000 recipients.

        Tried again by itself when the connection breaks or the platform is busy: the idempotency
        key, made here unless given, keeps it from being sent twice. Give one of your own, such
        as an order number, if your program may be started again in the middle.
        """
        return self.ask(
            calls.send(
                template,
                to,
                parameters,
                extension=extension,
                reference=reference,
                idempotency_key=idempotency_key,
            )
        )

    def preview(
        self, template: str | int, to: To, parameters: Sequence[str] = (), *, extension: str = ""
    ) -> Preview:
        """What sending would do: texts, segments and refusals; nothing is sent."""
        return self.ask(calls.preview(template, to, parameters, extension=extension))

    def message(self, message_id: str | int) -> Message:
        """One message and its time line."""
        return self.ask(calls.message(message_id))

    def messages(
        self,
        *,
        reference: str = "",
        phone: str = "",
        state: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> "Pages[Message]":
        """Messages that fit all that is given, newest first."""
        return Pages(
            self,
            lambda cursor: calls.messages(
                cursor, reference=reference, phone=phone, state=state, since=since, until=until
            ),
        )

    def inbound(self, cursor: str = "") -> "Pages[InboundMessage]":
        """Replies since a cursor, oldest first; keep `.cursor` for the next time."""
        return Pages(self, calls.inbound, cursor)

    def receipts(self, cursor: str = "") -> "Pages[Receipt]":
        """Receipts since a cursor, oldest first; keep `.cursor` for the next time."""
        return Pages(self, calls.receipts, cursor)

    def replay_pushes(self, kind: str, since: datetime, until: datetime | None = None) -> Replay:
        """Push "receipts" or "replies" of a time to your URL once more, dead letters too."""
        return self.ask(calls.replay_pushes(kind, since, until))

    def balance(self) -> Balance:
        """What is left in the packages, in segments."""
        return self.ask(calls.balance())

    def signatures(self) -> "Pages[Signature]":
        """The enterprise's signatures."""
        return Pages(self, calls.signatures)

    def templates(self) -> "Pages[Template]":
        """The enterprise's templates."""
        return Pages(self, calls.templates)

    def apply_for_signature(
        self, name: str, purpose: str, *, kind: str = "", idempotency_key: str = ""
    ) -> Signature | Application:
        """Apply for a signature (without 【】), which an operator reviews.

        An `Application` comes back where the platform takes longer than some seconds to check
        it: ask for it again by `application`. What breaks a rule is a `Problem`.

        Args:
            kind: what it names, as the interface document lists them; a company if not given.
        """
        return self.ask(
            calls.apply_for_signature(name, purpose, kind=kind, idempotency_key=idempotency_key)
        )

    def apply_for_template(
        self,
        name: str,
        signature: str | int,
        content: str,
        *,
        variables: Sequence[str] = (),
        kind: str = "",
        traffic: str = "",
        position: str = "",
        carriers: Sequence[str] = (),
        idempotency_key: str = "",
    ) -> Template | Application:
        """Apply for a template, which an operator reviews; the answer is as of a signature.

        Args:
            signature: the id of one of your signatures.
            content: with `#*#` for each variable.
            variables: what the variables are, in order.
        """
        return self.ask(
            calls.apply_for_template(
                name,
                signature,
                content,
                variables=variables,
                kind=kind,
                traffic=traffic,
                position=position,
                carriers=carriers,
                idempotency_key=idempotency_key,
            )
        )

    def application(self, application_id: str | int) -> Application:
        """What became of an application."""
        return self.ask(calls.application(application_id))

    def contacts(
        self,
        *,
        group: str | int = "",
        subgroups: bool = False,
        search: str = "",
        phone: str = "",
    ) -> "Pages[Contact]":
        """Contacts that fit all that is given, newest first.

        Args:
            group: contacts directly in it; with `subgroups`, in those that lie in it as well.
            search: part of the name, of its initials or of the phone.
        """
        return Pages(
            self,
            lambda cursor: contact_calls.contacts(
                cursor, group=group, subgroups=subgroups, search=search, phone=phone
            ),
        )

    def contact(self, who: str | int) -> Contact:
        """One contact, by id or phone."""
        return self.ask(contact_calls.contact(who))

    def save_contact(
        self, person: Person, *, groups: Groups = (), idempotency_key: str = ""
    ) -> SavedContact:
        """Write the contact with a phone: change it, or make it; it joins the groups."""
        return self.ask(
            contact_calls.save_contact(person, groups=groups, idempotency_key=idempotency_key)
        )

    def save_contacts(
        self,
        persons: Iterable[Person],
        *,
        groups: Groups = (),
        overwrite: bool = True,
        idempotency_key: str = "",
    ) -> SavedContacts:
        """Write up to 1,000 contacts, known by their phones; all join the groups.

        Args:
            overwrite: False leaves contacts that are there as they are.
        """
        return self.ask(
            contact_calls.save_contacts(
                persons, groups=groups, overwrite=overwrite, idempotency_key=idempotency_key
            )
        )

    def delete_contact(self, who: str | int, *, idempotency_key: str = "") -> Deleted:
        """Delete one contact, by id or phone."""
        return self.ask(contact_calls.delete_contact(who, idempotency_key=idempotency_key))

    def delete_contacts(
        self, who: Iterable[str | int], *, idempotency_key: str = ""
    ) -> DeletedContacts:
        """Delete up to 1,000 contacts, by ids or phones."""
        return self.ask(contact_calls.delete_contacts(who, idempotency_key=idempotency_key))

    def contact_groups(self) -> "Pages[ContactGroup]":
        """All groups, each after the one in which it lies."""
        return Pages(self, contact_calls.contact_groups)

    def contact_group(self, group: str | int) -> ContactGroup:
        """One group, by id."""
        return self.ask(contact_calls.contact_group(group))

    def create_contact_group(
        self, name: str, *, parent: str | int | None = None, idempotency_key: str = ""
    ) -> ContactGroup:
        """Make a group, in another one or at the top."""
        return self.ask(
            contact_calls.create_contact_group(name, parent=parent, idempotency_key=idempotency_key)
        )

    def rename_contact_group(
        self, group: str | int, name: str, *, idempotency_key: str = ""
    ) -> ContactGroup:
        """Give a group another name."""
        return self.ask(
            contact_calls.rename_contact_group(group, name, idempotency_key=idempotency_key)
        )

    def delete_contact_group(self, group: str | int, *, idempotency_key: str = "") -> Deleted:
        """Delete a group with those that lie in it; contacts stay. Groups are counted."""
        return self.ask(contact_calls.delete_contact_group(group, idempotency_key=idempotency_key))

    def add_to_group(
        self, group: str | int, who: Iterable[str | int], *, idempotency_key: str = ""
    ) -> MembersChanged:
        """Let up to 1,000 contacts, by ids or phones, join a group."""
        return self.ask(contact_calls.add_to_group(group, who, idempotency_key=idempotency_key))

    def remove_from_group(
        self, group: str | int, who: Iterable[str | int], *, idempotency_key: str = ""
    ) -> MembersChanged:
        """Let up to 1,000 contacts, by ids or phones, leave a group."""
        return self.ask(
            contact_calls.remove_from_group(group, who, idempotency_key=idempotency_key)
        )

    def ask(self, call: Call[T]) -> T:
        """Carry out a call of `calls`."""
        steps = exchange(call, self._address, self._patience)
        outcome: Outcome = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as done:
                answer: T = done.value
                return answer
            outcome = self._do(step)

    def _do(self, step: Step) -> Outcome:
        if isinstance(step, float):
            time.sleep(step)
            return None
        try:
            return self._http.send(step)
        except httpx.TransportError as error:
            return error


class Pages(Generic[T]):
    """Rows of all pages, fetched as they are needed.

    `cursor` stands after the last row of the last page that was read to its end: keep it, and
    give it to the next pull of receipts or replies.
    """

    def __init__(
        self, client: Client, call: Callable[[str], Call[Page[T]]], cursor: str = ""
    ) -> None:
        self._client = client
        self._call = call
        self.cursor = cursor

    def __iter__(self) -> Iterator[T]:
        while True:
            page = self._client.ask(self._call(self.cursor))
            yield from page.data
            self.cursor = page.next or self.cursor
            if page.next is None or not page.data:
                return
