"""Translations without gettext's tools: compile .po files, find strings, say what is missing.

Each room keeps `locale/zh_Hans/LC_MESSAGES/django.po`, written by hand; `compile_all` makes the .mo
beside it (set-up and tests call it). `python -m yunxin.web.translations content` prints the
entries that content's catalogue still lacks, ready to be filled in.
"""

import ast
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.utils.translation.template import templatize

PACKAGE = Path(__file__).resolve().parents[1]
LANGUAGE = "zh_Hans"
IDEOGRAPH = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")

# Name of a call → where its msgid, plural and context stand among the arguments.
CALLS = {
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "gettext_noop": (0, None, None),
    "_": (0, None, None),
    "ngettext": (0, 1, None),
    "ngettext_lazy": (0, 1, None),
    "pgettext": (1, None, 0),
    "pgettext_lazy": (1, None, 0),
    "npgettext": (1, 2, 0),
    "npgettext_lazy": (1, 2, 0),
}
TEMPLATE_CALL = re.compile(r"(?<![\w.])(n?p?gettext|_)\(")


@dataclass(frozen=True, order=True)
class Message:
    """A string to be translated."""

    msgid: str
    plural: str = ""
    context: str = ""


def catalogues() -> list[Path]:
    """Every .po file of the project, the shared one first."""
    pattern = f"locale/{LANGUAGE}/LC_MESSAGES/django.po"
    return [*PACKAGE.glob(pattern), *sorted(PACKAGE.glob(f"*/{pattern}"))]


def compile_all() -> list[Path]:
    """Compile the catalogues whose .mo is missing or older; returns what was written."""
    written = []
    for source in catalogues():
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            beside = target.with_suffix(f".{os.getpid()}")
            polib.pofile(str(source)).save_as_mofile(str(beside))
            beside.replace(target)  # whoever reads it meanwhile sees the old or the new one
            written.append(target)
    return written


def messages_of(path: Path) -> set[Message]:
    """The strings that one Python file or template shows."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        return set(_of_tree(ast.parse(text)))
    return set(_of_template(text, path))


def _of_tree(tree: ast.AST) -> Iterator[Message]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in CALLS:
                yield from _of_call(name, node)


def _of_call(name: str, node: ast.Call) -> Iterator[Message]:
    msgid, plural, context = (
        _constant(node, place) if place is not None else "" for place in CALLS[name]
    )
    if msgid:
        yield Message(msgid, plural or "", context or "")


def _constant(node: ast.Call, place: int) -> str | None:
    argument = node.args[place] if place < len(node.args) else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    return None


def _of_template(text: str, path: Path) -> Iterator[Message]:
    """`templatize` writes the calls that gettext's own tools would look for."""
    source = templatize(text, origin=str(path))
    for found in TEMPLATE_CALL.finditer(source):
        call = _call_at(source, found.start())
        if call is not None:
            yield from _of_call(found.group(1), call)


def _call_at(source: str, start: int) -> ast.Call | None:
    """The call that begins here: cut at the first closing bracket that makes it whole."""
    end = start
    while (end := source.find(")", end + 1)) != -1:
        try:
            tree = ast.parse(source[start : end + 1], mode="eval")
        except SyntaxError:
            continue
        return tree.body if isinstance(tree.body, ast.Call) else None
    return None


def sources(room: str = "") -> list[Path]:
    """Python files and templates of a room, or of all."""
    if room:
        folders = [PACKAGE / room, PACKAGE / "templates" / room]
        python = folders[0].rglob("*.py")
        return [*sorted(python), *sorted(folders[1].rglob("*.html"))]
    return [*sorted(PACKAGE.rglob("*.py")), *sorted(PACKAGE.rglob("*.html"))]


def domain_of(path: Path) -> str:
    """Catalogues of one domain are one at run time; the simulator, no Django app, is its own."""
    return "simulator" if path.relative_to(PACKAGE).parts[0] == "simulator" else "django"


def translated(domain: str = "django") -> dict[Message, list[tuple[Path, polib.POEntry]]]:
    """All entries of a domain's catalogues, by what they translate."""
    found: dict[Message, list[tuple[Path, polib.POEntry]]] = {}
    for path in catalogues():
        if domain_of(path) != domain:
            continue
        for entry in polib.pofile(str(path)):
            if entry.obsolete:
                continue
            key = Message(entry.msgid, entry.msgid_plural or "", entry.msgctxt or "")
            found.setdefault(key, []).append((path, entry))
    return found


def is_complete(entry: polib.POEntry) -> bool:
    """It says something, in every plural form, and nobody marked it as doubtful."""
    texts = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
    return bool(texts) and all(texts) and "fuzzy" not in entry.flags


def missing(room: str = "") -> dict[Message, Path]:
    """Strings without a complete Chinese entry, each with a file that shows it."""
    complete = {domain: _complete_in(domain) for domain in ("django", "simulator")}
    gaps: dict[Message, Path] = {}
    for path in sources(room):
        for message in messages_of(path) - complete[domain_of(path)]:
            gaps.setdefault(message, path)
    return gaps


def _complete_in(domain: str) -> set[Message]:
    found = translated(domain).items()
    return {message for message, entries in found if any(is_complete(e) for _, e in entries)}


def chinese_in(path: Path) -> Iterator[tuple[int, str]]:
    """Chinese text that a file shows to people: docstrings and comments are no such text."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from _chinese_in_tree(ast.parse(text))
        return
    text = re.sub(r"\{#.*?#\}|\{% comment .*?endcomment %\}", _blank, text, flags=re.DOTALL)
    if path.suffix == ".js":
        text = re.sub(r"/\*.*?\*/|//[^\n]*", _blank, text, flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), 1):
        if IDEOGRAPH.search(line):
            yield number, line.strip()


def _blank(found: "re.Match[str]") -> str:
    return "\n" * found.group().count("\n")


def _chinese_in_tree(tree: ast.AST) -> Iterator[tuple[int, str]]:
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in docstrings
            and IDEOGRAPH.search(node.value)
        ):
            yield node.lineno, node.value


def _print_missing(room: str) -> None:
    for message, path in sorted(missing(room).items(), key=lambda item: (str(item[1]), item[0])):
        entry = polib.POEntry(
            msgid=message.msgid,
            msgid_plural=message.plural,
            msgctxt=message.context or None,
            msgstr_plural={0: ""} if message.plural else {},
            comment=str(path.relative_to(PACKAGE)),
        )
        sys.stdout.write(str(entry) + "\n")


if __name__ == "__main__":
    _print_missing(sys.argv[1] if len(sys.argv) > 1 else "")
