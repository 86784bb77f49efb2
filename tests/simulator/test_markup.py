"""HTML is escaped unless it was made here."""

import pytest

from yunxin.simulator.markup import Child, Markup, tag, text


@pytest.mark.parametrize(
    ("child", "html"),
    [
        ("<b> & \"'", "&lt;b&gt; &amp; &quot;&#x27;"),
        (Markup("<b>"), "<b>"),
        (None, ""),
        (7, "7"),
        (["<", tag("i", ">"), None], "&lt;<i>&gt;</i>"),
    ],
)
def test_children(child: Child, html: str) -> None:
    assert text(child) == html


def test_attributes() -> None:
    element = tag("a", "x", class_="a b", data_x='"', hidden=True, title=None, disabled=False)
    assert element == '<a class="a b" data-x="&quot;" hidden>x</a>'


def test_an_element_without_an_end() -> None:
    assert tag("input", name="q", value="<") == '<input name="q" value="&lt;">'
