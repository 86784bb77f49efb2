"""URLs that are no URLs of a receiver, and addresses that are not the public's."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunxin.dialects.targets import check_url, is_allowed, read_url
from yunxin.vocabulary import PushError


@pytest.mark.parametrize(
    ("url", "host", "port", "authority", "path"),
    [
        ("https://sms.example.com/in?a=1", "sms.example.com", 443, "sms.example.com", "/in?a=1"),
        ("http://example.com:8080", "example.com", 8080, "example.com:8080", "/"),
        ("http://192.0.2.7/x", "192.0.2.7", 80, "192.0.2.7", "/x"),
        ("https://[2001:db8::1]:8443/", "2001:db8::1", 8443, "[2001:db8::1]:8443", "/"),
        ("https://短信.example/回执", "xn--vuq298g.example", 443, "xn--vuq298g.example",
         "/%E5%9B%9E%E6%89%A7"),
        ("https://Example.COM.:443/", "example.com", 443, "example.com", "/"),
    ],
)  # fmt: skip
def test_a_url_is_taken_apart(url, host, port, authority, path):
    target = read_url(url)
    assert target is not None
    assert (target.host, target.port, target.authority, target.path) == (
        host, port, authority, path,
    )  # fmt: skip
    assert check_url(url) == PushError.NONE


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://user:secret@example.com/",
        "http://example.com@10.0.0.1/",
        "http://example.com\\@10.0.0.1/",
        "http://example.com/a b",
        "http://example.com/\r\nHost: x",
        "http://example.com:0/",
        "http://example.com:99999/",
        "http://example.com:x/",
        "http://2130706433/",
        "http://127.1/",
        "http://0x7f.0.0.1/",
        "http://0x7f000001/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://a..b/",
        "http://-a.example/",
        "http://example.com/#fragment",
        "http://example.com/" + "a" * 500,
        "http://" + "a" * 64 + ".example/",
    ],
)
def test_what_is_no_url_of_a_receiver_is_refused(url):
    assert check_url(url) == PushError.BAD_URL


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1",
        "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
        "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
        "2001:db8::1", "2001::1", "100::1", "3fff::1", "64:ff9b:1::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1",
        "2002:7f00:1::", "2002:a00:1::1", "2002:c0a8:101::1",
        "64:ff9b::127.0.0.1", "64:ff9b::a00:1",
        "", "localhost", "1.2.3", "1.2.3.4.5",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    assert not is_allowed(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "114.114.114.114", "172.32.0.1", "100.128.0.1", "2400:3200::1", "2606:4700::1111",
     "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::1"],
)  # fmt: skip
def test_public_addresses_are_allowed(address):
    assert is_allowed(address)


def test_a_setting_allows_networks():
    networks = ("127.0.0.0/8", "10.1.0.0/16", "fd00::1")
    assert is_allowed("127.0.0.1", networks)
    assert is_allowed("::ffff:10.1.2.3", networks)
    assert is_allowed("fd00::1", networks)
    assert not is_allowed("10.2.0.1", networks)
    assert not is_allowed("fd00::2", networks)


@given(st.ip_addresses(v=4))
def test_a_disguise_changes_nothing(ip):
    number = int(ip)
    for disguised in (
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
    ):
        assert is_allowed(str(disguised)) == is_allowed(str(ip))


@given(st.text())
def test_no_text_is_too_strange(text):
    check_url(text)
    check_url("http://" + text)
    is_allowed(text)
