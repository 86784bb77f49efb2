"""The two alphabets of an SMS: GSM 7-bit (as 8-bit octets, the way SMPP carries it) and UCS-2.

`segments` says where a text is cut; this file says how a part becomes bytes and back.
"""

# 3GPP TS 23.038 §6.2.1, default alphabet, in the order of its codes 0x00–0x7F; 0x1B is the escape.
_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# 3GPP TS 23.038 §6.2.1.1, extension table: sent as the escape and a second code.
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_ESCAPE = 0x1B

_ENCODE = {char: bytes([code]) for code, char in enumerate(_BASIC) if code != _ESCAPE}
_ENCODE |= {char: bytes([_ESCAPE, code]) for char, code in _EXTENSION.items()}
_DECODE_EXTENSION = {code: char for char, code in _EXTENSION.items()}
_CHARS = frozenset(_ENCODE)


def is_gsm7(text: str) -> bool:
    """Whether every character stands in the GSM 7-bit alphabet or its extension."""
    return _CHARS.issuperset(text)


def encode_gsm7(text: str) -> bytes:
    """One octet a septet, unpacked, as SMPP data_coding 0 carries it.

    Raises:
        ValueError: a character is outside the alphabet; ask `is_gsm7` first.
    """
    try:
        return b"".join([_ENCODE[char] for char in text])
    except KeyError as error:
        raise ValueError(f"{error.args[0]!r} is not in the GSM 7-bit alphabet") from None


def decode_gsm7(data: bytes) -> str:
    """Unpacked septets to text; what the alphabet does not know becomes U+FFFD."""
    chars = []
    escaped = False
    for code in data:
        if escaped:
            chars.append(_DECODE_EXTENSION.get(code, "\ufffd"))
            escaped = False
        elif code == _ESCAPE:
            escaped = True
        else:
            chars.append(_BASIC[code] if code < 0x80 else "\ufffd")
    return "".join(chars)


def encode_ucs2(text: str) -> bytes:
    """UTF-16 big-endian without a mark: two octets a code unit.

    A lone surrogate, which no phone can show, is sent as the replacement character.
    """
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        return (
            text.encode("utf-16-be", "surrogatepass")
            .decode("utf-16-be", "replace")
            .encode("utf-16-be")
        )


def decode_ucs2(data: bytes) -> str:
    """UTF-16 big-endian to text; broken pairs and an odd last octet become U+FFFD."""
    return data.decode("utf-16-be", "replace")
