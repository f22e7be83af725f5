"""Reads TOML strictly: each key is known, of its type, and named by every error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from records.errors import DeclarationInvalid


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


class Section:
    """One table of a TOML file; `close()` refuses the keys that nobody asked for."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        """Keep the values and the name by which errors call this table, e.g. ``a.toml:label``."""
        self._values = values
        self._where = where
        self._known: set[str] = set()

    @classmethod
    def of_text(cls, text: str, name: str) -> Section:
        """Return the whole file as a section; `name` is what errors call it.

        Raises:
            DeclarationInvalid: the text is not TOML; the message holds line and column.
        """
        try:
            return cls(tomllib.loads(text), name)
        except tomllib.TOMLDecodeError as exc:
            raise DeclarationInvalid(f"{name}: not TOML: {exc}") from exc

    def wrong(self, key: str, what: str) -> DeclarationInvalid:
        """Return the error that names file, key and what is wrong there."""
        return DeclarationInvalid(f"{self._where}:{key}: {what}")

    def has(self, key: str) -> bool:
        """Tell whether the file says anything about the key."""
        return key in self._values

    def _get(self, key: str, kind: str, fits: bool) -> Any:
        if key not in self._values:
            raise self.wrong(key, f"is missing; {kind} is needed")
        if not fits:
            raise self.wrong(key, f"{kind} is needed")
        return self._values[key]

    def _peek(self, key: str) -> Any:
        self._known.add(key)
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; an empty one is refused unless it is the default."""
        value = self._peek(key)
        if value is None and default is not None:
            return default
        fits = isinstance(value, str) and (value != "" or default == "")
        return str(self._get(key, "a text", fits))

    def number(self, key: str, default: float | None = None) -> float:
        """Return a finite number."""
        value = self._peek(key)
        if value is None and default is not None:
            return default
        fits = _is_number(value) and abs(value) < float("inf")
        return float(self._get(key, "a number", fits))

    def find_number(self, key: str) -> float | None:
        """Return a finite number, or None where the file is silent."""
        return self.number(key) if self.has(key) else None

    def integer(self, key: str, default: int | None = None) -> int:
        """Return a whole number."""
        value = self._peek(key)
        if value is None and default is not None:
            return default
        fits = isinstance(value, int) and not isinstance(value, bool)
        return int(self._get(key, "a whole number", fits))

    def boolean(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self._peek(key)
        if value is None:
            return default
        return bool(self._get(key, "true or false", isinstance(value, bool)))

    def truth_or_text(self, key: str) -> bool | str:
        """Return true or false, or a text that is not empty."""
        value = self._peek(key)
        fits = isinstance(value, bool) or (isinstance(value, str) and value != "")
        found = self._get(key, "true, false or a text", fits)
        return found if isinstance(found, bool) else str(found)

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return a list of texts, none of them twice."""
        value = self._peek(key)
        if value is None and default is not None:
            return default
        fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
        found = tuple(self._get(key, "a list of texts", fits))
        if len(set(found)) != len(found):
            raise self.wrong(key, "names something twice")
        return found

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers, empty where the file is silent."""
        value = self._peek(key)
        if value is None:
            return ()
        fits = isinstance(value, list) and all(_is_number(one) for one in value)
        return tuple(float(one) for one in self._get(key, "a list of numbers", fits))

    def words(self, key: str) -> dict[str, str | bool]:
        """Return a table of texts or truths by text, empty where the file is silent."""
        value = self._peek(key)
        if value is None:
            return {}
        fits = isinstance(value, dict) and all(isinstance(v, str | bool) for v in value.values())
        return dict(self._get(key, "a table of texts", fits))

    def section(self, key: str) -> Section:
        """Return the table of that name; it must be there."""
        value = self._peek(key)
        return Section(self._get(key, "a table", isinstance(value, dict)), f"{self._where}:{key}")

    def sections(self, key: str, required: bool = True) -> list[Section]:
        """Return the tables of a list, in the order of the file."""
        value = self._peek(key)
        if value is None and not required:
            return []
        fits = isinstance(value, list) and all(isinstance(one, dict) for one in value)
        found = self._get(key, "a list of tables", fits and bool(value))
        return [Section(one, f"{self._where}:{key}[{n}]") for n, one in enumerate(found, 1)]

    def close(self) -> None:
        """Refuse every key that no question was asked about: a misspelt key changes nothing."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            known = ", ".join(sorted(self._known))
            raise self.wrong(unknown[0], f"is not known here; known: {known}")
