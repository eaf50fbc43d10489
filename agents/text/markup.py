"""The text of a web page as a reader sees it: no markup, no scripts, nothing that is hidden by an attribute; pure.

One pass, whose time grows with the page's length alone: the standard library's parser looks for the end of every broken
tag anew, and a page of them would keep a worker for hours. As in a browser, what has no end takes the rest of the page.
"""

import re
from collections.abc import Iterator
from html import unescape

SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head"})
RAW = ("script", "style")  # in them nothing is markup but their own end
RAW_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in RAW}
BREAKS = frozenset(
    {"p", "br", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "pre"}
)
VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
# Nothing in these goes back over what it took (++, *+): a text that does not fit is found out in one go.
TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+)>""")
ATTRIBUTE = re.compile(r"""([^\s=/>"']++)(?:\s*+=\s*+("[^"]*+"|'[^']*+'|[^\s>]*+))?+""")
MARK = re.compile(r"<(?=[a-zA-Z/!?])")
LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{12,}+;?")  # no character has one


def as_text(html: str) -> str:
    """Return what a page says to a reader, line by line."""
    lines = (" ".join(line.split()) for line in "".join(_visible(html)).splitlines())
    return "\n".join(line for line in lines if line)


def _visible(html: str) -> Iterator[str]:
    """Yield visible text and line breaks. `silent` is the element that hides what follows, `depth` how often it is open."""
    silent, depth = "", 0
    for text, closes, tag, attributes in _pieces(html):
        if not silent:
            yield unescape(LONG_NUMBER.sub("\N{REPLACEMENT CHARACTER}", text))
            yield "\n" if tag in BREAKS else ""
        opens = not closes and tag not in VOID and not attributes.endswith("/")
        if not silent and opens and (tag in SILENT or _hidden(attributes)):
            silent, depth = tag, 1
        elif silent and tag == silent:
            depth += 1 if opens else -1 if closes else 0
            silent = silent if depth else ""


def _pieces(html: str) -> Iterator[tuple[str, bool, str, str]]:
    """Yield (text before it, whether it closes, tag, attributes) of each tag; at last the text that is left, with no tag."""
    here = 0
    while mark := MARK.search(html, here):
        tag = TAG.match(html, mark.start())
        after = tag.end() if tag else _after_remark(html, mark.start())
        closes, name, attributes = (bool(tag[1]), tag[2].lower(), tag[3]) if tag else (False, "", "")
        yield html[here : mark.start()], closes, name, attributes
        if name in RAW and not closes and not attributes.endswith("/"):
            end = RAW_ENDS[name].search(html, after)
            after = end.start() if end else len(html)
        here = after
    yield html[here:], False, "", ""


def _after_remark(html: str, start: int) -> int:
    """Return where a comment, a declaration or a broken tag is over."""
    end = "-->" if html.startswith("<!--", start) else ">"
    found = html.find(end, start + 2)
    return len(html) if found < 0 else found + len(end)


def _hidden(attributes: str) -> bool:
    told = {name.lower(): value.strip("\"'") for name, value in ATTRIBUTE.findall(attributes)}
    return "hidden" in told or told.get("aria-hidden") == "true"
