"""How a message is written, in the number that CMPP, SGIP and SMGP share (Msg_Fmt, MessageCoding).

Source: CMPP V3.0 §8.4.3.1, SGIP V1.2 §4.2.3.1, SMGP V3.0 §8.2.1.8; 15 is no data coding scheme of
GSM, only the Chinese gateways'. Handsets add message classes (3GPP TS 23.038 §4) to theirs.
"""

from typing import Final

from yunxin.protocols.events import Alphabet

ASCII, SIM_WRITE, BINARY, UCS2, GBK = 0, 3, 4, 8, 15

ALPHABETS: Final = {
    ASCII: Alphabet.ASCII,
    SIM_WRITE: Alphabet.BINARY,
    BINARY: Alphabet.BINARY,
    UCS2: Alphabet.UCS2,
    GBK: Alphabet.GBK,
}
FORMATS: Final = {
    Alphabet.ASCII: ASCII,
    Alphabet.UCS2: UCS2,
    Alphabet.GBK: GBK,
    Alphabet.BINARY: BINARY,
}


def alphabet_of(number: int) -> Alphabet:
    """The alphabet of a format; what nobody knows is kept as bytes."""
    known = ALPHABETS.get(number)
    if known is not None:
        return known
    if number & 0xC0 == 0 and number & 0x10:  # a text with a message class, such as 0x18, 0x19
        return {0x00: Alphabet.ASCII, 0x08: Alphabet.UCS2}.get(number & 0x0C, Alphabet.BINARY)
    return Alphabet.BINARY
