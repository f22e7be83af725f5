"""Errors of the services, grouped by what the caller can do about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class ServiceError(Exception):
    """Every error of this package."""


class Malformed(ServiceError):
    """The request cannot be parsed (400)."""


class Unauthenticated(ServiceError):
    """No valid token or session (401)."""


class Forbidden(ServiceError):
    """The caller's role may not do this to any object (403)."""


class NotFound(ServiceError):
    """It does not exist, or the caller has no access; strangers cannot tell which (404)."""


class Conflict(ServiceError):
    """The request conflicts with the current state, for example one in progress (409)."""


class Invalid(ServiceError):
    """The request can be parsed but not carried out (422); `fields` says what to change.

    Attributes:
        fields: messages by the name of the field they are about.
    """

    def __init__(
        self, message: str = "", fields: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Keep the messages by field."""
        super().__init__(message or "Some fields are invalid.")
        self.fields = dict(fields or {})

    @staticmethod
    def of(field: str, message: str) -> Invalid:
        """Return the error about one field."""
        return Invalid(message, {field: [message]})


class TooManyRequests(ServiceError):
    """The caller sent too many requests (429); `wait_s` says when to try again."""

    def __init__(self, wait_s: int, problem: str = "too many requests") -> None:
        """Keep how many whole seconds to wait, and why."""
        super().__init__(f"{problem}; try again in {wait_s} s")
        self.wait_s = wait_s
