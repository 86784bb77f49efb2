"""What a carrier's answer means, whatever its protocol: each has a table of these by number."""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple, TypeVar

from yunxin.protocols.events import Retry

CodeT = TypeVar("CodeT", bound=IntEnum)


class Status(NamedTuple):
    """One code: what the protocol calls it, whether to try again, what to tell people."""

    code: int
    name: str
    retry: Retry
    sentence: str


def table(sentences: Mapping[CodeT, str], retries: Mapping[CodeT, Retry]) -> dict[int, Status]:
    """A protocol's codes by number; a code of which `retries` says nothing is refused for good."""
    return {
        int(code): Status(int(code), code.name, retries.get(code, Retry.PERMANENT), sentence)
        for code, sentence in sentences.items()
    }


def unknown(code: int, sentence: str = "The carrier refused with a code of its own.") -> Status:
    """A code that the table lacks: a permanent refusal with its number for a name."""
    return Status(code, str(code), Retry.PERMANENT, sentence)
