"""The interface document as Markdown says what the page says."""

import re
from typing import Any

import pytest
from django.test import Client

from yunxin.dialects.problems import PROBLEMS
from yunxin.dialects.ronghe import ResultCode
from yunxin.interfaces.document_markdown import to_markdown

pytestmark = pytest.mark.django_db
FILE = "/interface/document/file/"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ('<h3 id="x">Sign <code>a</code></h3>', '<a id="x"></a>\n### Sign `a`'),
        ("<p>a <b>b</b>\n c &lt; d*</p>", "a **b** c &lt; d\\*"),
        ('<p>see <a href="#x">this</a>.</p>', "see [this](#x)."),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ol><li>run:<pre><code>a\n\nb</code></pre></li><li>c</li></ol>",
         "1. run:\n\n   ```\n   a\n\n   b\n   ```\n2. c"),
        ("<ol><li>a<pre><code>b</code></pre>c <b>d</b></li></ol>",
         "1. a\n\n   ```\n   b\n   ```\n\n   c **d**"),
        ('<pre><code class="language-sh">curl \\\n  -d &quot;x&quot;</code></pre>',
         '```sh\ncurl \\\n  -d "x"\n```'),
        ("<table><thead><tr><th>A</th><th>B</th></tr></thead>"
         '<tbody><tr><td id="y"><code>a|b</code></td><td>c</td></tr></tbody></table>',
         '| A | B |\n| --- | --- |\n| <a id="y"></a>`a\\|b` | c |'),
        ("<table><tbody><tr><th>T</th><td><pre><code>a\n\nb</code></pre></td></tr></tbody></table>",
         "|  |  |\n| --- | --- |\n| T | `a`<br><br>`b` |"),
    ],
)  # fmt: skip
def test_each_kind_of_thing(html: str, markdown: str) -> None:
    assert to_markdown(html) == markdown + "\n"


@pytest.mark.parametrize(("language", "title"), [("zh-hans", "接口文档"), ("en", "HTTP interface")])
def test_the_file_is_complete_in_each_language(
    client: Client, acme: Any, language: str, title: str
) -> None:
    client.force_login(acme.users.get())
    answer = client.get(FILE, {"language": language, "format": "md"})
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert f'filename="yunxin-http-{language}.md"' in answer["Content-Disposition"]
    text = answer.content.decode()
    assert text.startswith("# ") and title in text.partition("\n")[0]
    for code in [*map(str, map(int, ResultCode)), *PROBLEMS]:
        assert f"`{code}`" in text
    assert text.count("```python") >= 6 and text.count("```java") == 2
    assert "ACMEAA" in text and "959566b511b5ccc998a7eee44b4a740c" in text
    outside = re.sub(r"^ *```.*?^ *```$|`[^`]*`", "", text, flags=re.S | re.M)
    assert set(re.findall(r"</?(\w+)", outside)) <= {"a", "br"}, "nothing was left as it was"
    places = set(re.findall(r'<a id="([\w-]+)">', text))
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= places
