"""What Eventarc delivers: CloudEvents in the binary form, those of Pub/Sub with a push as their body."""

from typing import TYPE_CHECKING, Any

from purista_serverless.adapters.gcp.codecs import push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.adapters.gcp.codecs.push import Pushed

PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"


def is_message(environ: "Mapping[str, Any]") -> bool:
    """Say whether a request is a message of Pub/Sub that Eventarc brings, by the type that each of them names."""
    return environ.get("HTTP_CE_TYPE") == PUBLISHED


def decode(body: bytes | str) -> "Pushed":
    """Read the message in such a request; what its headers tell, the body tells as well.

    Raises:
        BadEvent: It is none.
    """
    return push.decode(body)
