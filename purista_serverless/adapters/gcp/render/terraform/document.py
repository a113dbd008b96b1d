"""JSON as people review it."""

from json import dumps
from typing import Any


def to_json(root: dict[str, Any]) -> str:
    r"""Write an object so that its first line holds its first member, which tells who wrote it.

    Example:
        >>> print(to_json({"//": "Generated", "a": {"b": 1}}), end="")
        {"//": "Generated",
          "a": {
            "b": 1
          }
        }
    """
    (first, value), *others = root.items()
    rest = dumps(dict(others), ensure_ascii=False, indent=2)
    return f"{{{dumps(first)}: {dumps(value)},{rest.removeprefix('{')}\n"
