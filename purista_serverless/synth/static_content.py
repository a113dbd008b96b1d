"""What a schedule sends when nothing of it has to be computed: the members of the message that a clock carries."""

import json
from collections.abc import Mapping
from typing import Any, assert_never

from purista_serverless.message import CUSTOM_MESSAGE, Party
from purista_serverless.model import CommandTarget, EventTarget, QueueTarget, Schedule
from purista_serverless.schema import codec_of, resolve_path, value_at
from purista_serverless.topology.lookup import Lookup


def static_content(declaration: Schedule, lookup: Lookup) -> Mapping[str, Any]:
    """Give what every slot sends: the name of the target, the payload, its key and the parameter."""
    match declaration.target:
        case EventTarget(event=event):
            return {"event": event, **_envelope(declaration), **_payload(declaration, lookup.events[event].payload)}
        case QueueTarget(queue=name):
            queue = lookup.queues[name]
            sent = _payload(declaration, queue.payload)
            return {"queue": name, **sent, "parameter": _plain(queue.parameter, declaration.parameter)}
        case CommandTarget(command=address):
            command = lookup.commands[address]
            sent = _payload(declaration, command.payload)
            name = f"{address.service}.{address.version}.{address.name}"
            return {"command": name, **sent, "parameter": _plain(command.parameter, declaration.parameter)}
        case _:
            assert_never(declaration.target)


def _envelope(declaration: Schedule) -> dict[str, Any]:
    """Give the members of the envelope that rules look at, since the rules see what Scheduler sends as it is."""
    address = declaration.address
    sender = Party(address.service, address.version, address.name)
    return {"messageType": CUSTOM_MESSAGE, "sender": sender.to_wire()}


def _payload(declaration: Schedule, declared: Any) -> dict[str, Any]:
    payload = _plain(declared, declaration.payload)
    key = declaration.idempotency_key
    if not isinstance(key, str):
        return {"payload": payload}
    found = value_at(payload, resolve_path(declared, key))
    return {"payload": payload, "key": None if found is None else str(found)}


def _plain(declared: Any, value: Any) -> Any:
    return json.loads(codec_of(declared).dump_json(value))
