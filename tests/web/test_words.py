import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, ast
from fluent.syntax.visitor import Visitor

import models
from consent import REASONS
from consent.vocabulary import CATEGORIES, OBLIGATIONS, PURPOSES
from records.description import Flag
from services import words as package
from services.requests.wording import slug
from services.words import LANGUAGES, Words, best_language

HERE = Path(package.__file__).parent
FOR_PATIENTS = ("everywhere", "public", "patient", "history", "values")
FOR_WORK = ("clinician", "researcher", "custodian", "auditor")
PARTS = {"en": (*FOR_PATIENTS, *FOR_WORK), "de": FOR_PATIENTS, "es": FOR_PATIENTS}
AT_S = 1804070520
"""3 March 2027, 10:42 UTC."""
MOST_WORDS = 20
MOST_GRADE = 6.0
FEWEST_TEXTS = 3
"""Of a page whose grade says anything; each sentence is bounded anyway."""
NEVER = (
    "subject|grantee|data subject|consent id|ledger|blockchain|chain|node|block|gas|wallet|token|"
    "hash|Merkle|CID|IPFS|envelope|ciphertext|nonce|digest|anchor|manifest|cohort|opening|salt|"
    "commitment|EIP|FHIR|TREATDS|MLTRAINING|BTG|revoke|opt-in|terms and conditions|AI|magic"
)
"""What a patient never reads (the rules of the pages, section 4)."""
LAW_WANTS_IT = {"consent-receipt-lead", "receipt-title", "privacy-why"}
"""The texts in which the word consent may stand once."""
SAMPLES = defaultdict(
    lambda: "Mercy Hospital",
    {name: "3 March 2027" for name in ("date", "from", "to", "when", "next")}
    | {"categories": "blood tests", "time": "10:42", "condition": "diabetes", "interval": "hour"}
    | {"study": "Early Help", "reason": "heart attack", "why": "You had said no.", "size": "2 MB"},
)


class Variables(Visitor):
    def __init__(self) -> None:
        self.found: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:
        self.found.add(node.id.name)


def entries(language: str, part: str) -> list[ast.EntryType]:
    path = HERE / language / f"{part}.ftl"
    return FluentParser().parse(path.read_text(encoding="utf-8")).body


def messages(language: str, *parts: str) -> dict[str, ast.Message]:
    return {
        entry.id.name: entry
        for part in parts
        for entry in entries(language, part)
        if isinstance(entry, ast.Message)
    }


def variables(message: ast.Message) -> set[str]:
    visitor = Variables()
    visitor.visit(message)
    return visitor.found


def rendered(language: str, *parts: str) -> dict[str, str]:
    say = Words(language)
    return {
        name: say(name, **{variable: SAMPLES[variable] for variable in variables(message)})
        for name, message in messages(language, *parts).items()
    }


def sentences(text: str) -> list[str]:
    return [piece for piece in re.split(r"(?<=[.?:])\s+", text) if re.search(r"\w", piece)]


def syllables(word: str) -> int:
    letters = re.sub(r"[^a-z]", "", word.lower())
    groups = len(re.findall(r"[aeiouy]+", letters))
    silent = letters.endswith("e") and not letters.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


def grade(texts: list[str]) -> float:
    parts = [sentence for text in texts for sentence in sentences(text)]
    spoken = [word for part in parts for word in re.findall(r"[A-Za-z][\w'’-]*", part)]
    sounded = sum(syllables(word) for word in spoken)
    return 0.39 * len(spoken) / len(parts) + 11.8 * sounded / len(spoken) - 15.59


def groups(part: str) -> dict[str, list[str]]:
    texts = rendered("en", part)
    result: dict[str, list[str]] = defaultdict(list)
    heading = part
    for entry in entries("en", part):
        if isinstance(entry, ast.GroupComment):
            heading = entry.content or heading
        elif isinstance(entry, ast.Message):
            text = texts[entry.id.name]
            if text.endswith((".", "?")) and len(text.split()) > 3:
                result[f"{part}: {heading}"].append(text)
    return result


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_of_words_can_be_read_and_names_each_text_once(language: str) -> None:
    names: Counter[str] = Counter()
    for path in sorted((HERE / language).glob("*.ftl")):
        for entry in entries(language, path.stem):
            assert not isinstance(entry, ast.Junk), f"{path}: {entry.content[:60]}"
            names.update([entry.id.name] if isinstance(entry, ast.Message) else [])
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
@pytest.mark.parametrize("part", FOR_PATIENTS)
def test_what_patients_read_is_said_in_every_language_with_the_same_values(
    language: str, part: str
) -> None:
    ours, theirs = messages("en", part), messages(language, part)
    assert set(theirs) == set(ours)
    differing = [name for name in ours if variables(ours[name]) != variables(theirs[name])]
    assert differing == []


def test_the_pages_for_work_are_in_english_only() -> None:
    stored = {
        language: {path.stem for path in (HERE / language).iterdir()} for language in LANGUAGES
    }
    assert stored == {
        "en": {*FOR_PATIENTS, *FOR_WORK},
        "de": set(FOR_PATIENTS),
        "es": set(FOR_PATIENTS),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_patient_reads_a_word_of_the_inside(language: str) -> None:
    pattern = re.compile(rf"\b({NEVER})s?\b", re.IGNORECASE)
    heard = {
        name: pattern.findall(text) for name, text in rendered(language, *FOR_PATIENTS).items()
    }
    assert {name: result for name, result in heard.items() if result} == {}


def test_permission_is_the_one_word_and_consent_stands_where_law_wants_it() -> None:
    texts = rendered("en", *FOR_PATIENTS)
    assert {name for name, text in texts.items() if "consent" in text.lower()} <= LAW_WANTS_IT


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_shouts(language: str) -> None:
    parts = FOR_PATIENTS + (FOR_WORK if language == "en" else ())
    assert [name for name, text in rendered(language, *parts).items() if "!" in text] == []


@pytest.mark.parametrize("language", ["de", "es"])
def test_patients_are_addressed_formally(language: str) -> None:
    familiar = {"de": r"\b(du|dich|dir|dein\w*)\b", "es": r"\b(tú|tu|tus|te|ti|contigo)\b"}
    texts = rendered(language, *FOR_PATIENTS)
    assert [name for name, text in texts.items() if re.search(familiar[language], text, re.I)] == []


@pytest.mark.parametrize("part", FOR_PATIENTS + FOR_WORK)
def test_no_english_sentence_is_longer_than_twenty_words(part: str) -> None:
    long = [
        (name, sentence)
        for name, text in rendered("en", part).items()
        for sentence in sentences(text)
        if len(sentence.split()) > MOST_WORDS
    ]
    assert long == []


@pytest.mark.parametrize("part", FOR_PATIENTS)
def test_each_page_for_patients_can_be_read_at_eleven(part: str) -> None:
    hard = {
        group: round(grade(texts), 1)
        for group, texts in groups(part).items()
        if len(texts) >= FEWEST_TEXTS
    }
    assert {group: result for group, result in hard.items() if result > MOST_GRADE} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_a_patient_can_meet_has_words(language: str) -> None:
    names = {
        *(f"category-{code}" for code in (*CATEGORIES, "any")),
        *(f"category-{code}-hint" for code in CATEGORIES),
        *(f"purpose-{code}" for code in PURPOSES),
        *(f"duty-{code}" for code in OBLIGATIONS),
        *(f"reason-{reason}" for reason in REASONS),
    }
    assert names - set(messages(language, "everywhere")) == set()


def test_everything_that_is_notable_about_a_column_is_said_on_its_page() -> None:
    of_a_label = {Flag.LEAK, Flag.SUSPECT, Flag.MISSING}  # the page has no label
    say = Words("en")
    assert [flag for flag in Flag if not say.has(f"columns-flag-{flag}")] == sorted(
        of_a_label, key=list(Flag).index
    )


def test_a_text_that_nobody_wrote_or_a_missing_value_is_an_error() -> None:
    say = Words("de")
    with pytest.raises(KeyError, match="no-such-text"):
        say("no-such-text")
    with pytest.raises(KeyError, match="date"):
        say("lapsed")
    with pytest.raises(KeyError):
        Words("fr")


def test_what_a_language_lacks_is_said_in_english() -> None:
    assert Words("de")("menu-clinician") == Words("en")("menu-clinician")
    assert Words("de").has("menu-clinician")
    assert not Words("de").has("no-such-text")


def test_values_are_inserted_without_invisible_characters() -> None:
    words = Words("en")("lapsed", date="3 March 2027")
    assert words.startswith("This request expired on 3 March 2027.")
    assert words.isascii()


@pytest.mark.parametrize(
    ("language", "day", "number", "row"),
    [
        ("en", "3 March 2027", "5,014", "a, b and c"),
        ("de", "3. März 2027", "5.014", "a, b und c"),
        ("es", "3 de marzo de 2027", "5.014", "a, b y c"),
    ],
)
def test_each_language_writes_days_numbers_and_rows_its_own_way(
    language: str, day: str, number: str, row: str
) -> None:
    say = Words(language)
    assert say.day(AT_S) == day
    assert say.number(5014) == number
    assert say.listed(["a", "b", "c"]) == row
    assert say.percent(0.234) == "23\N{NO-BREAK SPACE}%"


def test_an_iso_month_is_a_month_in_words() -> None:
    assert Words("en").iso_month("2027-03") == "March 2027"
    assert Words("de").iso_month("2027-03") == "März 2027"


def test_a_time_says_its_zone_unless_one_was_handed_in() -> None:
    from zoneinfo import ZoneInfo

    assert Words("en").time(AT_S) == "10:42 UTC"
    assert Words("de", ZoneInfo("Europe/Berlin")).moment(AT_S) == "3. März 2027, 11:42"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-CH,fr;q=0.9", "de"),
        ("fr,es;q=0.8,en;q=0.7", "es"),
        ("fr", "en"),
        ("", "en"),
        ("*;;q=x,,", "en"),
        ("es", "es"),
    ],
)
def test_the_language_liked_best_is_chosen(header: str, language: str) -> None:
    assert best_language(header) == language


def test_a_value_of_any_length_can_be_said() -> None:
    text = Words("en")("deposit-unusable", why="x" * 100_000)
    assert "x" * 2_000 in text
    assert len(text) < 2_200


@pytest.mark.parametrize("mark", "?!….")
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_full_stop_follows_a_title_that_ends_with_its_own_mark(language: str, mark: str) -> None:
    words, title = Words(language), f"Who is at risk{mark}"
    for name, message in messages(language, *PARTS[language]).items():
        text = words(name, **dict.fromkeys(variables(message), title))
        assert not re.search(rf"risk{re.escape(mark)}[”“»]?\.", text), text
        assert "\0" not in text


@pytest.mark.parametrize(
    ("language", "who", "not_who"),
    [
        ("en", "no doctor", "no hospital"),
        ("de", "niemand, der Sie behandelt", "kein Krankenhaus"),
        ("es", "ningún médico", "ningún hospital"),
    ],
)
def test_a_stop_is_not_said_to_take_the_records_from_the_hospital(language, who, not_who) -> None:
    text = Words(language)("stop-lead", n=1)
    assert who in text and not_who not in text


def test_a_value_keeps_its_own_full_stops() -> None:
    words = Words("en")
    assert words("act-granted", party="Why?. Inc") == "You said yes to Why?. Inc."
    assert words("act-granted", party="“Why?”") == "You said yes to “Why?”"


def test_no_page_puts_a_full_stop_after_a_title_itself() -> None:
    templates = HERE.parent.parent / "web" / "templates"
    for path in templates.rglob("*.html"):
        assert not re.search(r"(title|question|name)\s*\}\}[”“»]?\.(\s|<)", path.read_text()), path


def test_a_small_file_is_not_said_to_be_empty() -> None:
    words = Words("en")
    assert [words.size(size) for size in (17, 12_345, 34_500_000)] == [
        "1\N{NO-BREAK SPACE}kB",
        "12\N{NO-BREAK SPACE}kB",
        "34.5\N{NO-BREAK SPACE}MB",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_of_the_installed_questions_has_a_name_and_answers_in_words(
    language: str,
) -> None:
    names = set(messages(language, "values"))
    missing = []
    for path in sorted(Path(models.__file__).parent.glob("questions/*.toml")):
        question = tomllib.loads(path.read_text(encoding="utf-8"))
        for feature in question["features"]:
            missing += [f"measure-{slug(feature['words'])}"]
            missing += [f"value-{slug(value)}" for value in feature.get("values", ())]
    assert set(missing) - names == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_privacy_notice_says_about_erasure_is_on_the_first_page(language: str) -> None:
    folder = Path(package.__file__).parent / language
    texts = {name: (folder / f"{name}.ftl").read_text("utf-8") for name in ("public", "patient")}
    title = re.search(r"^erasure-title = (.+)$", texts["patient"], re.MULTILINE)
    notice = re.search(r"^privacy-forget = (.+)$", texts["public"], re.MULTILINE)
    assert title is not None and notice is not None and title[1] in notice[1]
    start = Path("web/templates/patient/start.html")
    assert 'href="/patient/erasure"' in start.read_text("utf-8")


def test_values_that_are_missing_are_not_said_to_leave_the_range_as_it_was() -> None:
    """34 of 47 values were missing, and the range said 9 to 11 without a word."""
    for count in (1, 34):
        warning = Words("en")("prediction-missing", count=count, total=47)
        assert "the range may be too narrow" in warning
        assert "was made" not in warning  # the page before the estimate says it too


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_proof_that_fails_is_not_followed_by_a_claim_that_nothing_changed(language: str) -> None:
    """The limit of a proof stands under each result, so it may claim nothing about this line."""
    limit = Words(language)("proof-limit")
    conditions = {"en": "A line that matches", "de": "Eine Zeile, die übereinstimmt"}
    assert limit.startswith(conditions.get(language, "Una línea que coincide"))


def test_a_number_of_a_total_agrees_with_its_verb_even_if_it_is_one() -> None:
    """`1 of 47 values are missing` was on the page of an estimate."""
    pattern = r"^(\S+) = .*\{ \$\w+ \} of \{ \$\w+ \} \w+ (?:are|have|were) "
    texts = [
        path.read_text("utf-8") for path in (Path(package.__file__).parent / "en").glob("*.ftl")
    ]
    assert [key for text in texts for key in re.findall(pattern, text, re.MULTILINE)] == []
    facts = {"total": 47, "oldest": "31 December 2018"}
    for key in ("prediction-old", "prediction-missing"):
        assert Words("en")(key, count=1, **facts).startswith("1 of 47 values is ")
        assert Words("en")(key, count=2, **facts).startswith("2 of 47 values are ")


def test_a_count_that_may_be_one_has_words_for_one() -> None:
    # A number before a plural is chosen by its value, or never 1.
    nouns = "changes|consents|days|findings|lines|models|patients|people|records|rows|values"
    plural = re.compile(rf"\{{ \$(\w++) \}} (?:{nouns})\b")
    alone = [
        f"{line.split(' =')[0]} ${match[1]}"
        for path in sorted((HERE / "en").glob("*.ftl"))
        for line in path.read_text("utf-8").splitlines()
        if not line.lstrip().startswith(("[one]", "*[other]"))
        for match in plural.finditer(line)
    ]
    assert [each for each in alone if each not in NEVER_ONE] == []


def test_one_day_until_models_are_replaced_is_said_as_one() -> None:
    for language, day in (("en", "Within one day"), ("de", "einem Tag"), ("es", "En un día")):
        assert day in Words(language)("grant-withdraw", n=1)


NEVER_ONE = {
    *("card-tested $n", "card-out-of-fold $n", "card-size-risk $n", "prediction-tested-on $n"),
    *(
        "card-at-block $count",
        "cohort-few $count",
        "columns-header-rows $count",
        "count-few $count",
    ),
    *("list-long $most", "may-study-copy-state $rows", "may-study-many-of $all"),
    *("notices-withdrawals $rows", "pseudonymised-few $count", "pseudonymised-leave $days"),
    *("question-feasible $count", "question-feasible-few $count", "set-delete-withdrawn $days"),
    *("set-few $count", "set-not-enough $count", "study-copy-pseudonymised-hint $days"),
    *("codes-hint $people", "codes-hint $least", "copy-leave $n", "decline-then $n"),
    *("withdraw-done-copy-pseudonymised $n",),
}
"""Texts whose number is a bound, a cohort's size or rounded to tens."""
