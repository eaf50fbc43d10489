"""Tables as data: a pandas frame column by column."""

import sys
from typing import Any

MOST_CELLS = 100_000


def data(value: Any) -> dict[str, Any]:
    """Return {"data": {column: values}} for a frame or series that is not too large, else nothing."""
    pandas = sys.modules.get("pandas")
    if pandas is None or not isinstance(value, (pandas.DataFrame, pandas.Series)):
        return {}
    frame = value.to_frame() if isinstance(value, pandas.Series) else value
    if frame.size > MOST_CELLS:
        return {}
    return {"data": {str(name): [_plain(one) for one in frame[name].tolist()] for name in frame.columns}}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else None  # JSON knows no infinity and no NaN
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
