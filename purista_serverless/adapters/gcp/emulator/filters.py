"""Filters of Pub/Sub subscriptions: their language, read and applied, since the real emulator does neither."""

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from purista_serverless.errors import DeclarationError

Predicate: TypeAlias = Callable[[Mapping[str, str]], bool]
"""Says whether a message with these attributes is delivered."""

# Pub/Sub, filter messages from a subscription.
LONGEST = 256
_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[A-Za-z_][A-Za-z0-9_-]*|!=|[=:.,()-])')


def read_filter(text: str) -> Predicate:
    """Read a filter.

    Args:
        text: Such as ``attributes.service = "Billing" AND NOT attributes:test``.

    Raises:
        DeclarationError: It is too long, or does not parse; says where.

    Example:
        >>> matches = read_filter('attributes.service = "Billing" AND hasPrefix(attributes.version, "1")')
        >>> matches({"service": "Billing", "version": "12"}), matches({"service": "Billing"})
        (True, False)
    """
    if len(text.encode()) > LONGEST:
        raise DeclarationError(f"the filter {text!r} is longer than {LONGEST} bytes; filter in the handler instead")
    return _Reader(text).read()


class _Reader:
    """Reads a filter from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def read(self) -> Predicate:
        predicate = self._terms()
        if self._text[self._place :].strip():
            raise self._problem("the end, AND or OR")
        return predicate

    def _terms(self) -> Predicate:
        predicate = self._term()
        joined: str | None = None
        while (word := self._peek()) in {"AND", "OR"}:
            if joined not in {None, word}:
                raise self._problem("parentheses between AND and OR")
            joined = word
            self._next()
            predicate = _joined(word, predicate, self._term())
        return predicate

    def _term(self) -> Predicate:
        if self._peek() in {"NOT", "-"}:
            self._next()
            return _negated(self._term())
        if self._peek() == "(":
            self._next()
            predicate = self._terms()
            self._expect(")")
            return predicate
        return self._prefix() if self._peek() == "hasPrefix" else self._comparison()

    def _prefix(self) -> Predicate:
        self._next()
        self._expect("(")
        self._expect("attributes")
        self._expect(".")
        name = self._name()
        self._expect(",")
        prefix = self._string()
        self._expect(")")
        return lambda attributes: attributes.get(name, "").startswith(prefix) and name in attributes

    def _comparison(self) -> Predicate:
        self._expect("attributes")
        if self._peek() == ":":
            self._next()
            present = self._name()
            return lambda attributes: present in attributes
        self._expect(".")
        name = self._name()
        operator = self._peek()
        if operator not in {"=", "!="}:
            raise self._problem("= or !=")
        self._next()
        value = self._string()
        if operator == "=":
            return lambda attributes: attributes.get(name) == value
        return lambda attributes: name in attributes and attributes[name] != value

    def _name(self) -> str:
        word = self._peek()
        if word is not None and word.startswith('"'):
            return self._string()
        if word is None or not (word[0].isalpha() or word[0] == "_"):
            raise self._problem("the name of an attribute")
        self._next()
        return word

    def _string(self) -> str:
        word = self._peek()
        if word is None or not word.startswith('"'):
            raise self._problem("a text in double quotes")
        self._next()
        return re.sub(r"\\(.)", r"\1", word[1:-1])

    def _expect(self, word: str) -> None:
        if self._peek() != word:
            raise self._problem(word)
        self._next()

    def _peek(self) -> str | None:
        found = _TOKEN.match(self._text, self._place)
        return None if found is None else found[1]

    def _next(self) -> None:
        found = _TOKEN.match(self._text, self._place)
        assert found is not None  # noqa: S101 - whoever goes on has peeked
        self._place = found.end()

    def _problem(self, wanted: str) -> DeclarationError:
        return DeclarationError(f"the filter {self._text!r} does not parse at character {self._place}: {wanted} is due")


def _joined(word: str, left: Predicate, right: Predicate) -> Predicate:
    if word == "AND":
        return lambda attributes: left(attributes) and right(attributes)
    return lambda attributes: left(attributes) or right(attributes)


def _negated(predicate: Predicate) -> Predicate:
    return lambda attributes: not predicate(attributes)
