"""OpenAPI 3.1 of an application's HTTP routes: what the HTTP surface answers, made from the same declarations."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias

from purista_serverless.exports.openapi_parts import COMPONENTS, HEADERS, REFUSALS, job_paths, refusal
from purista_serverless.model import Application, Command, Http
from purista_serverless.schema.documents import json_schemas_of

if TYPE_CHECKING:
    from purista_serverless.schema.documents import Wanted

Node: TypeAlias = dict[str, Any]

_REF = "#/components/schemas/"
_BODILESS = frozenset({"GET", "DELETE"})
_BEARER: Node = {"type": "http", "scheme": "bearer"}


def openapi(application: Application) -> Node:
    """Give the OpenAPI document of an application's routes as a JSON value; the same input gives the same document.

    Every refusal is a problem of RFC 9457. Statuses that a handler chooses with ``HandledError`` come under
    ``default``. What is particular to PURISTA is in ``x-purista-*`` fields, named as upstream names them.

    Example:
        >>> from purista_serverless import Application, Get, ServiceBuilder
        >>> orders = ServiceBuilder("Orders")
        >>> @orders.command("count", http=Get("/orders/count", public=True))
        ... def count(ctx, payload: None) -> int:
        ...     return 3
        >>> list(openapi(Application("shop", [orders]).model)["paths"])
        ['/orders/count']
    """
    exposed = [(command, command.http) for command in application.commands if command.http is not None]
    schemas = _Schemas(exposed)
    paths: dict[str, Node] = {}
    for command, http in exposed:
        paths.setdefault(http.path, {})[http.method.lower()] = _Operation(command, http, schemas).node()
    paths.update(job_paths(application))
    components = {**COMPONENTS, "schemas": {**COMPONENTS["schemas"], **schemas.definitions}}
    if any(not http.public for _, http in exposed):
        scheme = getattr(application.authenticate, "security_scheme", _BEARER)
        components["securitySchemes"] = {"caller": dict(scheme)}
    document = {
        "openapi": "3.1.0",
        "info": {"title": application.name, "version": _version(application)},
        "paths": {path: paths[path] for path in sorted(paths)},
    }
    return {**document, "components": _used(components, document)}


def _version(application: Application) -> str:
    """Give the highest major version among the services: an application has none of its own."""
    return max((service.version for service in application.services), key=lambda text: (len(text), text), default="1")


class _Schemas:
    """The schemas of all payloads, parameters and results, which share their definitions."""

    def __init__(self, exposed: Iterable[tuple[Command, Http]]) -> None:
        wanted: list[Wanted] = []
        for command, _ in exposed:
            wanted.append((command.payload, "validation"))
            wanted.append((command.parameter, "validation"))
            wanted.append((command.result, "serialization"))
        described = [each for each in wanted if each[0] is not None]
        self._found, self.definitions = json_schemas_of(described, _REF + "{model}")

    def accepted(self, declared: Any) -> Node:
        return self._found[declared, "validation"]

    def sent(self, declared: Any) -> Node:
        return self._found[declared, "serialization"]

    def fields(self, declared: Any) -> tuple[dict[str, Node], frozenset[str]]:
        """Give the fields of a parameter with their schemas, and the names of those that are required."""
        node = self.resolved(self.accepted(declared))
        return node.get("properties", {}), frozenset(node.get("required", ()))

    def resolved(self, node: Node) -> Node:
        name = node.get("$ref", "").removeprefix(_REF)
        return self.resolved(self.definitions[name]) if name else node

    def may_be_null(self, declared: Any) -> bool:
        node = self.resolved(self.sent(declared))
        alternatives = [node, *node.get("anyOf", ())]
        return any(not known or known.get("type") == "null" for known in alternatives)


class _Operation:
    """One command behind one method and path."""

    def __init__(self, command: Command, http: Http, schemas: _Schemas) -> None:
        self._command = command
        self._http = http
        self._schemas = schemas
        self._takes_body = http.method not in _BODILESS and command.payload is not None

    def node(self) -> Node:
        command, http, address = self._command, self._http, self._command.address
        node: Node = {
            "operationId": f"{address.service}_{address.version}_{address.name}",
            "summary": http.summary or command.description,
            "description": command.description if http.summary else "",
            "tags": list(http.tags or (address.service,)),
            "deprecated": command.deprecated is not None,
            "parameters": list(self._parameters()),
            "requestBody": self._body() if self._takes_body else None,
            "responses": self._responses(),
        }
        told = {name: value for name, value in node.items() if value}
        return {**told, "security": [] if http.public else [{"caller": []}], **self._vendor_fields()}

    def _vendor_fields(self) -> Node:
        address, is_async = self._command.address, self._http.mode == "async"
        fields = {
            "x-purista-service-name": address.service,
            "x-purista-service-version": address.version,
            "x-purista-command-name": address.name,
            "x-purista-endpoint-security": "public" if self._http.public else "private",
            "x-purista-runtime-mode": "async-job" if is_async else "sync",
        }
        if is_async and self._command.handler is not None:
            fields["x-purista-queue-name"] = self._command.handler.can_enqueue[0]
        return fields

    def _parameters(self) -> Iterator[Node]:
        if self._command.parameter is None:
            return
        fields, required = self._schemas.fields(self._command.parameter)
        for name, schema in fields.items():
            if f"{{{name}}}" in self._http.path.split("/"):
                yield {"name": name, "in": "path", "required": True, "schema": schema}
            else:
                yield {"name": name, "in": "query", "required": name in required, "schema": schema}

    def _body(self) -> Node:
        return {"required": True, "content": _json(self._schemas.accepted(self._command.payload))}

    def _responses(self) -> Node:
        statuses = [500, 503, 504]
        if self._takes_body or self._command.parameter is not None:
            statuses.append(400)
        if not self._http.public:
            statuses.append(401)
        if self._http.method not in _BODILESS:
            statuses.extend((413, 415))
        refusals = {str(status): refusal(status) for status in sorted(statuses)}
        return {**self._successes(), **refusals, "default": {"$ref": f"{REFUSALS}Refused"}}

    def _successes(self) -> Node:
        http, result = self._http, self._command.result
        if http.mode == "async":
            return {"202": {"$ref": f"{REFUSALS}Accepted"}}
        if result is None:
            return {str(http.status or 204): _response(http.status or 204)}
        status = http.status or 200
        found = {str(status): _response(status, self._schemas.sent(result))}
        if http.status is None and self._schemas.may_be_null(result):
            found["204"] = _response(204)
        return found


def _response(status: int, schema: Node | None = None) -> Node:
    node: Node = {"description": HTTPStatus(status).phrase, "headers": HEADERS}
    # A status without a body has none, whatever the command's result is.
    return node if schema is None or status in {204, 205} else {**node, "content": _json(schema)}


def _json(schema: Node) -> Node:
    return {"application/json": {"schema": schema}}


def _used(components: Node, document: Node) -> Node:
    """Give those components that the document refers to, straight or through others."""
    pending, found = list(_references(document)), set[tuple[str, str]]()
    while pending:
        kind, name = pending.pop()
        if (kind, name) not in found:
            found.add((kind, name))
            pending.extend(_references(components[kind][name]))
    kept = {
        kind: {name: node for name, node in sorted(nodes.items()) if (kind, name) in found or kind == "securitySchemes"}
        for kind, nodes in sorted(components.items())
    }
    return {kind: nodes for kind, nodes in kept.items() if nodes}


def _references(node: Any) -> Iterator[tuple[str, str]]:
    match node:
        case dict():
            if isinstance(reference := node.get("$ref"), str):
                _, _, kind, name = reference.split("/", 3)
                yield kind, name
            for value in node.values():
                yield from _references(value)
        case list():
            for value in node:
                yield from _references(value)
        case _:
            return
