"""Read TOML strictly: unknown keys and wrong types are errors that name file and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from records.errors import DeclarationInvalid

MAX_CHARACTERS: Final = 1 << 20
MAX_DOTTED: Final = 64
# Text has blanks between words and lists have commas; a part of a dotted key has neither.
_KEY_PART: Final = re.compile(r"[ \t]*+[^\s,=\[\]{}]*+[ \t]*+")


def read_declaration(path: Path) -> str:
    """Return the text of a TOML file.

    Raises:
        DeclarationInvalid: the file cannot be read as UTF-8 text; the message names it.
    """
    try:
        return path.read_text(encoding="utf-8-sig")  # Notepad and PowerShell write a mark
    except (OSError, UnicodeDecodeError) as exc:
        raise DeclarationInvalid(f"{path.name}: cannot be read as UTF-8 text") from exc


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has_long_key(text: str) -> bool:
    parts = 0
    for part in text.split("."):
        parts = parts + 1 if _KEY_PART.fullmatch(part) else 0
        if parts > MAX_DOTTED:
            return True
    return False


class Section:
    """One table of a TOML file; `close` refuses every key that was not read."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        """Keep the values, and where they are, such as `a.toml:label`, for errors."""
        self._values = values
        self._where = where
        self._known: set[str] = set()

    @classmethod
    def of_text(cls, text: str, name: str) -> Section:
        """Return a whole file as a section; errors refer to it by `name`.

        Raises:
            DeclarationInvalid: not TOML, longer than MAX_CHARACTERS, or with a key of more than
                MAX_DOTTED parts; the message has line and column.
        """
        if len(text) > MAX_CHARACTERS:
            size = f"{len(text):,} characters; the limit is {MAX_CHARACTERS:,}"
            raise DeclarationInvalid(f"{name}: {size}. Split the file.")
        if _has_long_key(text):  # tomllib takes quadratic time for it
            problem = f"a key has more than {MAX_DOTTED} parts; use fewer dots"
            raise DeclarationInvalid(f"{name}: {problem}")
        try:
            return cls(tomllib.loads(text.removeprefix("\ufeff")), name)
        except tomllib.TOMLDecodeError as exc:
            raise DeclarationInvalid(f"{name}: not TOML: {exc}") from exc
        except RecursionError:
            raise DeclarationInvalid(f"{name}: lists or tables are nested too deep") from None

    def error(self, key: str, problem: str) -> DeclarationInvalid:
        """Return the error that names file, key and problem."""
        return DeclarationInvalid(f"{self._where}:{key}: {problem}")

    def has(self, key: str) -> bool:
        """Return whether the key is present."""
        return key in self._values

    def names(self) -> tuple[str, ...]:
        """Return the keys that are present, in the order of the file."""
        return tuple(self._values)

    def _get(self, key: str, kind: str, fits: bool) -> Any:
        if key not in self._values:
            raise self.error(key, f"missing; expected {kind}")
        if not fits:
            raise self.error(key, f"expected {kind}")
        return self._values[key]

    def _peek(self, key: str) -> Any:
        self._known.add(key)
        return self._values.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; an empty one is an error unless it is the default."""
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
        """Return a finite number, or None if the key is absent."""
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

    def boolean_or_text(self, key: str) -> bool | str:
        """Return true or false, or a text that is not empty."""
        value = self._peek(key)
        fits = isinstance(value, bool) or (isinstance(value, str) and value != "")
        checked = self._get(key, "true, false or a text", fits)
        return checked if isinstance(checked, bool) else str(checked)

    def texts(
        self, key: str, default: tuple[str, ...] | None = None, *, may_repeat: bool = False
    ) -> tuple[str, ...]:
        """Return a list of texts, each different from the others unless they may repeat."""
        value = self._peek(key)
        if value is None and default is not None:
            return default
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        texts = tuple(self._get(key, "a list of texts", fits))
        if not may_repeat and len(set(texts)) != len(texts):
            raise self.error(key, "contains a duplicate")
        return texts

    def numbers(self, key: str) -> tuple[float, ...]:
        """Return a list of numbers, empty if the key is absent."""
        value = self._peek(key)
        if value is None:
            return ()
        fits = isinstance(value, list) and all(_is_number(item) for item in value)
        return tuple(float(item) for item in self._get(key, "a list of numbers", fits))

    def text_table(self, key: str) -> dict[str, str | bool]:
        """Return a table of texts or booleans, empty if the key is absent."""
        value = self._peek(key)
        if value is None:
            return {}
        fits = isinstance(value, dict) and all(isinstance(v, str | bool) for v in value.values())
        return dict(self._get(key, "a table of texts or booleans", fits))

    def section(self, key: str) -> Section:
        """Return the table of that name, which must be present."""
        value = self._peek(key)
        return Section(self._get(key, "a table", isinstance(value, dict)), f"{self._where}:{key}")

    def sections(self, key: str, required: bool = True) -> list[Section]:
        """Return the tables of a list, in the order of the file."""
        value = self._peek(key)
        if value is None and not required:
            return []
        fits = isinstance(value, list) and all(isinstance(item, dict) for item in value)
        tables = self._get(key, "a list of tables", fits and bool(value))
        return [Section(table, f"{self._where}:{key}[{n}]") for n, table in enumerate(tables, 1)]

    def close(self) -> None:
        """Refuse every key that was not read, such as a misspelt one."""
        unknown = sorted(set(self._values) - self._known)
        if unknown:
            known = ", ".join(sorted(self._known))
            raise self.error(unknown[0], f"unknown key; known: {known}")
