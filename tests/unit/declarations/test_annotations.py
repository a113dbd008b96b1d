"""What a callable is, found out without calling it."""

from functools import partial, wraps

import pytest

from purista_serverless.builder.annotations import is_coroutine


async def later():
    """Do nothing, asynchronously."""


def now():
    """Do nothing, at once."""


def handing_on(function):
    """Decorate as most decorators do."""

    @wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


def awaiting(function):
    """Decorate a plain function with an asynchronous one."""

    @wraps(function)
    async def wrapper(*arguments):
        return function(*arguments)

    return wrapper


class Later:
    """Awaited when called."""

    async def __call__(self):
        """Do nothing, asynchronously."""

    async def bound(self):
        """Do nothing, asynchronously."""


class Now:
    """Not awaited when called."""

    def __call__(self):
        """Do nothing, at once."""


ASYNC = [later, partial(later), handing_on(later), awaiting(now), partial(handing_on(later)), Later(), Later().bound]
SYNC = [now, partial(now), handing_on(now), Now(), Now, len, Later]


@pytest.mark.parametrize(
    "function", ASYNC, ids=lambda function: getattr(function, "__qualname__", type(function).__name__)
)
def test_what_has_to_be_awaited_is_recognised(function):
    """Through decorators, partial application, objects and methods."""
    assert is_coroutine(function)


@pytest.mark.parametrize(
    "function", SYNC, ids=lambda function: getattr(function, "__qualname__", type(function).__name__)
)
def test_what_has_not_to_be_awaited_is_recognised(function):
    """The same forms around a plain function, and classes, whose call makes an object."""
    assert not is_coroutine(function)
