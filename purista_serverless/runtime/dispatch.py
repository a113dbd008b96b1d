"""The one way from a message to an outcome, for ``def`` and ``async def`` alike.

The policy is written once, as a generator that yields what guards and handlers return; the two drivers differ only in
whether they await it.
"""

import sys
from typing import TYPE_CHECKING, Any

from purista_serverless.errors import CancelJob, DeclarationError, HandledError, InvalidPayload, RetryLater
from purista_serverless.message import BadInput, Cancelled, Failed, Outcome, Rejected, Retry, Success
from purista_serverless.message.wire import plain_json
from purista_serverless.runtime.context import Context
from purista_serverless.schema.codec import dump_any

if TYPE_CHECKING:
    from collections.abc import Generator

    from purista_serverless.message import Job, Message
    from purista_serverless.runtime.context import JobControl
    from purista_serverless.runtime.function import Function, Watch
    from purista_serverless.runtime.ports import Ports

# Stands for a payload that nobody has loaded yet; ``None`` may be a payload.
UNREAD: Any = object()

# How nearly every worker's run ends.
_DONE = Success(b"null")


def dispatch(
    function: "Function",
    message: "Message | Job",
    ports: "Ports",
    control: "JobControl | None" = None,
    payload: Any = UNREAD,
) -> Outcome:
    """Run a sync function on a message.

    Args:
        function: What runs.
        message: What it runs on.
        ports: The ways out.
        control: The job's side of the context.
        payload: The message's payload as the function takes it, if it was loaded with the message already.

    Never raises an ``Exception``: whatever the handler raises is an outcome. What is not an ``Exception``
    (``KeyboardInterrupt``, ``SystemExit``) passes.
    """
    context = Context(function, message, ports, control)
    if function.watch is not None:
        return _watched(context, payload, function.watch)
    if "opentelemetry.trace" in sys.modules:
        return _traced(context, payload)
    if payload is UNREAD or function.is_surrounded:
        return _drive(_steps(context, payload))
    return _call(context, payload)


async def adispatch(
    function: "Function",
    message: "Message | Job",
    ports: "Ports",
    control: "JobControl | None" = None,
    payload: Any = UNREAD,
) -> Outcome:
    """Run an async function on a message; as ``dispatch``."""
    context = Context(function, message, ports, control)
    if function.watch is not None:
        return await _awatched(context, payload, function.watch)
    if "opentelemetry.trace" in sys.modules:
        return await _atraced(context, payload)
    return await _adrive(_steps(context, payload))


def _drive(steps: "Generator[Any, Any, Outcome]") -> Outcome:
    try:
        value = next(steps)
        while True:
            value = steps.throw(_unawaited(value)) if hasattr(value, "__await__") else steps.send(value)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def _unawaited(value: Any) -> DeclarationError:
    """Give the error of a ``def`` that returned a coroutine: what it checks or does never ran."""
    if hasattr(value, "close"):
        value.close()
    return DeclarationError(
        f"a handler or guard that is no `async def` returned {value!r}, which nobody awaits; "
        "write it as `async def` and await inside"
    )


async def _adrive(steps: "Generator[Any, Any, Outcome]") -> Outcome:
    try:
        value = next(steps)
        while True:
            if hasattr(value, "__await__"):
                try:
                    value = await value
                except BaseException as error:  # noqa: BLE001 - handed to the generator, which decides
                    value = steps.throw(_failure_of(error))
                    continue
            value = steps.send(value)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]


def _failure_of(error: BaseException) -> BaseException:
    """Give what an awaited handler raised; a cancellation that nobody asked this task for is a failure of its own.

    A client's task may be cancelled by the client. Passed on, it would look as if the host had stopped the handler.
    """
    # Whoever awaits on asyncio's loop has loaded it; this module is on the cold path of functions that do not.
    asyncio = sys.modules.get("asyncio")
    if asyncio is None or not isinstance(error, asyncio.CancelledError) or _is_stopped(asyncio):
        return error
    failure = RuntimeError("what the handler awaited was cancelled, and not by its host")
    failure.__cause__ = error
    return failure


def _is_stopped(asyncio: Any) -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:
        # Driven by hand, without a loop: there is nobody who could.
        return False
    return task is not None and task.cancelling() > 0


def _call(context: Context, payload: Any) -> Outcome:
    """Do what is left of ``_steps`` where nothing surrounds the handler: a generator takes as long as all the rest."""
    function = context.function
    try:
        value = function.handler(context, payload)
        if value is None and function.gives_nothing:
            return _DONE
        if hasattr(value, "__await__"):
            return _outcome_of(context, _unawaited(value))
        return Success(_dump(function, value))
    except Exception as error:  # noqa: BLE001 - the boundary to the user's code: every error is an outcome
        return _outcome_of(context, error)


def _steps(context: Context, payload: Any) -> "Generator[Any, Any, Outcome]":
    function = context.function
    arguments = _arguments(context, payload)
    if not isinstance(arguments, tuple):
        return arguments
    try:
        resources = function.resources(context.ports) if function.resource_handles else {}
        for guard in function.before:
            yield guard(context, *arguments)
        value = yield function.handler(context, *arguments, **resources)
        result = _dump(function, value)
        for guard in function.after:
            yield guard(context, value, *arguments)
        if function.transform_output is not None:
            result = dump_any(function.transform_output(value))
        return Success(result)
    except Exception as error:  # noqa: BLE001 - the boundary to the user's code: every error is an outcome
        return _outcome_of(context, error)


def _arguments(context: Context, payload: Any) -> tuple[Any, ...] | Outcome:
    """Give what the handler takes besides its context, or how the dispatch ends without it."""
    function, message = context.function, context.message
    try:
        if payload is UNREAD:
            payload = _payload_of(function, message)
        if not function.takes_parameter:
            return (payload,)
        given = message.parameter
        if type(given) is bytes:
            return payload, function.parameter.load_json(given, function.parameter_subject)
        return payload, function.parameter.load(given if given is not None else {}, function.parameter_subject)
    except InvalidPayload as error:
        return BadInput(error.subject, error.problems)
    except Exception as error:  # noqa: BLE001 - a transform is the user's code; its failure is an outcome
        return _outcome_of(context, error)


def _payload_of(function: "Function", message: "Message | Job") -> Any:
    raw = message.payload
    if function.transform_input is not None:
        raw = function.transform_input(plain_json(raw))
    if type(raw) is bytes:
        return function.payload.load_json(raw, function.payload_subject)
    return function.payload.load(raw, function.payload_subject)


def _dump(function: "Function", value: Any) -> bytes | None:
    return None if function.result is None else function.result.dump_json(value, function.result_subject)


def _outcome_of(context: Context, error: Exception) -> Outcome:
    if isinstance(error, HandledError):
        return Rejected(error)
    if isinstance(error, RetryLater):
        delay = None if error.delay is None else round(error.delay.total_seconds() * 1000)
        return Retry(delay, error.reason)
    if isinstance(error, CancelJob):
        return Cancelled(error.reason)
    context.log.error("%s failed: %s", context.function.name, type(error).__name__, exc_info=error)
    return Failed(error)


def _watched(context: Context, payload: Any, watch: "Watch") -> Outcome:
    started = context.ports.clock.now()
    is_traced = "opentelemetry.trace" in sys.modules
    outcome = _traced(context, payload) if is_traced else _drive(_steps(context, payload))
    watch(context.function, outcome, context.ports.clock.now() - started)
    return outcome


async def _awatched(context: Context, payload: Any, watch: "Watch") -> Outcome:
    started = context.ports.clock.now()
    is_traced = "opentelemetry.trace" in sys.modules
    ended: Outcome | None = None
    try:
        ended = outcome = await (_atraced(context, payload) if is_traced else _adrive(_steps(context, payload)))
    finally:
        # Also of a run that is cancelled because its time is over.
        watch(context.function, ended, context.ports.clock.now() - started)
    return outcome


def _traced(context: Context, payload: Any) -> Outcome:
    from purista_serverless.runtime.telemetry import span, tell

    with span(context) as active:
        return tell(active, _drive(_steps(context, payload)))


async def _atraced(context: Context, payload: Any) -> Outcome:
    from purista_serverless.runtime.telemetry import span, tell

    with span(context) as active:
        return tell(active, await _adrive(_steps(context, payload)))
