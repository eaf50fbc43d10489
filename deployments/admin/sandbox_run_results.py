"""Rich results of a run as the admin shows them: pictures of one harmless kind, all else as text."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from miosa.pages.cells import NONE, block, chips, data

PNG = b"\x89PNG\r\n\x1a\n"
MARKED = "is_main_result"


def results(found: Iterable[Mapping[str, Any]]) -> SafeString:
    """Return the results one below the other. HTML and SVG of a run are never rendered: nobody has read them."""
    shown = format_html_join("", "<div>{}</div>", ((_result(result),) for result in found))
    return shown or SafeString(NONE)


def _result(result: Mapping[str, Any]) -> SafeString:
    formats = [name for name in result if name != MARKED]
    parts = [chips(formats), *(_picture(result["png"]) for name in formats if name == "png")]
    text = result.get("text")
    parts += [block(text)] if isinstance(text, str) else []
    parts += [data(result[name]) for name in ("json", "data") if result.get(name)]
    return format_html_join("", "{}", ((part,) for part in parts))


def _picture(encoded: Any) -> SafeString:
    """Return a PNG as a picture; what only calls itself one is named and not shown."""
    try:
        content = base64.b64decode(str(encoded), validate=False)
    except (binascii.Error, ValueError):
        content = b""
    if not content.startswith(PNG):
        return block("[what the run sent as PNG is none]")
    source = base64.b64encode(content).decode("ascii")
    return format_html('<img alt="figure of the run" src="data:image/png;base64,{}">', source)
