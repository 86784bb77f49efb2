"""What a carrier's answer means, whatever its protocol: each has a table of these by number."""

from typing import NamedTuple

from yunxin.protocols.events import Retry


class Status(NamedTuple):
    """One code: what the protocol calls it, whether to try again, what to tell people."""

    code: int
    name: str
    retry: Retry
    sentence: str
