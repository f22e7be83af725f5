"""Says every text of the pages in the visitor's language, with its dates and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_skeleton, format_time, get_month_names
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

if TYPE_CHECKING:
    from fluent.runtime import FluentBundle

LANGUAGES: Final = ("en", "de", "es")
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"en": "English", "de": "Deutsch", "es": "Español"}
)
"""Each language as it calls itself."""

MAX_VALUE: Final = 2_000
"""The most characters of one value in a text."""

_STOPPED: Final = "\0"
"""Follows, while a text is made, each value that ends a sentence itself."""
_STOPS: Final = tuple(".?!…")
_QUOTES: Final = "”“»"
_MEGABYTE: Final = 10**6
_LOCALES: Final[Mapping[str, str]] = MappingProxyType({"en": "en_GB", "de": "de", "es": "es"})
_HERE: Final = Path(__file__).parent


class Words:
    """The texts in one language; cheap to make, since texts are read once a process.

    Attributes:
        language: en, de or es.
        names: each language as it calls itself.
    """

    names = NAMES

    def __init__(self, language: str, zone: tzinfo | None = None) -> None:
        """Speak `language`, with times in `zone`; without one they are in UTC and say so.

        Raises:
            KeyError: the language is none of `LANGUAGES`.
        """
        self._locale = _LOCALES[language]
        self.language = language
        self._zone = zone

    def __call__(self, name: str, /, **values: str | int | float) -> str:
        """Return the text called `name`, with its braces filled in by `values`.

        What a language lacks is said in English. Days and times are handed in as words
        (`day`, `time`), since a bare number would be written as a quantity. After a value that
        ends with its own mark ("Who is at risk?"), the text's full stop is left out.

        Raises:
            KeyError: no text has this name, or a value that the text needs is missing.
        """
        bundle = _bundle(self.language)
        if not bundle.has_message(name):
            bundle = _bundle("en")
        pattern = bundle.get_message(name).value
        if pattern is None:
            raise KeyError(name)
        text, errors = bundle.format_pattern(pattern, _prepared(values))
        if errors:
            raise KeyError(f"{name}: {errors[0]}")
        return _without_second_stops(str(text))

    def has(self, name: str) -> bool:
        """Tell whether a text of this name exists, in this language or in English."""
        return _bundle(self.language).has_message(name) or _bundle("en").has_message(name)

    def day(self, at_s: float) -> str:
        """Return the day of a moment (Unix seconds): "3 March 2027"."""
        return str(format_date(self._at(at_s).date(), "long", locale=self._locale))

    def last_day(self, at_s: float) -> str:
        """Return the day in UTC of a moment: permissions end with the last second of a UTC day."""
        day = datetime.fromtimestamp(at_s, UTC).date()
        return str(format_date(day, "long", locale=self._locale))

    def month(self, at_s: float) -> str:
        """Return the month of a moment: "March 2027"."""
        return str(format_skeleton("yMMMM", self._at(at_s), locale=self._locale))

    def iso_month(self, month: str) -> str:
        """Return an ISO month ("2027-03") in words: "March 2027"."""
        first = date.fromisoformat(f"{month}-01")
        return str(format_skeleton("yMMMM", first, locale=self._locale))

    def iso_day(self, day: str) -> str:
        """Return an ISO date ("2027-03-03") as a day: "3 March 2027"."""
        return str(format_date(date.fromisoformat(day), "long", locale=self._locale))

    def time(self, at_s: float) -> str:
        """Return the time of day of a moment: "10:42", or "10:42 UTC" if no zone is set.

        A time without its zone would be wrong for readers in another zone.
        """
        time = str(format_time(self._at(at_s).time(), "HH:mm", locale=self._locale))
        return time if self._zone else f"{time} UTC"

    def moment(self, at_s: float) -> str:
        """Return day and time of a moment: "3 March 2027, 10:42"."""
        return f"{self.day(at_s)}, {self.time(at_s)}"

    def number(self, number: float, digits: int = 0) -> str:
        """Return a number, grouped as the language does, rounded to `digits` decimals."""
        return str(format_decimal(number, _pattern(digits), locale=self._locale))

    def size(self, size_bytes: int) -> str:
        """Return a size of a file: "34.5 MB", or below a megabyte "12 kB"."""
        if size_bytes < _MEGABYTE:
            return f"{self.number(max(1, round(size_bytes / 1000)))}\N{NO-BREAK SPACE}kB"
        return f"{self.number(size_bytes / _MEGABYTE, 1)}\N{NO-BREAK SPACE}MB"

    def percent(self, share: float, digits: int = 0) -> str:
        """Return a share (0 to 1) as a percentage: "23 %", with a space that does not break."""
        pattern = f"{_pattern(digits)}\N{NO-BREAK SPACE}%"
        return str(format_percent(share, pattern, locale=self._locale))

    def listed(self, items: Iterable[str]) -> str:
        """Return things in a row: "a, b and c"."""
        return str(format_list(list(items), locale=self._locale))

    def _at(self, at_s: float) -> datetime:
        return datetime.fromtimestamp(at_s, self._zone or UTC)


@cache
def number_months() -> Mapping[str, str]:
    """Return the number of each month by its name in any language, long or short, in lower case.

    Read at the first use: most processes never parse a day that a person typed.
    """
    return MappingProxyType(
        {
            name.rstrip(".").casefold(): str(number)
            for language in LANGUAGES
            for width in ("wide", "abbreviated")
            for number, name in get_month_names(width, locale=language).items()
        }
    )


def find_zone(name: str) -> tzinfo | None:
    """Return the time zone of this IANA name, or None if there is none."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def best_language(accept_language: str) -> str:
    """Return which of our languages an Accept-Language header likes best; else English."""
    # Imported here: commands have no header, and start sooner without it.
    from werkzeug.datastructures import LanguageAccept
    from werkzeug.http import parse_accept_header

    liked = parse_accept_header(accept_language, LanguageAccept)
    return liked.best_match(LANGUAGES, LANGUAGES[0]) or LANGUAGES[0]


def as_sentence(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def _prepared(values: Mapping[str, str | int | float]) -> dict[str, str | int | float]:
    """Return the values, long words cut: Fluent refuses a text with more than 2,500 characters."""
    return {n: _prepare(v) if isinstance(v, str) else v for n, v in values.items()}


def _prepare(value: str) -> str:
    if len(value) > MAX_VALUE:
        value = f"{value[:MAX_VALUE]}…"
    return value + _STOPPED if value.rstrip(_QUOTES).endswith(_STOPS) else value


def _without_second_stops(text: str) -> str:
    for quote in ("", *_QUOTES):
        text = text.replace(f"{_STOPPED}{quote}.", quote)
    return text.replace(_STOPPED, "")


def _pattern(digits: int) -> str:
    return "#,##0" + ("." + "0" * digits if digits else "")


@cache
def _bundle(language: str) -> FluentBundle:
    from fluent.runtime import FluentBundle, FluentResource  # most commands say no text

    bundle = FluentBundle([_LOCALES[language]], use_isolating=False)
    for path in sorted((_HERE / language).glob("*.ftl")):
        bundle.add_resource(FluentResource(path.read_text(encoding="utf-8")))
    return bundle
