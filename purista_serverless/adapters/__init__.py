"""Providers: one package per cloud, one module or small package per broker and orchestrator.

This file holds the registry and nothing else. It runs on every cold start, so that it imports nothing, and a row is
text: the descriptor's module is loaded when its name is asked for.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapter import Adapter
    from purista_serverless.errors import UnknownAdapter

ADAPTERS: dict[str, str] = {
    "aws": "purista_serverless.adapters.aws.descriptor:ADAPTER",
    "embedded": "purista_serverless.adapters.embedded.descriptor:ADAPTER",
    "gcp": "purista_serverless.adapters.gcp.descriptor:ADAPTER",
}


def load_adapter(name: str, registry: "Mapping[str, str]" = ADAPTERS) -> "Adapter":
    """Load an adapter's descriptor.

    Args:
        name: Name in the registry, or ``module:ATTRIBUTE`` for an adapter that is not in it.
        registry: Where descriptors are found, by name.

    Raises:
        UnknownAdapter: The name is not in the registry.

    Example:
        >>> load_adapter("purista_serverless.testing.descriptors:IDEAL")
        Adapter('ideal')
    """
    from purista_serverless.adapter import load_object

    if ":" in name:
        return load_object(name)  # type: ignore[no-any-return]
    if name not in registry:
        raise _unknown(name, registry)
    return load_object(registry[name])  # type: ignore[no-any-return]


def _unknown(name: str, registry: "Mapping[str, str]") -> "UnknownAdapter":
    from purista_serverless.errors import UnknownAdapter
    from purista_serverless.naming import nearest

    return UnknownAdapter(name, registry, suggestion=nearest(name, registry))
