"""One address for pages and simulated phones, and neither lets the other's strangers in."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from yunxin import front

HOSTS = ("127.0.0.1", "localhost")


class Inbox(BaseHTTPRequestHandler):
    """Stands for the simulator: says what it was asked."""

    def do_GET(self) -> None:
        self._answer(f"{self.path} {self.headers['Host']}".encode())

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def inbox() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Inbox)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ask(application: front.WSGI, path: str, method: str = "GET", body: bytes = b"", **more: str):
    """Status, headers and body of the answer."""
    seen: list[object] = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "HTTP_HOST": "127.0.0.1:8000",
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "wsgi.input": io.BytesIO(body),
        **more,
    }
    answer = application(environ, lambda status, headers: seen.extend([status, dict(headers)]))
    return *seen, b"".join(answer)


def pages(_environ: front.Environ, start_response: front.StartResponse) -> list[bytes]:
    start_response("200 OK", [])
    return [b"a page"]


@pytest.fixture
def application(inbox: str) -> front.WSGI:
    return front.with_simulator(pages, inbox, HOSTS)


@pytest.mark.parametrize("path", ["/", "/login/", "/simulators/", "/console/simulator/"])
def test_pages_go_to_django(application, path):
    assert ask(application, path)[2] == b"a page"


@pytest.mark.parametrize("path", ["/simulator", "/simulator/", "/simulator/phones/138"])
def test_phones_go_to_the_simulator_with_their_whole_path(application, path):
    status, headers, body = ask(application, path, QUERY_STRING="q=1")
    assert status == "200 OK"
    assert body == f"{path}?q=1 127.0.0.1:8000".encode()
    assert "Connection" not in headers, "what belongs to one hop stays there"


def test_a_reply_is_handed_on(application):
    assert ask(application, "/simulator/reply", "POST", "退订".encode())[2] == "退订".encode()


def test_a_form_on_another_site_cannot_reply(application):
    status, _, _ = ask(
        application, "/simulator/reply", "POST", b"R", HTTP_SEC_FETCH_SITE="cross-site"
    )
    assert status == "403 Forbidden"


def test_a_name_that_is_not_ours_is_refused(application):
    assert ask(application, "/simulator/", HTTP_HOST="evil.example")[0] == "403 Forbidden"


def test_too_large_a_body_is_refused(application):
    status, _, _ = ask(
        application, "/simulator/reply", "POST", CONTENT_LENGTH=str(front.BODY_BYTES_MAX + 1)
    )
    assert status.startswith("413")


def test_a_simulator_that_is_away_is_told_in_a_sentence():
    application = front.with_simulator(pages, "http://127.0.0.1:1", HOSTS)
    status, _, body = ask(application, "/simulator/")
    assert status == "502 Bad Gateway"
    assert b"try again" in body
