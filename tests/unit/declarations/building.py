"""Build a malformed application; apart from the tests, because its own line is in a golden text."""

from importlib import import_module
from typing import Any

from purista_serverless import Application

HERE = "tests.unit.declarations.malformed"


def load(code: str) -> Any:
    """Import the malformed module of a code."""
    return import_module(f"{HERE}.{code.lower()}")


def build(code: str) -> Application:
    """Build its application, which fails."""
    module = load(code)
    return Application("shop", module.SERVICES, handlers=getattr(module, "HANDLERS", ()))
