"""`yunxin send` (and `yunxin-send` of the client's own distribution): send one template.

    yunxin send --template 100001 --to 13800000000 --param 1234

Address and key stand in YUNXIN_CLIENT_URL and YUNXIN_CLIENT_KEY, or are given. The key is never
printed; prefer the environment, as other people of the machine can read a command line.
"""

import argparse
import dataclasses
import logging
import os
import sys
from collections.abc import Sequence

import msgspec

from yunxin.client.answers import Preview, Sent, SentMessage
from yunxin.client.errors import YunxinError
from yunxin.client.sync import Client

URL_NAME, KEY_NAME = "YUNXIN_CLIENT_URL", "YUNXIN_CLIENT_KEY"
REFUSED, USAGE_ERROR = 1, 2


def main() -> int:
    """The program `yunxin-send`."""
    return command(None, sys.argv[1:])


def command(_config: object, arguments: Sequence[str]) -> int:
    """Send, say what became of each recipient; 0 if all were accepted."""
    words = _parser().parse_args(arguments)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells every request
    url, key = words.url or os.environ.get(URL_NAME), words.key or os.environ.get(KEY_NAME)
    if not url or not key:
        return _complain(f"Give --url and --key, or set {URL_NAME} and {KEY_NAME}.", USAGE_ERROR)
    try:
        with Client(url, key, signs=words.signed) as client:
            if words.preview:
                answer: Sent | Preview = client.preview(
                    words.template, words.to, words.param, extension=words.extension
                )
            else:
                answer = client.send(
                    words.template,
                    words.to,
                    words.param,
                    extension=words.extension,
                    reference=words.reference,
                    idempotency_key=words.idempotency_key,
                )
    except ValueError as error:
        return _complain(str(error), USAGE_ERROR)
    except YunxinError as error:
        return _complain(str(error), REFUSED)
    if words.json:
        print(msgspec.json.encode(dataclasses.asdict(answer)).decode())  # noqa: T201
    else:
        _tell(answer)
    return REFUSED if answer.refused else 0


def _tell(answer: Sent | Preview) -> None:
    for one in answer.messages:
        if one.refusal is not None:
            line = f"refused  {one.refusal.code}: {one.refusal.message}"
        elif isinstance(one, SentMessage):
            line = f"accepted {one.id}, {one.segments} segments"
        else:
            line = f"would be accepted, {one.segments} segments"
        print(f"{one.phone}  {line}")  # noqa: T201


def _complain(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)  # noqa: T201
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="yunxin send", description="Send one template.")
    parser.add_argument("--template", required=True, help="the template's number")
    parser.add_argument("--to", required=True, action="append", help="a phone; repeatable")
    parser.add_argument(
        "--param", action="append", default=[], help="the next variable's value; repeatable"
    )
    parser.add_argument("--extension", default="", help="digits after the access number")
    parser.add_argument("--reference", default="", help="comes back with receipts")
    parser.add_argument(
        "--idempotency-key", default="", help="the same key again sends nothing twice"
    )
    parser.add_argument("--preview", action="store_true", help="check and price, send nothing")
    parser.add_argument("--signed", action="store_true", help="sign instead of showing the key")
    parser.add_argument("--json", action="store_true", help="print the whole answer")
    parser.add_argument("--url", help=f"the platform's address; default: {URL_NAME}")
    parser.add_argument("--key", help=f"a key of v1; default: {KEY_NAME}")
    return parser
