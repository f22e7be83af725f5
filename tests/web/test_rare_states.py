"""What pages say in states that few people see, without a browser or a node."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from flask import Flask, request

from services.requests.consent_requests import RequestDetails
from services.words import Words

CONTACT = SimpleNamespace(name="Town Clinic", telephone="030 123", hours="", email="")
NOBODY = SimpleNamespace(waiting=[], consents=[], lines=[], research="", is_checked=True)
KEYS = SimpleNamespace(
    passkeys=[],
    open_recoveries=[],
    recoveries=[],
    delegates_until_s=[],
    has_others=True,
    is_checked=True,
    is_waiting=False,
)
STATES = ("new", "waiting", "ready", "unknown", "vetoed")
HELPLESS = [("sign_in", "new"), ("join_expired", "new"), *(("recovery", state) for state in STATES)]


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("web")
    app.jinja_env.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return app


def content(app: Flask, name: str, language: str = "en", **context: object) -> str:
    """Return the content of a page, without its frame."""
    template = app.jinja_env.get_template(name)
    with app.test_request_context("/"):
        given = {"say": Words(language), "request": request, "errors": {}, "values": {}} | context
        return "".join(template.blocks["content"](template.new_context(given)))


def buttons(page: str) -> list[tuple[str, str]]:
    """Return the class and the words of each button and each link that looks like one."""
    pairs = re.findall(r'<(?:button|a)[^>]*class="(?:button )?(primary|second)[^>]*>([^<]*)', page)
    return [(kind, words.strip()) for kind, words in pairs]


@pytest.mark.parametrize(("page", "state"), HELPLESS)
def test_a_page_for_people_who_cannot_sign_in_says_whom_to_call(
    app: Flask, page: str, state: str
) -> None:
    link = SimpleNamespace(state=state, ready_at_s=1_800_000_000)
    text = content(app, f"public/{page}.html", contact=CONTACT, link=link)
    assert "Town Clinic" in text or state in ("ready", "unknown")
    assert 'href="tel:030123">030 123<' in text


def test_a_notice_that_names_the_hospital_says_how_to_reach_it(app: Flask) -> None:
    text = content(app, "public/notice.html", contact=CONTACT, sentences=["Tell Town Clinic."])
    assert text.index("Tell Town Clinic.") < text.index('href="tel:030123"')


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "A study is asking to use your records to train a computer model."),
        ("de", "A study möchte Ihre Daten nutzen, um ein Computermodell zu trainieren."),
        ("es", "A study pide usar sus datos para entrenar un modelo de computadora."),
    ],
)
def test_a_waiting_request_says_what_it_is_for(app: Flask, language: str, says: str) -> None:
    details = SimpleNamespace(purposes=("MLTRAINING",))
    sent = SimpleNamespace(details=details, lapses_at_s=1_800_000_000)
    waiting = [SimpleNamespace(party_name="a study", request=sent, path="/patient/requests/1")]
    summary = SimpleNamespace(**(vars(NOBODY) | {"waiting": waiting}))
    erasures = SimpleNamespace(is_erased=False)
    page = content(app, "patient/start.html", language, summary=summary, erasures=erasures)
    assert Words(language)("empty-journal") in page
    for untrue in ("asked for your records", "danach gefragt", "ni pedido sus datos"):
        assert untrue not in page  # the study asks, two lines above
    assert says in re.sub(r"[\u2068\u2069]", "", page)


@pytest.mark.parametrize(("wants_copy", "check"), [(False, "answer"), (True, "answers")])
def test_the_page_of_questions_counts_them_and_shows_the_main_button_first(
    app: Flask, wants_copy: bool, check: str
) -> None:
    details = SimpleNamespace(wants_copy=wants_copy)
    text = SimpleNamespace(latest_end="29 November 2027")
    terms = SimpleNamespace(details=details)
    detail = SimpleNamespace(path="/p", request=terms, text=text, choice=None)
    answers = {"ask-1": "", "ask-2": ""}
    page = content(app, "patient/understand.html", detail=detail, answers=answers, is_sent=False)
    assert buttons(page) == [("primary", f"Check my {check}"), ("second", "Skip")]
    wrong = answers | {"ask-1": "no"}
    page = content(app, "patient/understand.html", detail=detail, answers=wrong, is_sent=True)
    assert buttons(page) == [("primary", "Continue"), ("second", f"Check my {check}")]
    assert "Not quite. The right answer is: Yes, at any time." in page


def test_the_main_button_of_a_declined_request_comes_first(app: Flask) -> None:
    sent = SimpleNamespace(is_declined=True, answered_at_s=1, lapses_at_s=2)
    detail = SimpleNamespace(path="/p", request=sent, party_name="A study")
    page = content(app, "patient/closed.html", key="declined", detail=detail)
    assert buttons(page) == [("primary", "Start"), ("second", "Change my answer")]


def test_a_patient_without_a_passkey_is_not_offered_a_second_one(app: Flask) -> None:
    page = content(app, "patient/keys.html", keys=KEYS)
    assert "A passkey on another device" not in page
    assert "without your signing program" in page
    passkey = SimpleNamespace(id=b"1", label="Phone", made_at_s=1, used_at_s=1)
    keys = SimpleNamespace(**(vars(KEYS) | {"passkeys": [passkey]}))
    assert "A passkey on another device" in content(app, "patient/keys.html", keys=keys)


def test_the_page_of_keys_does_not_deny_a_recovery_that_is_complete(app: Flask) -> None:
    page = content(app, "patient/keys.html", keys=KEYS)
    assert "No new key for you is waiting." in page
    assert "Nobody has asked" not in page


def test_refusing_a_key_that_somebody_proposed_is_the_main_button(app: Flask) -> None:
    recovery = SimpleNamespace(signer=b"1", ready_at_s=1_800_000_000, state="open")
    keys = SimpleNamespace(**(vars(KEYS) | {"open_recoveries": [recovery]}))
    page = content(app, "patient/keys.html", keys=keys, operator="Town Clinic")
    assert [words for kind, words in buttons(page) if kind == "primary"] == ["Refuse this key"]
    assert "It cannot work before 15 January 2027, 08:00" in re.sub(r"[\u2068\u2069]", "", page)


def consent(*, is_overridden: bool) -> SimpleNamespace:
    return SimpleNamespace(
        is_overridden=is_overridden,
        state="active",
        sentence="It may use.",
        past_sentence="It could use.",
        not_after_s=0,
        path="/p",
        recipient_name="A study",
    )


def test_a_permission_that_is_not_used_does_not_stand_under_active(app: Flask) -> None:
    both = [consent(is_overridden=True), consent(is_overridden=False)]
    page = content(app, "patient/permissions.html", current=both, is_checked=True)
    places = [page.index(words) for words in ("Active now", "It may", "Not used now", "It could")]
    assert places == sorted(places)
    page = content(app, "patient/permissions.html", current=both[:1], is_checked=True)
    assert page.index("Active now") < page.index("Nobody may use") < page.index("Not used now")


def test_the_newest_model_is_listed_first(app: Flask) -> None:
    models = [
        SimpleNamespace(
            model=SimpleNamespace(trained_at_s=day * 86_400, ended_at_s=ended, successor=""),
            study_name=name,
            replaced_by_s=None,
            is_in_successor=False,
        )
        for name, day, ended in (("Old", 1, 86_400), ("New", 2, None))
    ]
    page = content(app, "patient/models.html", models=models)
    assert page.index("New") < page.index("In use") < page.index("Old") < page.index("Taken out")


def test_values_that_the_model_refuses_are_named_first_and_nothing_can_be_asked(
    app: Flask,
) -> None:
    unaccepted = [SimpleNamespace(words="body mass index")]
    inputs = SimpleNamespace(
        unaccepted=unaccepted,
        patient=SimpleNamespace(key="1"),
        question=SimpleNamespace(id="q", title="Diabetes"),
        warnings=SimpleNamespace(old=0, missing=1, total=2),
    )
    line = SimpleNamespace(what="body mass index", value="300 kg/m²", date="2026-11-20")
    page = content(app, "clinician/values.html", inputs=inputs, rows=[line])
    reason = "the model does not accept body mass index. Check this value and its unit"
    text = re.sub(r"[\u2068\u2069]", "", page)
    assert 0 < text.index(reason) < text.index("300 kg/m²")
    assert "The estimate is made without" not in text
    assert buttons(page) == []
    inputs.unaccepted = []
    page = content(app, "clinician/values.html", inputs=inputs, rows=[line])
    assert buttons(page) == [("primary", "Get the estimate")]
    assert "The estimate is made without it." in page


def test_what_stops_is_not_stated_as_a_negative(app: Flask) -> None:
    """Under “This stops now” stands what stops, not its absence."""
    for language, never in (("en", "no "), ("de", "kein"), ("es", "ning")):
        assert not Words(language)("withdraw-stops", study="S").startswith(never)


def test_the_question_about_the_end_names_the_end_that_the_patient_chose(app: Flask) -> None:
    choice = SimpleNamespace(ends_on="2027-01-31")
    terms = SimpleNamespace(details=SimpleNamespace(wants_copy=False))
    text = SimpleNamespace(latest_end="29 November 2027")
    detail = SimpleNamespace(path="/p", request=terms, text=text, choice=choice)
    page = content(app, "patient/understand.html", detail=detail, answers={}, is_sent=False)
    assert "Yes, but only before 31 January 2027" in re.sub(r"[\u2068\u2069]", "", page)
    assert "29 November 2027" not in page


@pytest.mark.parametrize("agreement", ["", "Agreement 12"])
@pytest.mark.parametrize("is_whole", [False, True])
def test_custodian_and_study_read_what_patients_read_about_a_copy(
    app: Flask, agreement: str, is_whole: bool
) -> None:
    terms = RequestDetails(
        *("study:heart", "study", ("MLTRAINING",), ("laboratory",), "", "", 365, "heart attack"),
        wants_copy=True,
        agreement=agreement,
        agreement_ends_on="2027-01-31" if agreement else "",
        whole_records=is_whole and bool(agreement),
    )
    text = SimpleNamespace(agreement="Keep it locked.", sections=[])
    detail = SimpleNamespace(
        path="/p", request=SimpleNamespace(details=terms), text=text, party_name="Heart"
    )
    page = content(app, "patient/copy.html", detail=detail, deletion_days=30)
    source = '{% from "parts/copy.html" import request_words with context %}'
    source += "{{ request_words('What patients read', text, terms, 'Heart', 30) }}"
    with app.test_request_context("/"):
        template = app.jinja_env.from_string(source)
        preview = template.render(say=Words("en"), text=text, terms=terms)
    lines = re.findall(r"<p[^>]*>(.+?)</p>|<span>(Let .+?)</span>", page)
    sentences = ["".join(pair) for pair in lines if "".join(pair) and "<button" not in pair[0]]
    assert len(sentences) >= 2
    assert [each for each in sentences if each not in preview] == []
    kind = "" if terms.copy_kind == "anonymised" else f"-{terms.copy_kind}"
    box = Words("en")(f"grant-copy{kind}", study="Heart")
    assert box in page and box in preview
