"""A system library that is not there: its functions are Python, its calls are written down."""

import ctypes
from collections.abc import Callable
from typing import Any


class PlayedFunction:
    """One function; takes declarations as ctypes does, and unwraps what ctypes would."""

    def __init__(self, name: str, answer: Callable[..., Any], calls: list[tuple[Any, ...]]) -> None:
        self._name, self._answer, self._calls = name, answer, calls
        self.restype: Any = None
        self.argtypes: Any = None

    def __call__(self, *arguments: Any) -> Any:
        assert self.argtypes is None or len(arguments) == len(self.argtypes), self._name
        plain = tuple(
            argument.value if isinstance(argument, ctypes._SimpleCData) else argument
            for argument in arguments
        )
        self._calls.append((self._name, *plain))
        return self._answer(*arguments)


class PlayedLibrary:
    """`answers` maps the name of a function to what it does; others answer 1."""

    def __init__(self, **answers: Callable[..., Any]) -> None:
        self.answers: dict[str, Callable[..., Any]] = answers
        self.calls: list[tuple[Any, ...]] = []
        self._functions: dict[str, PlayedFunction] = {}

    def __getitem__(self, name: str) -> PlayedFunction:
        if name not in self._functions:

            def answer(*arguments: Any) -> Any:
                chosen: Callable[..., Any] = self.answers.get(name, _one)
                return chosen(*arguments)

            self._functions[name] = PlayedFunction(name, answer, self.calls)
        return self._functions[name]

    def __getattr__(self, name: str) -> PlayedFunction:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def called(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of one function."""
        return [call[1:] for call in self.calls if call[0] == name]


def _one(*_: Any) -> int:
    return 1
