"""The carriers' protocols, sans-IO: bytes in, events out, time passed in.

What this room may import: the standard library and msgspec, nothing of ours. Begin reading with
`session` (the state machine that all protocols share), then `smpp/session` (one protocol on top of
it), then `stream` (the only file that touches a socket).

How a program uses it, whatever the protocol:

    session = SmppSession(Side.CLIENT, Limits(window=100))  # or CmppSession, …
    login = Login(name="demo", password="secret", mode=BindMode.TRANSCEIVER)
    stream = await open_bound(session, login, host, port, handle)  # or BindFailed, OSError
    cut = SubmitTemplate("10690001", data_coding=8)  # once per channel and source number

    for message in messages[: stream.free]:  # how many may be handed over now
        session.submit(cut, "13800138000", data, tag=message, now=stream.now)
    stream.flush()

    def handle(stream, events):  # called with whole batches; never blocks
        SubmitAnswered(sequence, tag, message_id, status)  # session.explain(status).retry
        Unanswered(sequence, tag, why)           # no answer in time: in doubt
        ReceiptArrived(sequence, receipt, source, destination)
        InboundArrived(sequence, source, destination, data, alphabet, part)
        Unbound(by_peer); Closed(reason, detail, unanswered, sequences)  # the last event

    # once what arrived is stored:
    session.acknowledge(sequences)
    stream.flush()

The server side (the simulated carrier) uses the same session with `Side.SERVER`, through
`serve(...)`: it gets `BindRequested`, `SubmitRequested`, `DeliverAnswered` and answers with
`accept_bind`, `answer_submit`, `deliver`.
"""
