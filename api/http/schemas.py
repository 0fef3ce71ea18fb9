"""Errors, for OpenAPI alone."""

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

AT = "2026-03-01T08:15:30.123Z"  #: in examples


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


def like(*examples: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": list(examples)})


class FieldError(Answer):
    """One thing that is wrong with the request, and where."""

    field: str
    message: str


class Problem(Answer):
    """An error (RFC 9457); `detail` says what to do next."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Entity",
                    "status": 422,
                    "detail": "correct limit (see errors) and send the request again",
                    "instance": "/v1/stations",
                    "request_id": "0f8fad5bd9cb469fa16570867728950e",
                    "errors": [{"field": "limit", "message": "Input should be less than or equal to 500"}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[FieldError]
