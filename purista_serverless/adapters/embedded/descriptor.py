"""What the embedded runtime can do: everything that the kit declares, on one machine."""

from purista_serverless.adapter import Adapter, Capabilities, Limit

_SQLITE = "SQLite documentation, implementation limits"

# Bindings and schedules are consumers of this process, and nothing but the application itself knows its callers.
ADAPTER = Adapter(
    "embedded",
    capabilities=Capabilities(
        direct=(),
        http_authorizer=False,
        limits=(Limit("payload", 1_000_000_000, "B", source=_SQLITE),),
    ),
    entry="purista_serverless.adapters.embedded.entry",
)
