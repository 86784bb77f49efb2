"""What can go wrong in a protocol: the peer's mistakes and ours, and nothing else.

Bytes from outside raise `RemoteProtocolError` and never any other exception; a session turns it
into an answer and an event. `LocalProtocolError` is a mistake of the program that uses a codec or
a session, and is meant to be seen by its author.
"""


class ProtocolError(Exception):
    """Something does not agree with the protocol."""


class RemoteProtocolError(ProtocolError):
    """The peer sent something that does not agree with the protocol.

    Attributes:
        status: what to answer it with, in the protocol's own numbers.
        fatal: the boundaries between frames are lost, so the connection has to end.
    """

    def __init__(self, message: str, *, status: int = 0, fatal: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.fatal = fatal


class LocalProtocolError(ProtocolError):
    """This program asked for something that does not agree with the protocol."""


class WindowFull(LocalProtocolError):
    """More requests are unanswered than the peer allows; wait for an answer."""
