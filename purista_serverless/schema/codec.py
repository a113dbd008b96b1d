"""Load and dump values of declared types, with JSON's semantics."""

from abc import ABC, abstractmethod
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

from pydantic import BaseModel, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError, SchemaValidator, from_json, to_json

from purista_serverless.errors import DeclarationError, InvalidPayload

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import CoreSchema

_NOTHING = frozenset((b"", b"null", b"{}"))


class Codec(ABC):
    """Load and dump values of one declared type.

    ``subject`` names the data in errors, ``payload of closeAccount`` for instance; it is the type's name when omitted.
    Errors name fields as they are on the wire and never repeat a value, since a value may be a secret.
    """

    __slots__ = ("name", "type")

    def __init__(self, declared: Any) -> None:
        self.type = declared
        self.name = name_of(declared)

    @property
    def core_schema(self) -> "CoreSchema | None":
        """Give pydantic's schema of the type, to be built into that of something bigger; ``None`` if there is none."""
        return None

    @abstractmethod
    def load_json(self, raw: bytes, subject: str | None = None) -> Any:
        """Load from JSON bytes.

        Raises:
            InvalidPayload: The bytes are not JSON or do not match the type.
        """

    def load(self, value: Any, subject: str | None = None) -> Any:
        """Load from a plain JSON value, as if it were still JSON: dates are strings, tuples are arrays.

        Raises:
            InvalidPayload: The value is no JSON value or does not match the type.
        """
        try:
            raw = to_json(value)
        except PydanticSerializationError as error:
            self._refuse("not a JSON value", subject, error)
        return self.load_json(raw, subject)

    def load_text(self, text: str, subject: str | None = None) -> Any:
        """Load from a text that an environment holds: JSON of the type or, where it is none, the text itself.

        Raises:
            InvalidPayload: Neither matches the type.

        Example:
            >>> codec_of(int).load_text("42"), codec_of(str).load_text("42"), codec_of(str).load_text('"42"')
            (42, '42', '42')
        """
        try:
            from_json(text)
        except ValueError:
            return self.load(text, subject)
        try:
            return self.load_json(text.encode(), subject)
        except InvalidPayload as error:
            refusal = error
        try:
            return self.load(text, subject)
        except InvalidPayload:
            raise refusal from None

    @abstractmethod
    def dump_json(self, value: Any, subject: str | None = None) -> bytes:
        """Dump to JSON bytes.

        Raises:
            InvalidPayload: The value is not of the declared type.
        """

    def _refuse(self, message: str, subject: str | None, cause: Exception | None = None) -> NoReturn:
        raise InvalidPayload(subject or self.name, [{"path": "", "message": message}]) from cause


class _NothingCodec(Codec):
    """No payload: nothing, ``null`` and an empty object are all the same."""

    __slots__ = ()

    def load_json(self, raw: bytes, subject: str | None = None) -> None:
        if raw.strip() not in _NOTHING:
            self._refuse("nothing is expected here", subject)

    def dump_json(self, value: Any, subject: str | None = None) -> bytes:
        if value is not None:
            self._refuse(f"nothing is declared here, but {name_of(type(value))} was given", subject)
        return b"null"


class _ModelCodec(Codec):
    """A pydantic model: its validator and serializer are used directly, no adapter is built."""

    __slots__ = ("_serialize", "_validate")

    def __init__(self, declared: type[BaseModel]) -> None:
        super().__init__(declared)
        # A model with forward references is completed here, once, instead of on its first message.
        if not declared.__pydantic_complete__:
            declared.model_rebuild()
        self._validate = declared.__pydantic_validator__.validate_json
        self._serialize = declared.__pydantic_serializer__.to_json

    @property
    def core_schema(self) -> "CoreSchema | None":
        return _core_schema_of(self.type.__pydantic_core_schema__, self.type.__pydantic_validator__)

    def load_json(self, raw: bytes, subject: str | None = None) -> Any:
        try:
            return self._validate(raw)
        except ValidationError as error:
            raise invalid_payload(subject or self.name, error) from None

    def dump_json(self, value: Any, subject: str | None = None) -> bytes:
        if not isinstance(value, self.type):
            self._refuse(f"{self.name} is declared here, but {name_of(type(value))} was given", subject)
        try:
            return self._serialize(value, by_alias=True, warnings="error")
        except PydanticSerializationError as error:
            self._refuse("a field holds a value that is not of its declared type", subject, error)


class _AdapterCodec(Codec):
    """Anything else: dataclasses, typed dictionaries, unions, containers, scalars; names go as spelled."""

    __slots__ = ("_adapter",)

    def __init__(self, declared: Any) -> None:
        super().__init__(declared)
        self._adapter = adapter_of(declared)

    @property
    def core_schema(self) -> "CoreSchema | None":
        return _core_schema_of(self._adapter.core_schema, self._adapter.validator)

    def load_json(self, raw: bytes, subject: str | None = None) -> Any:
        try:
            return self._adapter.validate_json(raw)
        except ValidationError as error:
            raise invalid_payload(subject or self.name, error) from None

    def dump_json(self, value: Any, subject: str | None = None) -> bytes:
        try:
            checked = self._adapter.validate_python(value, strict=True)
            return self._adapter.dump_json(checked, by_alias=True, warnings="error")
        except ValidationError as error:
            raise invalid_payload(subject or self.name, error) from None
        except PydanticSerializationError as error:
            self._refuse("a field holds a value that is not of its declared type", subject, error)


def _core_schema_of(schema: "CoreSchema", validator: object) -> "CoreSchema | None":
    # A plugin of pydantic's watches the validator, and would not see what is validated as part of something bigger.
    return schema if type(validator) is SchemaValidator else None


def dump_any(value: Any) -> bytes:
    """Dump a value of no declared type: plain JSON values, models, dataclasses, dates and the like.

    Raises:
        ValueError: A part of it has no JSON form.

    Example:
        >>> from datetime import date
        >>> dump_any({"since": date(2026, 1, 1)})
        b'{"since":"2026-01-01"}'
    """
    return to_json(value, by_alias=True, inf_nan_mode="null")


@cache
def codec_of(declared: Any) -> Codec:
    """Give the codec of a type; each type has one.

    ``None`` means no payload. Pydantic models, dataclasses, ``TypedDict`` and everything else that pydantic can read
    are accepted.

    Raises:
        DeclarationError: The type cannot be read from JSON.

    Example:
        >>> codec_of(list[int]).load_json(b"[1, 2]")
        [1, 2]
    """
    if declared is None or declared is type(None):
        return _NothingCodec(None)
    try:
        is_model = isinstance(declared, type) and issubclass(declared, BaseModel)
        return _ModelCodec(declared) if is_model else _AdapterCodec(declared)
    except (PydanticUserError, NameError, TypeError) as error:
        raise unsupported(declared, error) from error


@cache
def adapter_of(declared: Any) -> "TypeAdapter[Any]":
    """Give pydantic's adapter of a type that is no model; each type has one."""
    from pydantic import TypeAdapter

    return TypeAdapter(declared)


def unsupported(declared: Any, error: Exception) -> DeclarationError:
    """Give the error for a type that cannot travel as JSON."""
    if getattr(error, "code", None) == "typed-dict-version":
        return DeclarationError(
            f"{name_of(declared)} cannot travel as JSON: before Python 3.12 a typing.TypedDict does not tell which of "
            "its keys are required; import TypedDict from typing_extensions"
        )
    # The first sentence tells what; the others advise what a pydantic user would do.
    reason = str(error).split("\n", 1)[0].split(". ", 1)[0].rstrip(".")
    return DeclarationError(
        f"{name_of(declared)} cannot travel as JSON: {reason}; use a Model, a dataclass or plain JSON types"
    )


def name_of(declared: Any) -> str:
    """Give a type's name as users wrote it.

    Example:
        >>> name_of(int), name_of(list[int]), name_of(None)
        ('int', 'list[int]', 'None')
    """
    if declared is None or declared is type(None):
        return "None"
    if isinstance(declared, type) and not hasattr(declared, "__origin__"):
        return declared.__name__
    return str(declared).replace("typing.", "")


def invalid_payload(subject: str, error: ValidationError) -> InvalidPayload:
    """Translate pydantic's findings: wire names for paths, no input values."""
    findings = error.errors(include_url=False, include_input=False)
    problems = [{"path": _path(finding["loc"]), "message": _message(finding)} for finding in findings]
    return InvalidPayload(subject, problems)


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _message(finding: Any) -> str:
    # These two repeat (a part of) the value in their text.
    if finding["type"] == "union_tag_invalid":
        return f"Input tag does not match any of the expected tags: {finding['ctx']['expected_tags']}"
    if finding["type"] == "uuid_parsing":
        return "Input should be a valid UUID"
    return str(finding["msg"])
