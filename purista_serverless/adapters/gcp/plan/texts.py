"""Texts of a plan with what a deployment puts into them."""

import re
from collections.abc import Mapping

from purista_serverless.adapters.gcp.plan.resources import Text

_PLACE = re.compile(r"\$\{([a-z]+(?:\.[^}]+)?)\}")


def fill(text: Text, values: Mapping[str, str]) -> str:
    """Put values into the places of a text; a plain text has none.

    Args:
        text: The text.
        values: By name: ``project``, ``number``, ``region``, ``prefix``, ``image``, ``config.<name>``.

    Raises:
        KeyError: A value is missing.

    Example:
        >>> from purista_serverless.adapters.gcp.plan.resources import Sub
        >>> fill(Sub("projects/${project}/topics/${prefix}-orders"), {"project": "acme", "prefix": "shop"})
        'projects/acme/topics/shop-orders'
        >>> fill("${HOME} stays", {})
        '${HOME} stays'
    """
    return str(text) if type(text) is str else _PLACE.sub(lambda place: values[place[1]], text)
