"""One address for pages and simulated phones, and neither lets the other's strangers in."""

import io
import json
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


@pytest.mark.parametrize("path", ["/api/v1/balance", "/umcinterface/sendtempletmsg"])
def test_the_apis_requests_go_to_the_api(inbox, path):
    application = front.with_api(pages, inbox)
    status, _, body = ask(application, path, QUERY_STRING="q=1")
    assert (status, body) == ("200 OK", f"{path}?q=1 127.0.0.1:8000".encode())
    assert ask(application, path, "POST", b"{}")[2] == b"{}"
    assert ask(application, "/apis/")[2] == b"a page"


def test_the_api_hears_where_a_request_comes_from():
    headers = front._api_headers(
        {
            "HTTP_X_FORWARDED_FOR": "203.0.113.1",
            "REMOTE_ADDR": "198.51.100.2",
            "HTTP_AUTHORIZATION": "Bearer k",
            "HTTP_CONNECTION": "keep-alive",
            "CONTENT_TYPE": "application/json",
        }
    )
    assert headers == {
        "X-Forwarded-For": "203.0.113.1, 198.51.100.2",
        "Authorization": "Bearer k",
        "Content-Type": "application/json",
    }


def test_of_too_large_a_request_the_api_gets_enough_to_refuse_it(inbox):
    body = b"x" * (front.API_BODY_BYTES_MAX + 100)
    _, _, seen = ask(front.with_api(pages, inbox), "/api/v1/messages", "POST", body)
    assert len(seen) == front.API_BODY_BYTES_MAX + 1


def test_an_api_that_is_away_is_a_problem_of_v1():
    application = front.with_api(pages, "http://127.0.0.1:1")
    status, headers, body = ask(application, "/api/v1/balance", HTTP_X_REQUEST_ID="r1")
    assert status == "503 Service Unavailable"
    assert (headers["Content-Type"], headers["Retry-After"]) == ("application/problem+json", "1")
    told = json.loads(body)
    assert (told["code"], told["status"], told["request"]) == ("unavailable", 503, "r1")


def test_an_api_that_is_away_is_a_result_code_of_the_dialect():
    application = front.with_api(pages, "http://127.0.0.1:1")
    status, _, body = ask(application, "/umcinterface/sendtempletmsg", "POST", b"{}")
    assert status == "200 OK"
    told = json.loads(body)
    assert (told["resultcode"], told["taskid"]) == (317, "") and "稍后" in told["resultmsg"]
