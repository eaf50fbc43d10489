"""How values of a cell are shown: as text and, where they know how, as pictures, tables and more."""

import base64
import json
import reprlib
import sys
import types
from collections.abc import Callable
from typing import Any

from . import figures, tables

# What a value may answer to, the name under which it is sent, and whether it is bytes.
ANSWERS = {
    "_repr_html_": "html",
    "_repr_markdown_": "markdown",
    "_repr_svg_": "svg",
    "_repr_png_": "png",
    "_repr_jpeg_": "jpeg",
    "_repr_pdf_": "pdf",
    "_repr_latex_": "latex",
    "_repr_json_": "json",
    "_repr_javascript_": "javascript",
}
MIME = {
    "text/plain": "text",
    "text/html": "html",
    "text/markdown": "markdown",
    "image/svg+xml": "svg",
    "image/png": "png",
    "image/jpeg": "jpeg",
    "application/pdf": "pdf",
    "text/latex": "latex",
    "application/json": "json",
    "application/javascript": "javascript",
}
MOST_TEXT = 200_000  # characters of a value's text

Formats = dict[str, Any]
_tell: Callable[[dict[str, Any]], None] = print


def formats(value: Any) -> Formats:
    """Return what is sent for a value; there is always a text."""
    told: Formats = {"text": _text(value)}
    for method, name in ANSWERS.items():
        if (answer := _asked(value, method)) is not None:
            told[name] = _sendable(answer[0] if isinstance(answer, tuple) else answer)
    bundle = _asked(value, "_repr_mimebundle_")
    told |= bundled(bundle[0] if isinstance(bundle, tuple) else bundle or {})
    return told | tables.data(value) | figures.picture(value)


def bundled(bundle: dict[str, Any]) -> Formats:
    """Return a bundle by media type as it is sent; types without a name of their own are `extra`."""
    told = {MIME[kind]: _sendable(value) for kind, value in bundle.items() if kind in MIME}
    if extra := {kind: _sendable(value) for kind, value in bundle.items() if kind not in MIME}:
        told["extra"] = extra
    return told


def display(*values: Any, raw: bool = False, **_: Any) -> None:
    """Show values on the way; `raw`: they are bundles by media type."""
    for value in values:
        if (own := _asked(value, "_ipython_display_", missing=_MISSING)) is not _MISSING:
            del own
            continue
        _tell({"type": "result", "main": False, "formats": bundled(value) if raw else formats(value)})


def show_figures() -> None:
    """Show every open figure and close it."""
    for told in figures.finished():
        _tell({"type": "result", "main": False, "formats": told})


SHOWN_AS = {
    "HTML": "html",
    "Markdown": "markdown",
    "SVG": "svg",
    "Latex": "latex",
    "JSON": "json",
    "Javascript": "javascript",
}


def install(space: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Give cells `display`, and `IPython.display` to import, which much code does."""
    global _tell  # noqa: PLW0603  (a kernel shows to one place)
    _tell = tell
    space["display"] = display
    module, parent = types.ModuleType("IPython.display"), types.ModuleType("IPython")
    module.display = display  # type: ignore[attr-defined]
    module.clear_output = lambda *_, **__: None  # type: ignore[attr-defined]
    for name, method in SHOWN_AS.items():
        setattr(module, name, _shown_as(name, f"_repr_{method}_"))
    module.Image = Image  # type: ignore[attr-defined]
    parent.display, parent.get_ipython, parent.__path__ = module, lambda: None, []  # type: ignore[attr-defined]
    parent.version_info, parent.__version__ = (9, 0, 0), "9.0.0"  # type: ignore[attr-defined]  # matplotlib asks
    sys.modules |= {"IPython": parent, "IPython.display": module}
    figures.install(show_figures)


class Image:
    """A picture from bytes or a file."""

    def __init__(self, data: Any = None, filename: str | None = None, **_: Any) -> None:
        if data is None and filename:
            with open(filename, "rb") as file:
                data = file.read()
        self.data = data

    def _repr_png_(self) -> bytes | None:
        return self.data if self.data[:4] == b"\x89PNG" else None

    def _repr_jpeg_(self) -> bytes | None:
        return self.data if self.data[:2] == b"\xff\xd8" else None


_MISSING = object()


def _shown_as(name: str, method: str) -> type:
    return type(
        name,
        (),
        {
            "__init__": lambda self, data=None, **_: setattr(self, "data", data),
            method: lambda self: self.data,
        },
    )


def _asked(value: Any, method: str, missing: Any = None) -> Any:
    """What a value answers; a class is not asked, and an answer that fails is none."""
    call = getattr(type(value), method, None)
    if isinstance(value, type) or not callable(call):
        return missing
    try:
        return call(value)
    except Exception:  # noqa: BLE001  (the text is shown all the same)
        return missing


def _text(value: Any) -> str:
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001
        text = f"<{type(value).__name__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}... ({len(text)} characters)"


def _sendable(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return reprlib.repr(value)
    return value
