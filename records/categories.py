"""Classify resources: which category of the vocabulary each belongs to, by a file of rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from consent import is_known
from records.strict_toml import Section, read_declaration

RULES: Final = Path(__file__).with_name("categories.toml")
DOCUMENT: Final = "document"
_ANY: Final = "*"
_LABEL_ELEMENT: Final = "security"
_TELLING: Final = re.compile(r"[A-Z][0-9]{2}\.?[0-9A-Z-]{0,5}|[0-9]{1,5}-[0-9]|[0-9]{6,18}")
"""Codes of ICD-10, ATC, LOINC and SNOMED CT, which are known by their form."""
_FAMILY: Final = re.compile(
    r"icd[-_. ]?(?P<icd>10)(?![-_. ]?(?:cm)?[-_. ]?p(?:cs|roc))|icd/release/(?P<who>10|11)(?![0-9])"
    r"|icd[-_. ]?(?P<icd9>9)(?![-_. ]?(?:cm)?[-/_. ]?(?:p(?:cs|roc)|vol))|icd[-_. ]?(?P<icd11>11)"
    r"|(?<![a-z])(?:(?P<loinc>loinc)|(?P<snomed>snomed|sct(?![a-z]))|(?P<atc>(?:atc|whocc)(?![a-z]))"
    r"|(?P<ops>ops(?![a-z]))|(?P<rxnorm>rxnorm))"
)
_CANONICAL: Final = MappingProxyType(
    {
        "10": "http://hl7.org/fhir/sid/icd-10",
        "11": "http://id.who.int/icd/release/11/mms",
        "9": "http://hl7.org/fhir/sid/icd-9-cm",
        "loinc": "http://loinc.org",
        "snomed": "http://snomed.info/sct",
        "atc": "http://www.whocc.no/atc",
        "ops": "http://fhir.de/codesystem/bfarm/ops",
        "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    }
)
"""Of each classification that the name of a system may contain, the system that stands for it."""
MAX_CODINGS: Final = 65_536
"""The categories of this many different codings are kept in memory."""
_MAX_KEPT_CHARACTERS: Final = 256
"""Of a coding that is kept; thousands of longer ones would fill the memory."""


class Placed(NamedTuple):
    """The category of a resource.

    Attributes:
        category: of the vocabulary.
        sensitive: every sensitive category that has a rule for it; the first one decided.
    """

    category: str
    sensitive: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Codes:
    """Codes of systems: exact ones, and prefixes by system."""

    exact: frozenset[tuple[str, str]]
    prefixes: Mapping[str, tuple[str, ...]]

    def have_any(self, codings: Iterable[tuple[str, str]]) -> bool:
        """Return whether one of the codings is among them."""
        return any(
            coding in self.exact
            or (coding[0] in self.prefixes and coding[1].startswith(self.prefixes[coding[0]]))
            for coding in codings
        )

    def have_anywhere(self, code: str) -> bool:
        """Return whether a code is among them, whatever its system.

        A code that begins with a digit fits as a whole alone: 295 begins a diagnosis of ICD-9, and
        the sodium of LOINC.
        """
        begun = (
            prefix for each in self.prefixes.values() for prefix in each if prefix[:1].isalpha()
        )
        return code.startswith(tuple(begun)) or any(code == exact for _, exact in self.exact)


@dataclass(frozen=True, slots=True)
class _Sensitive:
    category: str
    labels: frozenset[str]
    codes: _Codes
    kinds: frozenset[str]


@dataclass(frozen=True, slots=True)
class CategoryRules:
    """A file of rules; `version` and `sha256` name it in reports.

    Attributes:
        sensitive: the protected categories, the most protected first.
        restricted: the labels that restrict without a reason, and their category.
        categories: the category of each code of Observation.category, in order.
        codes: categories by the code of the resource.
        kinds: the category of each resourceType.
    """

    version: str
    sha256: str
    sensitive: tuple[_Sensitive, ...]
    restricted: tuple[str, frozenset[str]]
    categories: Mapping[str, str]
    codes: tuple[tuple[str, _Codes], ...]
    kinds: Mapping[str, str]
    _known: dict[tuple[str, str], tuple[str, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def place(self, resource: Mapping[str, Any]) -> Placed:
        """Return the category of a resource."""
        labels = _labels(resource)
        kind = resource.get("resourceType")
        own = _category_codes(resource)
        coded: set[str] = set()
        for coding in _codings(resource):
            coded.update(self._sensitive_of(coding))
        sensitive = [
            rule.category
            for rule in self.sensitive
            if rule.category in coded
            or not labels.isdisjoint(rule.labels)
            or kind in rule.kinds
            or rule.category in own
        ]
        if sensitive:
            return Placed(sensitive[0], tuple(sensitive))
        if self.restricted[1] & labels:
            return Placed(self.restricted[0])
        return Placed(self._ordinary(resource, own))

    def _sensitive_of(self, coding: tuple[str, str]) -> tuple[str, ...]:
        """Return the sensitive categories of one coding; few codings fill a file."""
        known = self._known.get(coding)
        if known is None:
            codings, bare = _spellings(*coding), _bare_code(*coding)
            known = tuple(
                rule.category
                for rule in self.sensitive
                if rule.codes.have_any(codings) or (bare and rule.codes.have_anywhere(bare))
            )
            is_short = len(coding[0]) + len(coding[1]) <= _MAX_KEPT_CHARACTERS
            if is_short and len(self._known) < MAX_CODINGS:
                self._known[coding] = known
        return known

    def _ordinary(self, resource: Mapping[str, Any], own: set[str]) -> str:
        kind = resource.get("resourceType")
        if kind in ("Observation", "DiagnosticReport"):
            named = next((c for code, c in self.categories.items() if code in own), None)
            if named is not None:
                return named
            own_codings = _codings(resource.get("code"))
            codings = {spelling for coding in own_codings for spelling in _spellings(*coding)}
            for category, codes in self.codes:
                if codes.have_any(codings):
                    return category
            if kind == "Observation" and "specimen" in resource:
                return "laboratory"
        return self.kinds.get(str(kind), DOCUMENT)


@cache
def read_rules(path: Path = RULES) -> CategoryRules:
    """Return the rules of a file.

    Raises:
        DeclarationInvalid: the file is invalid; the message names the key.
    """
    text = read_declaration(path)
    file = Section.of_text(text, path.name)
    systems = file.section("systems")
    restricted = file.section("restricted")
    sensitive = [_sensitive(section, systems) for section in file.sections("sensitive")]
    codes = [(_category(each), _codes(each, systems)) for each in file.sections("codes")]
    rules = CategoryRules(
        version=file.text("version"),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        sensitive=tuple(sensitive),
        restricted=(_category(restricted), frozenset(restricted.texts("labels"))),
        categories=_inverted(file.section("categories")),
        codes=tuple(codes),
        kinds=_inverted(file.section("kinds")),
    )
    file.close()
    return rules


def _sensitive(section: Section, systems: Section) -> _Sensitive:
    labels = frozenset(section.texts("labels"))
    kinds = frozenset(section.texts("kinds", ()))
    return _Sensitive(_category(section), labels, _codes(section, systems), kinds)


def _category(section: Section) -> str:
    category = section.text("category")
    if not is_known("category", category) or category == _ANY:
        raise section.error("category", "not a category of the vocabulary")
    return category


def _codes(section: Section, systems: Section) -> _Codes:
    exact: set[tuple[str, str]] = set()
    prefixes: dict[str, set[str]] = {}
    for text in section.texts("codes"):
        name, _, code = text.partition("|")
        if not code or not systems.has(name):
            raise section.error("codes", f"{text}: expected a name of [systems], | and a code")
        written = {code, code.replace(".", "")}  # claims have codes of ICD without their dot
        for system, each in product(map(_system, systems.texts(name)), written):
            if each.endswith(_ANY):
                prefixes.setdefault(system, set()).add(each.removesuffix(_ANY))
            else:
                exact.add((system, each))
    return _Codes(frozenset(exact), {system: tuple(texts) for system, texts in prefixes.items()})


def _inverted(section: Section) -> dict[str, str]:
    """Return code → category of a table of category → codes, in the file's order."""
    inverted: dict[str, str] = {}
    for category in section.names():
        if not is_known("category", category) or category == _ANY:
            raise section.error(category, "not a category of the vocabulary")
        for code in section.texts(category):
            inverted.setdefault(code, category)
    return inverted


def _codings(value: Any) -> set[tuple[str, str]]:
    """Return (system, code) of every coding anywhere in a value; "" if it names no system."""
    codings: set[tuple[str, str]] = set()
    waiting = [value]
    for each in waiting:  # the loop appends to it
        if type(each) is list:
            waiting += each
        elif type(each) is dict:
            if "code" in each and type(each["code"]) is str:
                system = each.get("system")
                codings.add((system if type(system) is str else "", each["code"]))
            inner = each.values()
            if _LABEL_ELEMENT in each:
                inner = {**each, _LABEL_ELEMENT: None}.values()
            for part in inner:
                if type(part) is dict or type(part) is list:
                    waiting.append(part)
    return codings


def _spellings(system: str, code: str) -> set[tuple[str, str]]:
    """Return a coding as rules may write it.

    The case and blanks of a code protect nobody less.
    """
    name = _system(system)
    return {(name, code.strip()), (name, code.strip().upper())}


def _bare_code(system: str, code: str) -> str:
    """Return a code of no system, or of one that is a mere word such as ICD-10; else "".

    A sender that leaves out the system of a diagnosis must not undo a patient's "no".
    """
    plain = code.strip().upper()
    return plain if ":" not in system and _TELLING.fullmatch(plain) else ""


def _system(text: str) -> str:
    """Return a system without its version and last slash, in small letters, with http for https.

    All systems that are named after one classification are the same. Editions, versions and
    national variants of it are many, and a patient's "no" must hold in each.
    """
    name = text.strip().partition("|")[0].rstrip("/").lower()
    family = _FAMILY.search(name)
    if family is not None and family.lastgroup is not None:
        return _CANONICAL.get(family[family.lastgroup]) or _CANONICAL[family.lastgroup]
    return f"http://{name.removeprefix('https://')}" if name.startswith("https://") else name


def _labels(resource: Mapping[str, Any]) -> set[str]:
    """Return the codes of meta.security, of the resource and of those contained in it."""
    contained = resource.get("contained")
    labels: set[str] = set()
    for each in (resource, *(contained if isinstance(contained, list) else ())):
        meta = each.get("meta") if isinstance(each, dict) else None
        codings = meta.get(_LABEL_ELEMENT) if isinstance(meta, dict) else None
        for coding in codings if isinstance(codings, list) else []:
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                labels.add(coding["code"])
    return labels


def _category_codes(resource: Mapping[str, Any]) -> set[str]:
    """Return the codes in the resource's own category, whatever their system."""
    concepts = resource.get("category")
    codes: set[str] = set()
    for concept in concepts if isinstance(concepts, list) else [concepts]:
        codings = concept.get("coding") if isinstance(concept, dict) else None
        for coding in codings if isinstance(codings, list) else []:
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                codes.add(coding["code"])
    return codes
