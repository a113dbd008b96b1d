"""Handler modules can be imported, and what they handle is part of the application."""

import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules

from purista_serverless.builder.declarations import Declarations, place_name
from purista_serverless.builder.handlers import HandlerDeclaration
from purista_serverless.builder.origin import Origin
from purista_serverless.builder.problems.report import problem_in
from purista_serverless.errors import Problem
from purista_serverless.naming import did_you_mean


def import_modules(modules: Sequence[str], application: str, origin: Origin) -> Iterator[Problem]:
    """Import the modules, so that their handlers register, and give those that cannot be imported."""
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            what = f"handler module {module!r} cannot be imported: {error}"
            yield problem_in("PS112", application, origin, what, _import_fix(module, error))


def check_modules(modules: Sequence[str], declarations: Declarations) -> Iterator[Problem]:
    """Find handlers of services that are not part of the application."""
    for module in modules:
        for found in vars(sys.modules.get(module, object)).values():
            handler = getattr(found, "__purista__", None)
            if isinstance(handler, HandlerDeclaration) and handler.service not in declarations.services:
                service = f"{handler.service.name} v{handler.service.version}"
                what = f"the handler belongs to {service}, which is not part of application {declarations.name!r}"
                where = place_name(handler.service, handler.name)
                yield problem_in("PS110", where, handler.origin, what, "add the service to Application(...)")


def _import_fix(module: str, error: ImportError) -> str:
    if error.name is not None and not f"{module}.".startswith(f"{error.name}."):
        return f"make {error.name} importable where the application is built"
    parent, _, last = module.rpartition(".")
    package = sys.modules.get(parent)
    if package is None or not hasattr(package, "__path__"):
        return "name modules as in an import statement, from a directory on the path"
    near = did_you_mean(last, [found.name for found in iter_modules(package.__path__)])
    return near or f"import {module} in a Python shell to see the whole error"
