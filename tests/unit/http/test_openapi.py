"""The OpenAPI document: reviewed, repeatable, and true of the surface."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from purista_serverless import Application, Get, Model, Post, ServiceBuilder, jwt_authenticator
from purista_serverless.exports.openapi import openapi
from tests.unit.http.desk import browse
from tests.unit.http.shop import build

ROOT = Path(__file__).parents[3]


def test_the_document_is_the_reviewed_one(golden):
    """A change of what callers are promised is made on purpose."""
    golden("openapi/shop.json", json.dumps(openapi(build().model), indent=2) + "\n")


def test_the_document_is_the_same_in_every_process():
    """Neither the order of declarations nor the hash seed shows."""
    program = (
        "import json; from purista_serverless.exports.openapi import openapi; from tests.unit.http.shop import build"
    )
    line = f"{program}; print(json.dumps(openapi(build().model)))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", line], cwd=ROOT, env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }

    assert [json.loads(text) for text in texts] == [openapi(build().model)]


def test_the_surface_serves_the_document():
    """It is public, and names where it is served."""
    answer = browse(build()).ask("GET", "/openapi.json")

    assert answer.json() == {**openapi(build().model), "servers": [{"url": "/"}]}


def references(node: Any) -> set[str]:
    """Collect everything that is referred to."""
    if isinstance(node, list):
        return {found for value in node for found in references(value)}
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own | {found for value in node.values() for found in references(value)}


def test_every_reference_leads_to_a_component_and_every_component_is_used():
    """No reader has to look for what is not there, or wonder about what is."""
    document = openapi(build().model)
    kinds = {kind: nodes for kind, nodes in document["components"].items() if kind != "securitySchemes"}

    assert references(document) == {f"#/components/{kind}/{name}" for kind, nodes in kinds.items() for name in nodes}


def test_the_authenticator_says_how_callers_prove_themselves():
    """A verifier of tokens names its scheme, another function counts as one of bearer tokens, none needs no scheme."""
    verifier = jwt_authenticator("s" * 32, issuer="i", audience="a", algorithms=["HS256"])
    schemes = [
        openapi(build(given).model)["components"]["securitySchemes"] for given in (verifier, lambda request: None)
    ]

    assert [scheme["caller"].get("bearerFormat") for scheme in schemes] == ["JWT", None]


class Node(Model):
    """A type that contains itself."""

    name: str
    children: tuple["Node", ...] = ()


def test_an_open_application_describes_little():
    """Without private routes there is no security, without 202 there are no jobs; recursion ends."""
    tree = ServiceBuilder("Tree")

    @tree.command("grow", http=Post("/trees", public=True))
    def grow(ctx: Any, payload: Node) -> Node:
        return payload

    @tree.command("count", http=Get("/trees", public=True))
    def count(ctx: Any, payload: None) -> int:
        return 1

    document = openapi(Application("forest", [tree]).model)

    assert list(document["paths"]) == ["/trees"]
    assert "securitySchemes" not in document["components"]
    assert set(document["components"]["schemas"]) == {"Node-Input", "Node-Output", "Problem"}


def test_nothing_exposed_is_an_empty_document():
    """An application without routes has a valid document all the same."""
    document = openapi(Application("silent", [ServiceBuilder("Silent")]).model)

    assert (document["paths"], document["components"]) == ({}, {})
