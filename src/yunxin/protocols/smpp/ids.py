"""Message ids whose form differs between the submit answer and the receipt.

Message centres exist that answer a submit with `0000ABCD` and write `id:43981` into the receipt.
Both are brought to one key per channel by a rule; the rule's names are `vocabulary.IdRule`'s.
"""

from collections.abc import Callable


def normalise(rule: str, message_id: str) -> str:
    """The key of an id that stood in a receipt.

    Args:
        rule: `as_is`, `case_insensitive`, `hex_to_decimal` (the receipt is hexadecimal, the answer
            decimal) or `decimal_to_hex` (the other way round).
    Raises:
        KeyError: there is no such rule.
    """
    return _OF_RECEIPT[rule](message_id)


def normalise_answer(rule: str, message_id: str) -> str:
    """The key of an id that stood in a submit answer: equal to `normalise` of its receipt's."""
    return _OF_ANSWER[rule](message_id)


def _as_is(message_id: str) -> str:
    return message_id


def _plain(message_id: str) -> str:
    """Lower case and without leading zeros."""
    return message_id.strip().lower().lstrip("0") or "0"


def _hex_to_decimal(message_id: str) -> str:
    try:
        return str(int(message_id, 16))
    except ValueError:
        return _plain(message_id)


def _decimal_to_hex(message_id: str) -> str:
    try:
        return f"{int(message_id):x}"
    except ValueError:
        return _plain(message_id)


_OF_RECEIPT: dict[str, Callable[[str], str]] = {
    "as_is": _as_is,
    "case_insensitive": _plain,
    "hex_to_decimal": _hex_to_decimal,
    "decimal_to_hex": _decimal_to_hex,
}
_OF_ANSWER: dict[str, Callable[[str], str]] = {
    "as_is": _as_is,
    "case_insensitive": _plain,
    "hex_to_decimal": _plain,
    "decimal_to_hex": _plain,
}
