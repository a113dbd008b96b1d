"""Loading and dumping of declared types, JSON Schema, compatibility and key paths."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.errors import PydanticUserError
from typing_extensions import TypedDict

from purista_serverless import DeclarationError, InvalidPayload, Model, QueueResult
from purista_serverless.schema import codec_of, fits, json_schema_of, resolve_path, value_at


class Unreadable:
    """Stands for a ``typing.TypedDict``, which pydantic reads from Python 3.12 on."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Refuse as pydantic does."""
        raise PydanticUserError("use another", code="typed-dict-version")


class Line(Model):
    """A nested model."""

    unit_price: int
    note: str | None = None


class Order(Model):
    """A model with everything that is special."""

    order_id: str
    due_on: date | None
    lines: tuple[Line, ...] = ()
    closed_by: str | None = None
    parent: "Order | None" = None


@dataclass
class Point:
    """A dataclass, which goes as spelled."""

    x_axis: int
    y_axis: int = 0


class Place(TypedDict):
    """A typed dictionary, which goes as spelled."""

    street_name: str


class Aliased(BaseModel):
    """A foreign model with an alias of its own."""

    inner_name: str = Field(alias="outer")


def problems_of(declared: Any, raw: bytes) -> list[dict[str, str]]:
    """Load what does not fit and give the problems."""
    with pytest.raises(InvalidPayload) as caught:
        codec_of(declared).load_json(raw)
    return list(caught.value.problems)


def test_a_model_is_camel_case_on_the_wire_and_leaves_out_what_is_absent():
    """Optional fields that are `None` are omitted, at every depth; a required nullable one stays `null`."""
    order = Order(order_id="1", due_on=None, lines=(Line(unit_price=2),))

    dumped = json.loads(codec_of(Order).dump_json(order))

    assert dumped == {"orderId": "1", "dueOn": None, "lines": [{"unitPrice": 2}]}


def test_a_model_that_contains_itself_leaves_out_what_is_absent():
    """The rule holds where the schema refers to itself."""
    order = Order(order_id="1", due_on=None, parent=Order(order_id="0", due_on=date(2026, 1, 31)))

    dumped = json.loads(codec_of(Order).dump_json(order))

    assert dumped["parent"] == {"orderId": "0", "dueOn": "2026-01-31", "lines": []}


def test_a_model_reads_both_names_and_ignores_what_it_does_not_know():
    """A producer may be newer, or written in Python."""
    loaded = codec_of(Line).load_json(b'{"unit_price": 2, "addedLater": true}')

    assert loaded == Line(unit_price=2)


def test_a_model_is_immutable():
    """Handlers share what they are given."""
    with pytest.raises(ValidationError):
        Line(unit_price=1).unit_price = 2


@pytest.mark.parametrize(
    ("declared", "value", "raw"),
    [
        (Point, Point(1, 2), b'{"x_axis":1,"y_axis":2}'),
        (Place, {"street_name": "Elm"}, b'{"street_name":"Elm"}'),
        (Aliased, Aliased(outer="a"), b'{"outer":"a"}'),
        (list[int], [1, 2], b"[1,2]"),
        (tuple[int, ...], (1, 2), b"[1,2]"),
        (int | None, None, b"null"),
        (dict[str, Line], {"a": Line(unit_price=1)}, b'{"a":{"unitPrice":1}}'),
        (Literal["a", "b"], "a", b'"a"'),
        (date, date(2026, 1, 31), b'"2026-01-31"'),
        (None, None, b"null"),
    ],
    ids=str,
)
def test_what_is_dumped_loads_again(declared: Any, value: Any, raw: bytes):
    """Every kind of type makes the round trip, also through a plain JSON value."""
    codec = codec_of(declared)

    assert codec.dump_json(value) == raw
    assert codec.load_json(raw) == value
    assert codec.load(json.loads(raw)) == value


class Strict(Model):
    """A model in strict mode, which takes dates from JSON strings and not from Python strings."""

    model_config = ConfigDict(strict=True)
    due_on: date
    pair: tuple[int, int]


def test_a_plain_value_is_loaded_with_the_semantics_of_json():
    """Inside an envelope a date is still a string and a tuple an array, in strict mode too."""
    assert codec_of(Strict).load({"dueOn": "2026-01-31", "pair": [1, 2]}) == Strict(
        due_on=date(2026, 1, 31), pair=(1, 2)
    )


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (Line, {"unitPrice": 1}),
        (Line, Point(1)),
        (Line, None),
        (int, "1"),
        (Point, {"x_axis": 1}),
        (list[int], ["1"]),
        (None, 0),
        (Line, Line.model_construct(unit_price="much")),
    ],
    ids=str,
)
def test_a_value_of_another_type_is_not_dumped(declared: Any, value: Any):
    """A handler that returns something else than it declares is told so, instead of its caller."""
    with pytest.raises(InvalidPayload):
        codec_of(declared).dump_json(value)


class Price(Model):
    """A model with a fraction."""

    amount: float


@pytest.mark.parametrize("amount", [float("nan"), float("inf")])
def test_a_number_that_json_cannot_write_is_refused_where_it_is_made(amount: float):
    """It would arrive as `null`, and fail at the consumer."""
    with pytest.raises(ValidationError, match="finite"):
        Price(amount=amount)


@pytest.mark.parametrize("raw", [b"", b" ", b"null", b"{}", b" {} "])
def test_nothing_may_be_written_in_several_ways(raw: bytes):
    """Where no payload is declared, an absent, a null and an empty one are the same."""
    assert codec_of(None).load_json(raw) is None


@pytest.mark.parametrize("raw", [b"1", b"[]", b'{"a":1}'])
def test_something_is_refused_where_nothing_is_declared(raw: bytes):
    """A payload that nobody declared is a mistake of the sender."""
    assert problems_of(None, raw) == [{"path": "", "message": "nothing is expected here"}]


def test_problems_name_fields_as_on_the_wire():
    """The reader of a problem sees the JSON, not the Python class."""
    found = problems_of(Order, b'{"orderId": 1, "dueOn": null, "lines": [{}]}')

    assert [problem["path"] for problem in found] == ["orderId", "lines.0.unitPrice"]


class Cat(Model):
    """One of two alternatives."""

    kind: Literal["cat"]


class Dog(Model):
    """The other alternative."""

    kind: Literal["dog"]


class Owner(Model):
    """A model whose problems could repeat a value."""

    pet: Cat | Dog = Field(discriminator="kind")
    number: UUID
    name: Literal["a"]


def test_problems_never_repeat_a_value():
    """A value may be a secret, and problems are answered and logged."""
    error = problems_of(Owner, b'{"pet": {"kind": "hunter2"}, "number": "hunter2", "name": "hunter2"}')

    assert len(error) == 3
    assert "hunter2" not in str(error)
    assert "h" not in error[1]["message"].removeprefix("Input should be a valid UUID")


def test_a_subject_names_the_data_in_the_error():
    """The error says whose payload it was."""
    with pytest.raises(InvalidPayload, match="payload of closeAccount is not valid: unitPrice: Field required"):
        codec_of(Line).load_json(b"{}", "payload of closeAccount")


@pytest.mark.parametrize(
    ("declared", "text", "value"),
    [
        (str, "42", "42"),
        (str, "1.50", "1.50"),
        (str, "true", "true"),
        (str, '{"a": 1}', '{"a": 1}'),
        (str, '"42"', "42"),
        (str, "eu-central-1", "eu-central-1"),
        (int, "42", 42),
        (int | str, "42", 42),
        (bool, "true", True),
        (date, "2026-01-31", date(2026, 1, 31)),
        (list[str], '["a"]', ["a"]),
        (Line, '{"unitPrice": 2}', Line(unit_price=2)),
    ],
)
def test_a_text_is_json_of_the_declared_type_or_itself(declared, text, value):
    """What looks like a number stays text where text is declared."""
    assert codec_of(declared).load_text(text) == value


@pytest.mark.parametrize(
    ("declared", "text", "problem"),
    [
        (Line, '{"note": "x"}', "unitPrice: Field required"),
        (int, "many", "valid integer"),
    ],
)
def test_a_text_that_is_neither_is_refused(declared, text, problem):
    """JSON is told what is wrong with it as JSON, anything else as text."""
    with pytest.raises(InvalidPayload, match=f"setting 'x' is not valid: .*{problem}"):
        codec_of(declared).load_text(text, "setting 'x'")


def test_a_codec_is_made_once():
    """All users of a type share its codec."""
    assert codec_of(Line) is codec_of(Line)


def test_a_type_that_is_no_json_is_refused():
    """The error names the type and the way out."""
    with pytest.raises(DeclarationError, match=r"Opaque cannot travel as JSON: .*; use a Model"):
        codec_of(type("Opaque", (), {"__doc__": "An object of no kind."}))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_json_value_makes_the_round_trip(value: Any):
    """`Any` keeps every JSON value."""
    codec = codec_of(Any)

    assert codec.load_json(codec.dump_json(value)) == value


def result_of(status: str, payload: Any) -> QueueResult[Line]:
    """Load a result event."""
    wire = {"jobId": "1", "queueName": "q", "status": status, "attempt": 2, "payload": payload}
    loaded: QueueResult[Line] = codec_of(QueueResult[Line]).load(wire)
    return loaded


def test_a_success_gives_the_workers_result():
    """The payload is loaded as the queue's result type."""
    result = result_of("success", {"unitPrice": 3})

    assert result.result == Line(unit_price=3)
    assert result.reason is None


@pytest.mark.parametrize("status", ["failed", "cancelled", "dead-lettered"])
def test_any_other_end_gives_the_reason_and_no_result(status: str):
    """Whoever asks for the result of a failed job is told why there is none."""
    result = result_of(status, {"reason": "no such account"})

    assert result.reason == "no such account"
    with pytest.raises(InvalidPayload, match=rf"ended as '{status}' \(no such account\)"):
        _ = result.result


def test_the_reason_is_found_where_the_result_type_takes_anything():
    """A result type without a shape does not hide the reason."""
    loaded = codec_of(QueueResult[Any]).load(
        {"jobId": "1", "queueName": "q", "status": "failed", "attempt": 1, "payload": {"reason": "late"}}
    )

    assert loaded.reason == "late"


def test_a_schema_has_wire_names_and_belongs_to_its_reader():
    """Changing the given schema changes no other reader's."""
    json_schema_of(Line)["properties"].clear()

    assert set(json_schema_of(Line)["properties"]) == {"unitPrice", "note"}


class Wider(Model):
    """More than a line has."""

    unit_price: int
    colour: str


class Text(Model):
    """A line whose price is a text."""

    unit_price: str


class Nothing(Model):
    """A line that may lack its price."""

    unit_price: int | None = None


@pytest.mark.parametrize(
    ("source", "target", "reasons"),
    [
        (Line, Line, ()),
        (Wider, Line, ()),
        (int, float, ()),
        (Order, Any, ()),
        (Literal["a"], Literal["a", "b"], ()),
        (list[Wider], list[Line], ()),
        (Line, Wider, ("colour: it is required, but is not sent",)),
        (
            Nothing,
            Line,
            ("unitPrice: null is sent, integer is expected", "unitPrice: it is required, but may be left out"),
        ),
        (list[Line], list[Text], ("[].unitPrice: integer is sent, string is expected",)),
        (Literal["a", "b"], Literal["a"], ("value: other values may be sent than are expected",)),
    ],
    ids=str,
)
def test_a_type_fits_another_if_its_json_loads_there(source: Any, target: Any, reasons: tuple[str, ...]):
    """Required fields, types and elements are compared; a reason names the field."""
    assert fits(source, target) == reasons


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("payload.orderId", ("orderId",)),
        ("payload.order_id", ("orderId",)),
        ("payload.parent.orderId", ("parent", "orderId")),
        ("payload.parent.parent.closed_by", ("parent", "parent", "closedBy")),
    ],
)
def test_a_key_path_is_resolved_to_wire_names(path: str, names: tuple[str, ...]):
    """Both spellings are accepted, also through optional fields and a type that contains itself."""
    assert resolve_path(Order, path) == names


def test_a_key_path_through_a_mapping_takes_any_key():
    """A dictionary's keys are not declared."""
    assert resolve_path(dict[str, Line], "payload.anything.unitPrice") == ("anything", "unitPrice")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("orderId", "write 'payload.<field>'"),
        ("payload", "write 'payload.<field>'"),
        ("payload.", "write 'payload.<field>'"),
        ("payload.orderld", "did you mean 'orderId'"),
        ("payload.xyz", "it has closedBy, dueOn, lines, orderId, parent"),
        ("payload.orderId.more", "it has no fields"),
    ],
)
def test_a_key_path_that_leads_nowhere_is_refused(path: str, text: str):
    """The error says what there is."""
    with pytest.raises(DeclarationError, match=text):
        resolve_path(Order, path)


def test_a_value_is_found_along_a_path():
    """A path that ends early finds nothing."""
    assert value_at({"parent": {"orderId": "1"}}, ("parent", "orderId")) == "1"
    assert value_at({"parent": None}, ("parent", "orderId")) is None


@pytest.mark.parametrize("read", [codec_of, json_schema_of, QueueResult.__class_getitem__])
def test_a_typed_dict_that_cannot_be_read_is_told_where_to_come_from(read: Any):
    """Before Python 3.12 only the one of typing_extensions tells which keys are required, also inside a result."""
    with pytest.raises(DeclarationError, match=r"Unreadable cannot .*; import TypedDict from typing_extensions"):
        read(Unreadable)
