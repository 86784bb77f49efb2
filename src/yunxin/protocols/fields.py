"""Fields of binary frames: declared once in a class, compiled to fast functions.

A frame's body is a `msgspec.Struct` whose annotations carry the wire's shape:

    class Bind(Struct, frozen=True):
        system_id: Annotated[str, CString(16)] = ""
        interface_version: U8 = 0x34
        tlvs: TlvMap = {}

`compile_body(Bind)` writes and compiles one Python function for each direction, as a person would
write them by hand: neighbours of fixed size share one `struct.Struct`, nothing is looked up at run
time. Decoding is tolerant where that is harmless (longer strings than declared, bytes after the
last field) and raises `RemoteProtocolError` where it is not; encoding is strict and raises
`LocalProtocolError`.

All integers are unsigned and big-endian. Text is Latin-1, so that any byte survives a round trip.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from yunxin.protocols.errors import LocalProtocolError, RemoteProtocolError

RESPONSE = 0x80000000  # the bit of a command that makes a response of it, in all these protocols

_INT_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}


@dataclass(frozen=True)
class UInt:
    """An unsigned integer of 1, 2, 4 or 8 bytes."""

    size: int

    @property
    def code(self) -> str:
        return _INT_CODES[self.size]


@dataclass(frozen=True)
class Octets:
    """Exactly so many raw bytes."""

    size: int

    @property
    def code(self) -> str:
        return f"{self.size}s"


@dataclass(frozen=True)
class PaddedText:
    """Text in a field of fixed size, filled up with NUL; spaces at the end are taken off too."""

    size: int

    @property
    def code(self) -> str:
        return f"{self.size}s"


@dataclass(frozen=True)
class Reserve:
    """Text at the end of a body, filled up with NUL, which some peers leave out or cut short."""

    size: int


@dataclass(frozen=True)
class CString:
    """Text that ends with NUL.

    `size_max` counts the NUL. It binds what we send, unless `enforced` is false; what comes in may
    be longer.
    """

    size_max: int
    enforced: bool = True


@dataclass(frozen=True)
class Counted:
    """Raw bytes behind their own length, an integer of `length_size` bytes."""

    length_size: int
    size_max: int


@dataclass(frozen=True)
class Item:
    """One element of a `Repeated` field, by hand: `read` gives the element and where it ended."""

    write: Callable[[Any], bytes]
    read: Callable[[bytes, int], tuple[Any, int]]


def padded_item(size: int) -> Item:
    """Text in a fixed size, as often as the count says: the numbers of a message to many."""

    def write(value: str) -> bytes:
        return _padded(value, size, "an element").ljust(size, b"\0")

    def read(data: bytes, at: int) -> tuple[str, int]:
        end = at + size
        if end > len(data):
            _short()
        return _cut(data[at:end]), end

    return Item(write, read)


@dataclass(frozen=True)
class Repeated:
    """Elements behind their count, an integer of `count_size` bytes."""

    count_size: int
    count_max: int
    item: Item


@dataclass(frozen=True)
class Tlvs:
    """Optional parameters up to the end of the frame: tag 2, length 2, value."""


@dataclass(frozen=True)
class Varies:
    """A field that the versions of a protocol write differently; None: that version has it not."""

    kinds: "tuple[Kind | None, ...]"


U8 = Annotated[int, UInt(1)]
U16 = Annotated[int, UInt(2)]
U32 = Annotated[int, UInt(4)]
U64 = Annotated[int, UInt(8)]
TlvMap = Annotated[dict[int, bytes], Tlvs()]

Kind = UInt | Octets | PaddedText | Reserve | CString | Counted | Repeated | Tlvs
_FIXED = (UInt, Octets, PaddedText)


class Body(NamedTuple):
    """The compiled functions of one class.

    `encode(pdu)` gives the body; `decode(frame, at, sequence, status)` reads it from `at` on.
    """

    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, int, int, int], Any]


def compile_body(cls: type, version: int = 0) -> Body:
    """Make both functions of a class from its annotations, in the order of declaration.

    Annotations without a `Kind` are not on the wire; `sequence` and `status`, where the class has
    them and the body has not, are passed through from the header.

    Args:
        version: which kind of a field that `Varies`, from 0.
    """
    fields = _fields_of(cls, version)
    header = _header_fields(cls, fields)
    names: dict[str, Any] = {
        "cls": cls,
        "cut": _cut,
        "c_string": _c_string,
        "padded": _padded,
        "exactly": _exactly,
        "limited": _limited,
        "read_tlvs": read_tlvs,
        "write_tlvs": write_tlvs,
        "read_items": _read_items,
        "write_items": _write_items,
        "short": _short,
    }
    encode = _compile("encode", _encode_source(fields, names), names)
    decode = _compile("decode", _decode_source(fields, header, names), names)
    return Body(_guarded_encode(cls, encode), _guarded_decode(cls, decode))


def _fields_of(cls: type, version: int) -> list[tuple[str, Kind]]:
    fields = []
    for name, hint in get_type_hints(cls, include_extras=True).items():
        for extra in get_args(hint)[1:]:
            kind = extra.kinds[version] if isinstance(extra, Varies) else extra
            if isinstance(kind, Kind):
                fields.append((name, kind))
                break
    return fields


def _header_fields(cls: type, fields: list[tuple[str, Kind]]) -> list[str]:
    """Those fields of a header that the class keeps."""
    hints, on_the_wire = get_type_hints(cls), {name for name, _ in fields}
    return [name for name in ("sequence", "status") if name in hints and name not in on_the_wire]


def _runs(fields: list[tuple[str, Kind]]) -> list[list[tuple[str, Kind]]]:
    """Neighbouring fixed-size fields together, every other field alone."""
    runs: list[list[tuple[str, Kind]]] = []
    for field in fields:
        joins = runs and isinstance(field[1], _FIXED) and isinstance(runs[-1][0][1], _FIXED)
        if joins:
            runs[-1].append(field)
        else:
            runs.append([field])
    return runs


def _struct_of(run: list[tuple[str, Kind]]) -> struct.Struct:
    return struct.Struct(">" + "".join(kind.code for _, kind in run if isinstance(kind, _FIXED)))


# Writing the source -----------------------------------------------------------------------------


def _encode_source(fields: list[tuple[str, Kind]], names: dict[str, Any]) -> list[str]:
    pieces = []
    for index, run in enumerate(_runs(fields)):
        name, kind = run[0]
        match kind:
            case Reserve(size):
                pieces.append(f"padded(pdu.{name}, {size}, {name!r}).ljust({size}, b'\\0')")
            case CString(size_max, enforced):
                limit = size_max if enforced else 0
                pieces.append(f"c_string(pdu.{name}, {limit}, {name!r})")
            case Counted(length_size, size_max):
                names[f"length{index}"] = struct.Struct(f">{_INT_CODES[length_size]}").pack
                pieces.append(f"length{index}(limited(pdu.{name}, {size_max}, {name!r}))")
                pieces.append(f"pdu.{name}")
            case Repeated():
                names[f"kind{index}"] = kind
                pieces.append(f"write_items(pdu.{name}, kind{index}, {name!r})")
            case Tlvs():
                pieces.append(f"write_tlvs(pdu.{name})")
            case _:
                names[f"pack{index}"] = _struct_of(run).pack
                pieces.append(f"pack{index}({', '.join(_packed(*field) for field in run)})")
    return ["def encode(pdu):", f"    return b''.join(({''.join(f'{p}, ' for p in pieces)}))"]


def _packed(name: str, kind: Kind) -> str:
    match kind:
        case Octets(size):
            return f"exactly(pdu.{name}, {size}, {name!r})"
        case PaddedText(size):
            return f"padded(pdu.{name}, {size}, {name!r})"
        case _:
            return f"pdu.{name}"


def _decode_source(
    fields: list[tuple[str, Kind]], header: list[str], names: dict[str, Any]
) -> list[str]:
    lines = ["def decode(data, at, sequence, status):"]
    for index, run in enumerate(_runs(fields)):
        name, kind = run[0]
        match kind:
            case Reserve(size):
                lines += [f"    {name} = cut(data[at:at + {size}])", f"    at += {size}"]
            case CString():
                lines += [
                    "    end = data.index(0, at)",
                    f"    {name} = data[at:end].decode('latin-1')",
                    "    at = end + 1",
                ]
            case Counted(length_size):
                names[f"length{index}"] = struct.Struct(f">{_INT_CODES[length_size]}").unpack_from
                lines += [
                    f"    end = at + {length_size} + length{index}(data, at)[0]",
                    "    if end > len(data): short()",
                    f"    {name} = data[at + {length_size}:end]",
                    "    at = end",
                ]
            case Repeated():
                names[f"kind{index}"] = kind
                lines.append(f"    {name}, at = read_items(data, at, kind{index})")
            case Tlvs():
                lines.append(f"    {name} = read_tlvs(data, at) if at < len(data) else {{}}")
            case _:
                packed = _struct_of(run)
                names[f"unpack{index}"] = packed.unpack_from
                targets = "".join(f"{field}, " for field, _ in run)
                lines.append(f"    {targets}= unpack{index}(data, at)")
                lines.append(f"    at += {packed.size}")
                lines += [f"    {f} = cut({f})" for f, k in run if isinstance(k, PaddedText)]
    values = ", ".join(f"{name}={name}" for name in (*header, *(name for name, _ in fields)))
    return [*lines, f"    return cls({values})"]


def _compile(name: str, lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    scope = dict(names)
    exec(compile("\n".join(lines), f"<{names['cls'].__name__}.{name}>", "exec"), scope)
    function: Callable[..., Any] = scope[name]
    return function


def _guarded_encode(cls: type, encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def guarded(pdu: Any) -> bytes:
        try:
            return encode(pdu)
        except (struct.error, UnicodeEncodeError, TypeError) as error:
            raise LocalProtocolError(f"{cls.__name__}: {error}") from error

    return guarded


def _guarded_decode(
    cls: type, decode: Callable[[bytes, int, int, int], Any]
) -> Callable[[bytes, int, int, int], Any]:
    def guarded(data: bytes, at: int, sequence: int, status: int) -> Any:
        try:
            return decode(data, at, sequence, status)
        except (struct.error, ValueError, IndexError) as error:
            raise RemoteProtocolError(f"{cls.__name__} is cut short: {error}") from error

    return guarded


# What the compiled functions call ---------------------------------------------------------------


def _c_string(value: str, size_max: int, name: str) -> bytes:
    if (size_max and len(value) >= size_max) or "\0" in value:
        raise LocalProtocolError(f"{name} must have fewer than {size_max} characters and no NUL.")
    return value.encode("latin-1") + b"\0"


def _padded(value: str, size: int, name: str) -> bytes:
    if len(value) > size:
        raise LocalProtocolError(f"{name} must have at most {size} characters.")
    return value.encode("latin-1")


def _exactly(value: bytes, size: int, name: str) -> bytes:
    if len(value) != size:
        raise LocalProtocolError(f"{name} must have exactly {size} bytes.")
    return value


def _limited(value: bytes, size_max: int, name: str) -> int:
    if len(value) > size_max:
        raise LocalProtocolError(f"{name} must have at most {size_max} bytes.")
    return len(value)


def _cut(value: bytes) -> str:
    return value.partition(b"\0")[0].rstrip(b" ").decode("latin-1")


def _short() -> None:
    raise ValueError("a length runs past the end")


def _write_items(values: tuple[Any, ...], kind: Repeated, name: str) -> bytes:
    if len(values) > kind.count_max:
        raise LocalProtocolError(f"{name} must have at most {kind.count_max} elements.")
    count = len(values).to_bytes(kind.count_size, "big")
    return count + b"".join(kind.item.write(value) for value in values)


def _read_items(data: bytes, at: int, kind: Repeated) -> tuple[tuple[Any, ...], int]:
    start = at + kind.count_size
    if start > len(data):
        _short()
    values = []
    at, count = start, int.from_bytes(data[at:start], "big")
    for _ in range(count):
        value, at = kind.item.read(data, at)
        values.append(value)
    return tuple(values), at


_TLV = struct.Struct(">HH")


def read_tlvs(data: bytes, at: int) -> dict[int, bytes]:
    """Tag to value, up to the end of the frame; of a repeated tag the first one counts."""
    tlvs: dict[int, bytes] = {}
    while at < len(data):
        tag, size = _TLV.unpack_from(data, at)
        end = at + 4 + size
        if end > len(data):
            _short()
        tlvs.setdefault(tag, data[at + 4 : end])
        at = end
    return tlvs


def write_tlvs(tlvs: dict[int, bytes]) -> bytes:
    """The optional parameters in the order of the mapping."""
    if not tlvs:
        return b""
    return b"".join(_TLV.pack(tag, len(value)) + value for tag, value in tlvs.items())
