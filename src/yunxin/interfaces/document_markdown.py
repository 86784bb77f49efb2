"""The interface document as Markdown, for repositories, editors and programs that read documents.

Made from the document's own HTML, which is simple: headings, paragraphs, lists, tables and code.
What Markdown has no sign for (places to link to, lines within a cell) stays HTML, as it allows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import groupby
from typing import Any

VOID = {"br", "hr", "img", "meta", "link", "input"}
BLOCKS = {"p", "ul", "ol", "table", "pre", "h2", "h3", "h4"}


@dataclass
class Node:
    """An element; its children are elements and texts."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def all(self, *tags: str) -> Iterator["Node"]:
        """Elements of these kinds below this one, in their order."""
        for child in self.children:
            if isinstance(child, Node):
                if child.tag in tags:
                    yield child
                else:
                    yield from child.all(*tags)

    @property
    def text(self) -> str:
        """What it says, as it stands."""
        return "".join(each if isinstance(each, str) else each.text for each in self.children)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("document")]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        node = Node(tag, dict(attrs))
        self.open[-1].children.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1 and self.open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def to_markdown(html: str) -> str:
    """The same as Markdown (CommonMark with tables), headings from the second level on."""
    reader = _Reader()
    reader.feed(html)
    blocks = (_block(node) for node in reader.open[0].children if isinstance(node, Node))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _block(node: Node) -> str:
    place = _place(node)
    if node.tag in ("h2", "h3", "h4"):
        return f"{place}{chr(10) if place else ''}{'#' * int(node.tag[1])} {_inline(node)}"
    if node.tag == "pre":
        return _code_block(node)
    if node.tag in ("ul", "ol"):
        items = [child for child in node.children if isinstance(child, Node)]
        return "\n".join(
            _item(item, n if node.tag == "ol" else 0) for n, item in enumerate(items, 1)
        )
    if node.tag == "table":
        return _table(node)
    if node.tag == "div":
        return "\n\n".join(_block(child) for child in node.children if isinstance(child, Node))
    return place + _inline(node)


def _code_block(node: Node) -> str:
    language = next((code.attributes.get("class") or "" for code in node.all("code")), "")
    return f"```{language.removeprefix('language-')}\n{node.text.strip(chr(10))}\n```"


def _item(item: Node, number: int) -> str:
    """A line of a list, with the blocks that stand in it below."""
    sign = f"{number}. " if number else "- "
    parts: list[str] = []
    for is_block, children in groupby(item.children, _is_block):
        if is_block:
            parts += [_block(child) for child in children if isinstance(child, Node)]
        else:
            parts.append(_inline(Node("li", children=list(children))))
    first, *others = "\n\n".join(part for part in parts if part).split("\n")
    return "\n".join([sign + first, *((" " * len(sign) + line).rstrip() for line in others)])


def _is_block(child: Node | str) -> bool:
    return isinstance(child, Node) and child.tag in BLOCKS


def _table(node: Node) -> str:
    rows = [[_cell(cell) for cell in row.all("th", "td")] for row in node.all("tr")]
    if not any(node.all("thead")):
        rows.insert(0, [""] * len(rows[0]))
    rows.insert(1, ["---"] * len(rows[0]))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in rows)


def _cell(cell: Node) -> str:
    pre = next(cell.all("pre"), None)
    if pre is None:
        return _place(cell) + _inline(cell).replace("|", r"\|")
    lines = pre.text.split("\n")
    return "<br>".join(f"`{line}`" if line else "" for line in lines).replace("|", r"\|")


def _inline(node: Node) -> str:
    return " ".join("".join(_words(child) for child in node.children).split())


def _words(child: Node | str) -> str:
    if isinstance(child, str):
        return child.replace("<", "&lt;").replace("*", r"\*")
    if child.tag == "code":
        return f"`{child.text}`"
    if child.tag == "b":
        return f"**{_inline(child)}**"
    if child.tag == "a":
        return f"[{_inline(child)}]({child.attributes.get('href') or ''})"
    return _inline(child)


def _place(node: Node) -> str:
    """What links to this element lead to."""
    name = node.attributes.get("id")
    return f'<a id="{name}"></a>' if name else ""
