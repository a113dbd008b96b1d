"""Answers of the core as responses of the web framework."""

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from purista_serverless.runtime import http_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from purista_serverless.runtime.http_answers import Answer


def response(answer: "Answer") -> Response:
    """Give the response that an answer is."""
    return Response(answer.body, answer.status, answer.headers)


def json_answer(value: Any, status: int = 200, headers: "Mapping[str, str] | None" = None) -> Response:
    """Give a JSON value that nobody between here and the client may keep."""
    return response(http_answers.json_answer(value, status, headers))
