"""The pages of the behaviour: the knobs as a form, all counters, and the magic numbers."""

from typing import Any

import msgspec

from yunxin.simulator.behaviour import MAGIC, Behaviour
from yunxin.simulator.frame import Frame, document
from yunxin.simulator.markup import Markup, tag
from yunxin.simulator.words import Translate

GROUPS: list[tuple[str, list[str]]] = [
    (
        "Times",
        ["answer_delay_s", "answer_jitter_s", "receipt_delay_s", "receipt_jitter_s", "late_s"],
    ),
    (
        "Shares, from 0 to 1",
        [
            *("refusal_rate", "busy_rate", "silence_rate", "failure_rate", "lost_rate"),
            *("late_rate", "double_rate", "early_rate"),
        ],
    ),
    ("Words and codes", ["refusal_status", "failure_stat", "failure_error"]),
    (
        "Limits and cuts",
        ["throttle_per_s", "queue_max", "disconnect_every_messages", "disconnect_every_s"],
    ),
    ("Shape of receipts", ["answer_id", "receipt_id", "receipt_fields", "shuffle", "magic"]),
]
LABELS = {
    "answer_delay_s": "Seconds until a submit is answered",
    "answer_jitter_s": "and up to so many more",
    "receipt_delay_s": "Seconds until the receipt",
    "receipt_jitter_s": "and up to so many more",
    "late_s": "Seconds that a late receipt takes",
    "refusal_rate": "Submits refused for good",
    "busy_rate": "Submits refused for now (RSYSERR)",
    "silence_rate": "Messages taken without an answer",
    "failure_rate": "Messages that are not delivered",
    "lost_rate": "Receipts that get lost",
    "late_rate": "Receipts that come late",
    "double_rate": "Receipts that come twice",
    "early_rate": "Receipts before the answer",
    "refusal_status": "Status of a refusal (command_status, decimal)",
    "failure_stat": "Stat of a failure",
    "failure_error": "Error of a failure",
    "throttle_per_s": "Submits a second and account; more are RTHROTTLED (0: any)",
    "queue_max": "Receipts on their way; more are RMSGQFUL (0: any)",
    "disconnect_every_messages": "Cut a connection after so many submits (0: never)",
    "disconnect_every_s": "Cut a connection after so many seconds (0: never)",
    "answer_id": "Message id in the answer",
    "receipt_id": "Message id in the receipt",
    "receipt_fields": "Receipt's id and state stand in",
    "shuffle": "Receipts due together leave in any order",
    "magic": "Magic numbers count",
}
CHOICES: dict[str, dict[str, str]] = {
    "answer_id": {"decimal": "decimal", "hex": "hexadecimal", "HEX": "hexadecimal, padded"},
    "receipt_id": {"decimal": "decimal", "hex": "hexadecimal", "HEX": "hexadecimal, padded"},
    "receipt_fields": {"both": "both", "text": "text", "parameters": "optional parameters"},
}
SWITCHES = ("shuffle", "magic")


def _hint(name: str) -> str:
    """What a knob takes."""
    if name.endswith("_rate"):
        return "A number from 0 to 1, such as 0.05."
    if name in ("failure_stat", "failure_error"):
        return "Letters, digits and colons; at most 20 and 10 characters."
    if name.endswith("_s") and name != "throttle_per_s":
        return "Seconds, from 0 to 86400."
    return "A whole number, 0 or more."


def behaviour_page(
    frame: Frame,
    behaviour: Behaviour,
    counts: dict[str, Any],
    *,
    typed: dict[str, str] | None = None,
    wrong: str = "",
    done: bool = False,
) -> str:
    """The knobs as a form, and all counters beside it. What was typed wrongly is kept."""
    say = frame.say
    values = {**msgspec.to_builtins(behaviour), **(typed or {})}
    groups = [
        tag(
            "fieldset",
            tag("legend", say(title)),
            *(_knob(say, name, values[name], wrong=name == wrong) for name in names),
        )
        for title, names in GROUPS
    ]
    form = tag(
        "form",
        tag("p", say("Nothing was changed: mend what is marked."), class_="error", role="alert")
        if typed
        else None,
        tag("p", say("The behaviour was changed."), class_="done", role="status") if done else None,
        *groups,
        tag("div", tag("button", say("Save"), type="submit", class_="main"), class_="actions"),
        method="post",
        action="behaviour",
        class_="card knobs",
    )
    return document(
        frame,
        say("Behaviour"),
        tag(
            "div",
            tag("h1", say("Behaviour")),
            tag("p", say("It counts at once, for the messages that come from now on.")),
            class_="head",
        ),
        tag("div", form, _counters(frame, counts), class_="two"),
    )


def _knob(say: Translate, name: str, value: Any, wrong: bool) -> Markup:
    label = tag("span", say(LABELS[name]), tag("code", name))
    if name in SWITCHES:
        box = tag(
            "input", type="checkbox", name=name, value="true", checked=value in (True, "true")
        )
        return tag("label", box, label, class_="knob switch")
    if name in CHOICES:
        options = [
            tag("option", say(text), value=key, selected=key == value)
            for key, text in CHOICES[name].items()
        ]
        return tag("label", label, tag("select", *options, name=name), class_="knob")
    shown = f"{value:g}" if isinstance(value, float) else value
    field = tag("input", name=name, value=shown, aria_invalid="true" if wrong else None)
    mend = tag("em", say(_hint(name)), class_="error") if wrong else None
    return tag("label", label, field, mend, class_="knob")


def _counters(frame: Frame, counts: dict[str, Any]) -> Markup:
    say = frame.say
    rows: list[Markup] = []
    for name, value in counts.items():
        if isinstance(value, dict):
            rows += [
                tag("tr", tag("th", f"{name} {key}", scope="row"), tag("td", f"{count:,}"))
                for key, count in value.items()
            ]
        else:
            rows.append(tag("tr", tag("th", name, scope="row"), tag("td", f"{value:,}")))
    buttons = [
        tag(
            "form",
            tag("button", say(text), type="submit", data_ask=say(question)),
            method="post",
            action=action,
        )
        for action, text, question in (
            ("reset", "Count anew", "Forget all counters and texts?"),
            ("disconnect", "Cut all connections", "Cut every connection now?"),
        )
    ]
    return tag(
        "section",
        tag("h2", say("Counters")),
        tag("p", tag("code", "api/counts"), " ", say("gives the same as JSON."), class_="note"),
        tag("table", tag("tbody", *rows)),
        tag("div", *buttons, class_="actions"),
        class_="card counters",
    )


def numbers_page(frame: Frame, behaviour: Behaviour) -> str:
    """The table of the last four digits that choose a fate."""
    say = frame.say
    rows = [
        tag(
            "tr",
            tag("td", tag("span", "138 0000 ", class_="quiet"), tag("strong", digits)),
            tag("td", say(magic.about)),
        )
        for digits, magic in MAGIC.items()
    ]
    off = tag("p", say("Magic numbers are switched off at the moment."), class_="error")
    return document(
        frame,
        say("Magic numbers"),
        tag(
            "div",
            tag("h1", say("Magic numbers")),
            tag("p", say("The last four digits of a phone choose what happens to its messages.")),
            class_="head",
        ),
        None if behaviour.magic else off,
        tag(
            "section",
            tag(
                "table",
                tag(
                    "thead",
                    tag(
                        "tr",
                        tag("th", say("Phone ends in"), scope="col"),
                        tag("th", say("What happens"), scope="col"),
                    ),
                ),
                tag("tbody", *rows),
            ),
            class_="card numbers",
        ),
    )
