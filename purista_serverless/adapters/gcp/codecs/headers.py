"""Headers of a request as WSGI has them: ``HTTP_CE_TYPE`` for ``ce-type``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "HTTP_"
_BARE = (("CONTENT_TYPE", "content-type"), ("CONTENT_LENGTH", "content-length"))


def headers_of(environ: "Mapping[str, Any]") -> dict[str, str]:
    """Give all headers by lower-case name.

    Example:
        >>> headers_of({"HTTP_CE_TYPE": "a.b", "CONTENT_TYPE": "text/plain", "PATH_INFO": "/"})
        {'ce-type': 'a.b', 'content-type': 'text/plain'}
    """
    found = {
        name[len(_PREFIX) :].replace("_", "-").lower(): text
        for name, text in environ.items()
        if name.startswith(_PREFIX) and isinstance(text, str)
    }
    found.update({name: environ[variable] for variable, name in _BARE if environ.get(variable)})
    return found
