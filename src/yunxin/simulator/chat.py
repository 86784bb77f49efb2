"""The page of the simulated phones: who has messages, and one phone in the hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from yunxin.protocols.clock import BEIJING
from yunxin.protocols.receipt import Outcome, outcome_of
from yunxin.simulator.frame import Frame, document
from yunxin.simulator.ledger import Message
from yunxin.simulator.markup import Markup, tag
from yunxin.simulator.words import Translate


def phones_page(
    frame: Frame,
    *,
    counts: dict[str, Any],
    latest: Sequence[Message],
    query: str,
    phone: str,
    thread: Sequence[Message],
    received: int,
    error: str = "",
    draft: str = "",
) -> str:
    """The list of phones, and one of them in the hand."""
    say = frame.say
    search = tag(
        "form",
        tag("label", say("Search by phone number"), for_="q", class_="visually-hidden"),
        tag(
            "input",
            id="q",
            name="q",
            type="search",
            value=query,
            placeholder=say("Search by phone number"),
            inputmode="numeric",
            autocomplete="off",
        ),
        tag("button", say("Search"), type="submit"),
        method="get",
        class_="search",
        role="search",
    )
    listing = tag(
        "section",
        search,
        tag("div", phone_list(frame, latest, phone, query), id="list"),
        class_="card list-card",
        aria_label=say("Phones"),
    )
    hand = tag("section", _hand(frame, phone, thread, received, error, draft), class_="hand")
    return document(
        frame,
        say("Phones"),
        tag("h1", say("Phones"), class_="visually-hidden"),
        tag("div", cards(frame, counts), id="cards", class_="cards"),
        tag("div", listing, hand, class_="inbox" + (" has-phone" if phone else "")),
    )


def cards(frame: Frame, counts: dict[str, Any]) -> Markup:
    """The figures above the phones."""
    say = frame.say
    figures = [
        (say("Messages received"), counts["accepted"], _share(say, counts)),
        (say("Phones"), counts["phones"], f"{say('Duplicates')} {counts['duplicates']:,}"),
        (say("Submits refused"), counts["refused"], _refusals(say, counts)),
        (
            say("Receipts acknowledged"),
            counts["receipts_acknowledged"],
            f"{say('on their way')} {counts['receipts_waiting'] + counts['deliveries_queued']:,}",
        ),
    ]
    boxes = [
        tag(
            "div",
            tag("span", name, class_="name"),
            tag("strong", f"{value:,}"),
            tag("span", note, class_="note"),
            class_="card figure",
        )
        for name, value, note in figures
    ]
    connected = say("connected") if counts["sessions"] else say("nobody is connected")
    boxes.append(
        tag(
            "div",
            tag("span", say("Sessions"), class_="name"),
            tag("strong", counts["sessions"]),
            tag("span", connected, class_="note"),
            class_="card figure",
        )
    )
    return Markup("".join(boxes))


def _share(say: Translate, counts: dict[str, Any]) -> str:
    delivered = counts["outcomes"].get("DELIVRD", 0)
    return f"{say('to be delivered')} {delivered:,}"


def _refusals(say: Translate, counts: dict[str, Any]) -> str:
    most = sorted(counts["refused_by_status"].items(), key=lambda pair: -pair[1])[:2]
    return " · ".join(f"{name} {count:,}" for name, count in most) or say("none")


def phone_list(frame: Frame, latest: Sequence[Message], phone: str, query: str) -> Markup:
    """The phones with their newest message, newest first."""
    say = frame.say
    if not latest:
        if query:
            empty = say("No phone with this number has a message among the latest.")
        else:
            empty = say("No message has arrived yet. Send one, and it appears here by itself.")
        return tag("p", empty, class_="empty")
    rows = []
    for message in latest:
        address = f"./?phone={message.phone}" + (f"&q={query}" if query else "")
        rows.append(
            tag(
                "a",
                tag("span", message.phone[-2:], class_="face", aria_hidden="true"),
                tag(
                    "span",
                    tag("span", _spaced(message.phone), class_="phone"),
                    tag("time", _clock(message.at), class_="time"),
                    tag("span", _preview(say, message), class_="preview"),
                    class_="what",
                ),
                href=address,
                class_="row",
                aria_current="true" if message.phone == phone else None,
            )
        )
    return Markup("".join(rows))


def _preview(say: Translate, message: Message) -> str:
    return f"{say('Reply')}: {message.text}" if message.from_phone else message.text


def _hand(
    frame: Frame, phone: str, thread: Sequence[Message], received: int, error: str, draft: str
) -> Markup:
    say = frame.say
    if not phone:
        return tag(
            "div",
            tag("p", say("Choose a phone to read its messages and to reply."), class_="empty"),
            class_="device idle",
        )
    bar = tag(
        "div",
        tag("span", "9:41"),
        tag("span", class_="island", aria_hidden="true"),
        tag("span", "5G"),
        class_="bar",
    )
    head = tag(
        "div",
        tag("a", "‹", href="./", class_="back", aria_label=say("Back to all phones")),
        tag(
            "div",
            tag("strong", _spaced(phone)),
            tag("span", f"{say('messages in all')} {received:,}", id="received"),
        ),
        class_="who",
    )
    return tag(
        "div",
        tag(
            "div",
            bar,
            head,
            tag(
                "div",
                talk(frame, thread),
                id="talk",
                class_="talk",
                role="log",
                tabindex=0,
                aria_label=say("Messages"),
            ),
            _reply_form(frame, phone, thread, error, draft),
            class_="screen",
        ),
        class_="device",
        data_phone=phone,
    )


def talk(frame: Frame, thread: Sequence[Message]) -> Markup:
    """The messages of one phone, oldest first, as a chat."""
    say = frame.say
    if not thread:
        return tag("p", say("The texts of older messages are not kept."), class_="empty")
    return Markup("".join(_bubble(say, message) for message in thread))


def _bubble(say: Translate, message: Message) -> Markup:
    side = "ours" if message.from_phone else "theirs"
    reached = message.from_phone or _reaches(message)
    route = f"→ {message.access_number}" if message.from_phone else message.access_number
    notes = [tag("span", _clock(message.at)), tag("span", route)]
    if message.parts > 1:
        notes.append(tag("span", f"{message.parts} {say('parts')}"))
    if message.duplicate:
        notes.append(tag("span", say("came before"), class_="flag"))
    if not message.from_phone:
        notes.append(_state(say, message))
    return tag(
        "div",
        tag("p", message.text, class_="bubble"),
        tag("div", *notes, class_="notes"),
        class_=f"message {side}" + ("" if reached else " unreached"),
    )


def _reaches(message: Message) -> bool:
    return not message.stat or outcome_of(message.stat) in (Outcome.DELIVERED, Outcome.PENDING)


def _state(say: Translate, message: Message) -> Markup:
    if not message.stat:
        return tag("span", say("on its way"), class_="state")
    if _reaches(message):
        return tag("span", say("delivered"), class_="state good")
    return tag("span", f"{say('not delivered')} · {message.stat}", class_="state bad")


def _reply_form(
    frame: Frame, phone: str, thread: Sequence[Message], error: str, draft: str
) -> Markup:
    say = frame.say
    numbers = list(dict.fromkeys(message.access_number for message in reversed(thread)))
    if len(numbers) > 1:
        options = [tag("option", number, value=number) for number in numbers]
        to: Markup = tag("select", *options, name="access_number", aria_label=say("Reply to"))
    elif numbers:
        to = tag("input", type="hidden", name="access_number", value=numbers[0])
    else:
        to = tag(
            "input",
            name="access_number",
            required=True,
            inputmode="numeric",
            maxlength=20,
            placeholder=say("Access number"),
            aria_label=say("Access number"),
        )
    return tag(
        "form",
        tag("p", error, class_="error", role="alert") if error else None,
        tag("input", type="hidden", name="phone", value=phone),
        to,
        tag(
            "textarea",
            draft,
            name="text",
            rows=1,
            required=True,
            maxlength=1000,
            placeholder=say("Reply as the holder of this phone"),
            aria_label=say("Reply as the holder of this phone"),
        ),
        tag("button", say("Send"), type="submit"),
        method="post",
        action="reply",
        class_="reply",
    )


def _clock(at: float) -> str:
    """Today as a time, else with its date; in Beijing."""
    moment = datetime.fromtimestamp(at, BEIJING)
    today = datetime.now(BEIJING).date()
    return moment.strftime("%H:%M:%S" if moment.date() == today else "%m-%d %H:%M")


def _spaced(phone: str) -> str:
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}" if len(phone) == 11 else phone
