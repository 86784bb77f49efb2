"""The port to which carriers connect to deliver: reports, messages from phones, user reports.

One port serves any number of channels. Who connects says by its log-in which channel it means;
gateways of several provinces may use one name, so the password and the address it comes from
count too. A channel is then handed the stream's events, from `Bound` to `Closed`, as it would be
of a connection of its own making, and acknowledges through the stream's session.

    listener = Listener(numbers)
    await listener.start("0.0.0.0", 8801)
    listener.admit(Channel("gateway", "secret", handle, (ip_network("192.0.2.0/28"),)))
    ...
    await listener.close()
"""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

import msgspec

from yunxin.protocols.events import BindMode, BindRequested, Closed, Event, PeerMistake
from yunxin.protocols.session import Limits, Side, State
from yunxin.protocols.sgip.numbers import Numbers
from yunxin.protocols.sgip.session import LIMITS, SgipSession
from yunxin.protocols.sgip.status import Code
from yunxin.protocols.stream import Stream, serve

SgipStream = Stream[SgipSession]
Network = IPv4Network | IPv6Network

# Twice what the specification has two gateways open; a carrier that reconnects before its old
# connections are noticed to be gone must not be shut out.
CONNECTIONS_MAX: Final = 30
STRANGERS_MAX: Final = 200  # connections that have not logged in yet; more are cut at once
# It is for the carrier to end an idle connection, after a minute by the specification. We say
# good-bye only to one that seems to be forgotten.
LISTENER_LIMITS: Final = msgspec.structs.replace(LIMITS, enquire_after_s=600.0)


class Channel(msgspec.Struct, frozen=True, eq=False):
    """Who may connect for one channel, and who is told.

    Args:
        handle: gets whole batches of events of a connection; never blocks.
        networks: from where; empty is anywhere.
        numbers: of the channel's node; the listener's where it has none.
    """

    name: str
    password: str
    handle: Callable[[SgipStream, list[Event]], None]
    networks: tuple[Network, ...] = ()
    numbers: Numbers | None = None


class Listener:
    """Listens from `start` to `close`; channels come and go meanwhile.

    Args:
        numbers: makes the numbers of our good-byes.
    """

    def __init__(self, numbers: Numbers, limits: Limits = LISTENER_LIMITS) -> None:
        self._numbers = numbers
        self._limits = limits
        self._channels: list[Channel] = []
        self._streams: dict[SgipStream, Channel] = {}
        self._strangers: set[SgipStream] = set()
        self._server: asyncio.Server | None = None
        self.refused = 0  # log-ins and other requests of strangers, since the start

    @property
    def port(self) -> int:
        """Where it listens; 0 before `start`."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else 0

    async def start(self, host: str, port: int) -> None:
        """Listen. Port 0 takes any free one.

        Raises:
            OSError: the port is taken, or not ours to take.
        """
        self._server = await serve(self._session, self._take, host, port, on_connected=self._meet)

    async def close(self) -> None:
        """Say good-bye to all and stop listening."""
        if self._server is None:
            return
        self._server.close()
        for stream in list(self._strangers):
            stream.abort()
        await asyncio.gather(*(stream.close() for stream in list(self._streams)))
        await self._server.wait_closed()
        self._server = None

    def admit(self, channel: Channel) -> None:
        """From now on this channel's carrier is let in."""
        self._channels.append(channel)

    def dismiss(self, channel: Channel) -> None:
        """From now on it is not; its connections are told good-bye."""
        self._channels.remove(channel)
        for stream in self.streams(channel):
            if stream.session.state is State.BOUND:
                stream.session.unbind(stream.touch())
                stream.flush()

    def streams(self, channel: Channel) -> list[SgipStream]:
        """A channel's connections."""
        return [stream for stream, whose in self._streams.items() if whose is channel]

    # What connections tell ----------------------------------------------------------------------

    def _session(self) -> SgipSession:
        modes = frozenset({BindMode.RECEIVER})  # nobody has a message to submit to us
        return SgipSession(Side.SERVER, self._limits, numbers=self._numbers, modes=modes)

    def _meet(self, stream: SgipStream) -> None:
        if len(self._strangers) >= STRANGERS_MAX:
            stream.abort()
        else:
            self._strangers.add(stream)

    def _take(self, stream: SgipStream, events: list[Event]) -> None:
        channel = self._streams.get(stream)
        if channel is None:
            self._take_stranger(stream, events)
            return
        if type(events[-1]) is Closed:
            del self._streams[stream]
        channel.handle(stream, events)

    def _take_stranger(self, stream: SgipStream, events: list[Event]) -> None:
        """A connection that has not logged in: nothing of it is anybody's but its log-in."""
        for event in events:
            if isinstance(event, BindRequested):
                self._bind(stream, event)
            elif isinstance(event, PeerMistake):
                self.refused += 1
            elif isinstance(event, Closed):
                self._strangers.discard(stream)

    def _bind(self, stream: SgipStream, event: BindRequested) -> None:
        session = stream.session
        if session.state is not State.BINDING:
            return  # nonsense behind the log-in has ended the connection
        channel = self._whose(event, stream.peer_address.rpartition(":")[0])
        if channel is None:
            status = Code.ILLEGAL_LOGIN
        elif len(self.streams(channel)) >= CONNECTIONS_MAX:
            status = Code.TOO_MANY_CONNECTIONS
        else:
            session.numbers = channel.numbers or self._numbers
            self._strangers.discard(stream)
            self._streams[stream] = channel
            channel.handle(stream, list(session.accept_bind()))
            return
        self._turn_away(stream, status)

    def _turn_away(self, stream: SgipStream, status: int) -> None:
        """Answer and hang up: one guess a connection."""
        self.refused += 1
        self._strangers.discard(stream)
        stream.session.refuse_bind(status)
        stream.session.lost("The log-in was refused.")  # the flush that follows hangs up

    def _whose(self, event: BindRequested, address: str) -> Channel | None:
        """The channel that a log-in means; one that names the address is preferred.

        Every channel's password is compared, so that the time taken says nothing of any.
        """
        fitting = [
            channel
            for channel in self._channels
            if event.login.matches(channel.password) and channel.name == event.login.name
        ]
        fitting = [c for c in fitting if not c.networks or _is_within(address, c.networks)]
        return max(fitting, key=lambda channel: bool(channel.networks), default=None)


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ip_address(address.strip("[]"))
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in network for network in networks)
