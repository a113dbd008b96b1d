"""The harness itself: a correct line is accepted."""

from typing import assert_type

assert_type(len("abc"), int)
