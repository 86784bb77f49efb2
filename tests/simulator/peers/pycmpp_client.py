"""pycmpp, a CMPP 2.0 client that is not ours, as a program driven by lines of JSON.

    pycmpp_client.py PORT ACCOUNT SECRET

Prints a line for whatever arrives: connected, answer, alive, asked, or the name of a command that
pycmpp has no handler for. A line of input `{"text": …, "phones": […]}` is sent; the end of the
input says good-bye.
"""

import json
import os
import sys
import threading

from pycmpp import Cmpp, cmpp_defines, handlers, response


def say(**words: object) -> None:
    print(json.dumps(words), flush=True)


class Connected(handlers.CmppConnectRespHandler):
    def __call__(self) -> None:
        answer = response.ConnectResponseInstance()
        answer.resolve(self.message)
        digest = answer.authenticator_ISMG.hex()
        say(connected=answer.status, version=answer.version, digest=digest)


class Answered(handlers.CmppSubmitRespHandler):
    def __call__(self) -> None:
        answer = response.SubmitResponseInstance()
        answer.resolve(self.message)
        say(answer=f"{answer.msg_id:016x}", result=answer.status, sequence=answer.seq_id)


class Alive(handlers.CmppActiveTestRespHandler):
    def __call__(self) -> None:
        say(alive=len(self.message))


class Delivered(handlers.BaseHandler):
    """pycmpp reads no DELIVER: only its bytes are told."""

    def __call__(self) -> None:
        say(delivered=self.message.hex())


port, account, secret = sys.argv[1:]
client = Cmpp("127.0.0.1", int(port), account, secret, src_id="", delivery=1)
client.handlers |= {
    cmpp_defines.CMPP_CONNECT_RESP: Connected,
    cmpp_defines.CMPP_SUBMIT_RESP: Answered,
    cmpp_defines.CMPP_ACTIVE_TEST_RESP: Alive,
    cmpp_defines.CMPP_DELIVER_REQ: Delivered,
}
client.connect()
client.auth()
threading.Thread(target=client.receive, daemon=True).start()
client._start_thread_heartbeat()
for line in sys.stdin:
    order = json.loads(line)
    client.submit(order["text"], order["phones"])
client.terminate()
os._exit(0)  # its threads never end by themselves
