"""cmppy, a CMPP 3.0 client that is not ours, as a program: sends one message, prints one JSON line.

cmppy_client.py PORT ACCOUNT SECRET ACCESS_NUMBER TEXT PHONE…
"""

import json
import sys

from cmppy import Cmppy, SubmitReq

port, account, secret, access_number, text, *phones = sys.argv[1:]
request = SubmitReq(account, text, src_id=access_number, dest_terminal_id=phones)
answer = Cmppy("127.0.0.1", int(port), account, secret).request(request)
said = None if answer is None else {"msg_id": f"{answer.msg_id:016x}", "result": answer.result}
print(json.dumps({"sequence": request.sequence, "answer": said}))
