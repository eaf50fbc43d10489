"""Figures of matplotlib as PNG, and what is plotted in them as data."""

import base64
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

from . import charts

# A module that matplotlib takes for a backend: Agg, but `show()` shows.
BACKEND = "miosa_figures"
_show: Callable[[], None] = print


def install(show: Callable[[], None]) -> None:
    """Make matplotlib draw into memory, from its first import on."""
    global _show  # noqa: PLW0603  (a kernel shows to one place)
    _show = show
    os.environ["MPLBACKEND"] = f"module://{BACKEND}"
    sys.meta_path.append(_Backend())


def finished() -> Iterator[dict[str, Any]]:
    """Yield what is sent for each open figure, and close it."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else ():
        figure = pyplot.figure(number)
        if figure.get_axes():
            yield {"text": repr(figure), **picture(figure)}
        pyplot.close(number)


def picture(value: Any) -> dict[str, Any]:
    """Return PNG and chart for a figure, PNG for a picture of PIL that has not told it itself, else nothing."""
    module = sys.modules.get("matplotlib.figure")
    if module is None or not isinstance(value, module.Figure):
        return {}
    drawn = io.BytesIO()
    value.savefig(drawn, format="png", bbox_inches="tight")
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(value)  # shown once
    return {"png": base64.b64encode(drawn.getvalue()).decode("ascii"), **charts.chart(value)}


class _Backend:
    """Finds the backend module, which is made when matplotlib asks for it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != BACKEND:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: Any) -> None:
        from matplotlib.backend_bases import FigureManagerBase
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        module.FigureCanvas, module.FigureManager = FigureCanvasAgg, FigureManagerBase
        module.show = lambda *_, **__: _show()
