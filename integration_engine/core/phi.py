"""A value that masks itself: it prints as ``Phi(…)`` and has to be opened by name."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class Phi(Generic[T]):
    """Protected health information that may pass through a log line or a traceback without showing."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def open(self) -> T:
        """The value itself; every call is a place where someone may see it."""
        return self._value

    def __repr__(self) -> str:
        return "Phi(…)"

    __str__ = __repr__
