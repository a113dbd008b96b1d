"""A Terraform provider that knows what resources look like and what their services refuse, and makes none.

The real Terraform talks to it over its own protocol, by ``TF_REATTACH_PROVIDERS``, and so checks, plans and applies a
configuration without a network and without an account.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc

from tests.connected.gcp.terraform_protocol import (
    MESSAGES,
    PACKAGE,
    PROTOCOL,
    UNKNOWN,
    from_value,
    is_unknown,
    to_value,
)
from tests.connected.gcp.terraform_schema import Block, Nested, Schema

# Where the fault is, and what it is.
Fault = tuple[tuple[str, ...], str]
# Tells what the service would refuse of a resource's configuration.
Rule = Callable[[Mapping[str, Any]], Iterable[Fault]]
# Gives the attributes that follow from a resource's configuration, with the configuration of the provider.
Outcome = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[str, Any]]

_ERROR = 1
_SINGLE, _LIST = 1, 2


class Provider:
    """A provider on the loopback, from `__enter__` to `__exit__`.

    Args:
        source: What configurations call it: ``hashicorp/google``.
        schema: Its resources and data sources.
        rules: What is refused, by type of resource.
        outcomes: What follows, by type of resource or data source; anything else that it computes is known after the
            apply only.
        replaced_by: Arguments of a type whose change makes the resource anew.
    """

    def __init__(
        self,
        source: str,
        schema: Schema,
        *,
        rules: Mapping[str, Rule],
        outcomes: Mapping[str, Outcome],
        replaced_by: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._source = source
        self._schema = schema
        self._rules = rules
        self._outcomes = outcomes
        self._replaced_by = replaced_by
        self._settings: Mapping[str, Any] = {}
        self._server = grpc.server(ThreadPoolExecutor(4))
        handlers = {method: _handler(name, answer) for method, (name, answer) in self._methods().items()}
        self._server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(f"{PACKAGE}.Provider", handlers)],
        )
        self._port = 0

    def __enter__(self) -> Self:
        """Serve."""
        self._port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop to serve."""
        self._server.stop(None).wait()

    def environment(self) -> dict[str, str]:
        """Give the variables with which Terraform finds the provider."""
        address = {"Network": "tcp", "String": f"127.0.0.1:{self._port}"}
        found = {"Protocol": "grpc", "ProtocolVersion": PROTOCOL, "Pid": os.getpid(), "Test": True, "Addr": address}
        return {"TF_REATTACH_PROVIDERS": json.dumps({self._source: found})}

    def _methods(self) -> dict[str, tuple[str, Callable[[Any], Any]]]:
        """Give the messages of the requests and what answers them, by method."""
        return {
            "GetProviderSchema": ("Empty", self._schemas),
            "ValidateProviderConfig": ("Empty", _nothing),
            "ValidateDataResourceConfig": ("Empty", _nothing),
            "StopProvider": ("Empty", _nothing),
            "ConfigureProvider": ("Settings", self._configure),
            "ValidateResourceConfig": ("Configuration", self._validate),
            "UpgradeResourceState": ("Upgrade", _upgraded),
            "ReadResource": ("Stored", lambda request: MESSAGES["State"](state=request.current_state)),
            "ReadDataSource": ("Configuration", self._read),
            "PlanResourceChange": ("Change", self._plan),
            "ApplyResourceChange": ("Change", self._apply),
        }

    def _schemas(self, _: Any) -> Any:
        return MESSAGES["Schemas"](
            provider=_schema(self._schema.provider),
            resource_schemas=_named(self._schema.resources),
            data_source_schemas=_named(self._schema.data),
        )

    def _configure(self, request: Any) -> Any:
        self._settings = to_value(request.config)
        return MESSAGES["Empty"]()

    def _validate(self, request: Any) -> Any:
        rule = self._rules.get(request.type_name, _accepted)
        found = [_diagnostic(path, text) for path, text in rule(to_value(request.config))]
        return MESSAGES["Problems"](diagnostics=found)

    def _read(self, request: Any) -> Any:
        planned = self._planned(request.type_name, self._schema.data[request.type_name], to_value(request.config))
        return MESSAGES["State"](state=from_value(_settled(self._schema.data[request.type_name], planned)))

    def _plan(self, request: Any) -> Any:
        proposed, prior = to_value(request.proposed), to_value(request.prior_state)
        # What is there already has computed what it computes; a replacement is planned a second time, as a creation.
        if proposed is not None and prior is None:
            proposed = self._planned(request.type_name, self._schema.resources[request.type_name], proposed)
        names = self._replaced_by.get(request.type_name, ())
        changed = [name for name in names if proposed and prior and proposed[name] != prior[name]]
        replaces = [_path((name,)) for name in changed]
        return MESSAGES["Planned"](planned_state=from_value(proposed), requires_replace=replaces, legacy=True)

    def _planned(self, kind: str, block: Block, given: Mapping[str, Any]) -> dict[str, Any]:
        planned = _awaited(block, given)
        known = self._outcomes[kind](given, self._settings) if kind in self._outcomes else {}
        return {**planned, **{name: value for name, value in known.items() if not _is_set(given.get(name))}}

    def _apply(self, request: Any) -> Any:
        planned = to_value(request.proposed)
        state = None if planned is None else _settled(self._schema.resources[request.type_name], planned)
        return MESSAGES["Applied"](new_state=from_value(state), legacy=True)


def _handler(name: str, answer: Callable[[Any], Any]) -> grpc.RpcMethodHandler:
    return grpc.unary_unary_rpc_method_handler(
        lambda request, _: answer(request),
        request_deserializer=MESSAGES[name].FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def _nothing(_: Any) -> Any:
    return MESSAGES["Empty"]()


def _accepted(_: Mapping[str, Any]) -> Iterable[Fault]:
    return ()


def _upgraded(request: Any) -> Any:
    # The state is of the same version of the schema: it is given back as it was stored.
    return MESSAGES["State"](state=MESSAGES["DynamicValue"](json=request.raw_state.json))


def _is_set(value: object) -> bool:
    return value is not None and not is_unknown(value)


def _awaited(block: Block, given: Mapping[str, Any]) -> dict[str, Any]:
    """Mark what a resource computes and nobody has given as known after the apply only."""
    awaited = dict(given)
    for name, attribute in block.attributes.items():
        if attribute.computed and awaited.get(name) is None:
            awaited[name] = UNKNOWN
    return _in_blocks(block, awaited, _awaited)


def _settled(block: Block, planned: Mapping[str, Any]) -> dict[str, Any]:
    """Give what is known after the apply."""
    settled = dict(planned)
    for name, attribute in block.attributes.items():
        if is_unknown(settled.get(name)):
            settled[name] = f"computed-{name}" if attribute.kind == "string" else None
    return _in_blocks(block, settled, _settled)


def _in_blocks(
    block: Block, values: dict[str, Any], change: Callable[[Block, Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    for name, nested in block.blocks.items():
        found = values.get(name)
        if isinstance(found, list):
            values[name] = [change(nested.block, item) for item in found]
        elif isinstance(found, dict):
            values[name] = change(nested.block, found)
    return values


def _named(blocks: Mapping[str, Block]) -> list[Any]:
    return [MESSAGES["NamedSchema"](key=name, value=_schema(block)) for name, block in blocks.items()]


def _schema(block: Block) -> Any:
    return MESSAGES["Schema"](block=_block(block))


def _block(block: Block) -> Any:
    attributes = [
        MESSAGES["Attribute"](
            name=name,
            type=json.dumps(attribute.kind).encode(),
            required=attribute.required,
            optional=attribute.optional,
            computed=attribute.computed,
        )
        for name, attribute in block.attributes.items()
    ]
    nested = [_nested(name, one) for name, one in block.blocks.items()]
    return MESSAGES["Block"](attributes=attributes, block_types=nested)


def _nested(name: str, nested: Nested) -> Any:
    return MESSAGES["Nested"](
        type_name=name,
        block=_block(nested.block),
        nesting=_SINGLE if nested.single else _LIST,
        min_items=nested.least,
        max_items=nested.most,
    )


def _diagnostic(path: tuple[str, ...], text: str) -> Any:
    return MESSAGES["Diagnostic"](severity=_ERROR, summary=text, attribute=_path(path))


def _path(names: tuple[str, ...]) -> Any:
    return MESSAGES["Path"](steps=[MESSAGES["Step"](attribute_name=name) for name in names])
