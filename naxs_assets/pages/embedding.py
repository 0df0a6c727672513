"""Data inside a page: JSON that a script element can hold."""

from __future__ import annotations

import json


def script_json(value: object) -> str:
    """``value`` as compact JSON with sorted keys, safe inside an HTML script element."""
    text = json.dumps(
        value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
