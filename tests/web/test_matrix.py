"""Who may what on the pages: every role, organisation, object and verb of the URL map."""

from __future__ import annotations

import hashlib
import io
import secrets

import pytest
from visitors import HOSPITAL, signed_in

from cli.trial_wallet import TrialWallet
from consent import Grant
from models.question_choices import QuestionChoices
from services.custodian.upload_store import Sent, UploadStore
from services.requests import RequestDetails
from services.statement import RequestedTerms, terms_for
from storage import Record

pytestmark = pytest.mark.node
ELSEWHERE = "organisation:elsewhere"

# method, rule, who may, and which kind of object its name stands for ("-": none; "!": own forms
# without a signature or with nothing to show may be refused in words).
TABLE = """
GET  /                                              anybody     -
GET  /register                                      anybody     -
GET  /help                                          anybody     -
GET  /accessibility                                 anybody     -
GET  /privacy                                       anybody     -
GET  /join/<token>                                  anybody     -
POST /join/<token>/begin                            anybody     -
POST /join/<token>/passkey                          anybody     -
POST /join/<token>/proof                            anybody     -
POST /join/<token>/wallet                           anybody     -
POST /join/<token>/wallet/proof                     anybody     -
GET  /recover/<token>                               anybody     -
POST /recover/<token>/begin                         anybody     -
POST /recover/<token>/passkey                       anybody     -
POST /recover/<token>/proof                         anybody     -
GET  /sign-in                                       anybody     -
POST /sign-in/begin                                 anybody     -
POST /sign-in/finish                                anybody     -
POST /sign-in/wallet                                anybody     -
POST /sign-in/wallet/finish                         anybody     -
GET  /signed-out                                    anybody     -
GET  /session                                       anybody     -
GET  /patient                                       patient     -
GET  /patient/requests/<id>                         patient     request
POST /patient/requests/<id>                         patient     request
GET  /patient/requests/<id>/limits                  patient     request
POST /patient/requests/<id>/limits                  patient     request
GET  /patient/requests/<id>/understand              patient     request
POST /patient/requests/<id>/understand              patient     request
GET  /patient/requests/<id>/check                   patient     request
POST /patient/requests/<id>/check                   patient     request!
GET  /patient/requests/<id>/decline                 patient     request
POST /patient/requests/<id>/decline                 patient     request
POST /patient/requests/<id>/reconsider              patient     request
GET  /patient/requests/<id>/copy                    patient     request
POST /patient/requests/<id>/copy                    patient     request!
POST /patient/keys/<id>/name                        patient     nothing!
GET  /patient/help                                  patient     -
POST /patient/help                                  patient     -!
GET  /patient/consents                              patient     -
GET  /patient/consents/<id>                         patient     consent
GET  /patient/consents/<id>/state                   patient     consent
GET  /patient/consents/<id>/receipt                 patient     consent
GET  /patient/consents/<id>/withdrawal              patient     consent
POST /patient/consents/<id>/withdrawal              patient     consent!
GET  /patient/stop                                  patient     -
POST /patient/stop                                  patient     -!
GET  /patient/opt-out                               patient     -
POST /patient/opt-out                               patient     -
POST /patient/opt-out/sign                          patient     -!
GET  /patient/records                               patient     -
GET  /patient/records/<id>                          patient     record
GET  /patient/values                                patient     -!
GET  /patient/download                              patient     -
POST /patient/download                              patient     -
GET  /patient/download/file                          patient     -!
GET  /patient/download/records                       patient     -
GET  /patient/download/page                          patient     -!
GET  /patient/erasure                               patient     -
POST /patient/erasure                               patient     -
GET  /patient/erasure/receipt                       patient     -!
GET  /patient/journal                               patient     -
GET  /patient/journal/<seq>/proof                   patient     line
GET  /patient/journal/<seq>/proof.json              patient     line
GET  /patient/keys                                  patient     -
POST /patient/keys/begin                            patient     -!
POST /patient/keys/passkey                          patient     -!
POST /patient/keys/proof                            patient     -!
GET  /patient/keys/add/<signing>                    patient     nothing!
GET  /patient/keys/veto/<signer>                    patient     nothing!
GET  /patient/keys/<id>/removal                     patient     nothing!
POST /patient/keys/sign                             patient     -!
GET  /patient/models                                patient     -
GET  /clinician                                     clinician   -
GET  /clinician/requests                            clinician   -
GET  /clinician/requests/new                        clinician   -
POST /clinician/requests/new                        clinician   -
GET  /clinician/patients/<id>                       clinician   person
GET  /clinician/patients/<id>/records               clinician   person!
GET  /clinician/patients/<id>/values                clinician   person!
GET  /clinician/diagnoses                           clinician   -
GET  /clinician/diagnoses/new                       clinician   -!
POST /clinician/diagnoses/new                       clinician   -!
GET  /clinician/diagnoses/<id>                      clinician   diagnosis
POST /clinician/diagnoses/<id>                      clinician   diagnosis
GET  /clinician/diagnoses/<id>/contributions.svg    clinician   diagnosis
GET  /clinician/models/<id>                         clinician   -card
GET  /clinician/models/<id>/card.pdf                clinician   -card
GET  /clinician/models/<id>/pictures/<name>         clinician   -card
GET  /researcher                                    researcher  -
GET  /researcher/questions                          researcher  -
GET  /researcher/questions/<id>                     researcher  -question
GET  /researcher/questions/<id>/dummy               researcher  -question
GET  /researcher/drafts                             researcher  -
POST /researcher/drafts                             researcher  -
GET  /researcher/drafts/<id>                        researcher  draft
POST /researcher/drafts/<id>                        researcher  draft
GET  /researcher/drafts/<id>/count                  researcher  draft
POST /researcher/drafts/<id>/count                  researcher  draft
GET  /researcher/drafts/<id>/question.toml          researcher  draft
GET  /researcher/drafts/<id>/dummy                  researcher  draft
POST /researcher/drafts/<id>/question               researcher  draft
GET  /researcher/studies/new                        researcher  -
POST /researcher/studies/new                        researcher  -
GET  /researcher/studies/<slug>                     researcher  study
GET  /researcher/studies/<slug>/request             researcher  study
POST /researcher/studies/<slug>/request             researcher  study
GET  /researcher/studies/<slug>/change              researcher  study!
POST /researcher/studies/<slug>/change              researcher  study!
GET  /researcher/studies/<slug>/models              researcher  study
GET  /researcher/studies/<slug>/cohort              researcher  study
POST /researcher/studies/<slug>/cohort              researcher  study
GET  /researcher/studies/<slug>/jobs/<job>          researcher  study
POST /researcher/studies/<slug>/jobs/<job>          researcher  study
GET  /researcher/studies/<slug>/runs/<run>          researcher  study!
GET  /researcher/studies/<slug>/runs/<run>/card.json researcher  study!
GET  /researcher/studies/<slug>/runs/<run>/card.pdf researcher  study!
GET  /researcher/studies/<slug>/runs/<run>/pictures/<name> researcher  study!
GET  /researcher/models/<id>                        researcher  model
POST /researcher/models/<id>/retraining             researcher  model
GET  /researcher/models/<id>/card.json              researcher  model
GET  /researcher/models/<id>/card.pdf               researcher  model
GET  /researcher/models/<id>/retirement             researcher  model
POST /researcher/models/<id>/retirement             researcher  model
GET  /researcher/models/<id>/pictures/<name>        researcher  model
GET  /researcher/models/<id>/evaluations/<slug>     researcher  model!
GET  /researcher/models/<id>/evaluations/<slug>/card.json researcher  model!
GET  /researcher/models/<id>/evaluations/<slug>/card.pdf researcher  model!
GET  /researcher/models/<id>/evaluations/<slug>/pictures/<name> researcher  model!
GET  /researcher/sets/<slug>                        researcher  study
POST /researcher/sets/<slug>                        researcher  study
GET  /researcher/sets/<slug>/copy                   researcher  study
POST /researcher/sets/<slug>/copy                   researcher  study
GET  /researcher/pseudonymised/<slug>               researcher  study!
POST /researcher/pseudonymised/<slug>               researcher  study!
POST /researcher/pseudonymised/<slug>/deletions     researcher  study!
POST /researcher/pseudonymised/<slug>/deleted       researcher  study!
GET  /researcher/notices                            researcher  -
POST /researcher/notices                            researcher  -
GET  /custodian                                     custodian   ours
GET  /custodian/patients/new                        custodian   ours
POST /custodian/patients/new                        custodian   ours
GET  /custodian/patients/made                       custodian   ours
GET  /custodian/patients/lists                      custodian   ours
POST /custodian/patients/lists                      custodian   ours
GET  /custodian/patients/lists/<id>                 custodian   nothing!
POST /custodian/patients/lists/<id>                 custodian   nothing!
GET  /custodian/patients/lists/<id>/letters         custodian   nothing!
GET  /custodian/patients/lists/<id>/links           custodian   nothing!
GET  /custodian/deposits/new                        custodian   ours
POST /custodian/deposits/new                        custodian   ours
GET  /custodian/deposits/<upload>                   custodian   upload
POST /custodian/deposits/<upload>                   custodian   upload
GET  /custodian/deposits/<upload>/outcomes          custodian   upload!
GET  /custodian/deposits/<upload>/report            custodian   upload!
GET  /custodian/deposits/<upload>/columns           custodian   upload!
POST /custodian/deposits/<upload>/columns           custodian   upload!
GET  /custodian/studies                             custodian   ours
GET  /custodian/studies/<slug>                      custodian   ours
POST /custodian/studies/<slug>                      custodian   ours
GET  /custodian/counting                            custodian   ours
POST /custodian/counting                            custodian   ours
GET  /custodian/people                              custodian   ours
GET  /custodian/people/<id>                         custodian   nothing!
POST /custodian/people/<id>                         custodian   nothing!
POST /custodian/invitations/<id>                    custodian   nothing!
GET  /custodian/messages                            custodian   ours
GET  /custodian/messages/<id>                       custodian   nothing!
POST /custodian/messages/<id>                       custodian   nothing!
GET  /custodian/recoveries                          custodian   ours
POST /custodian/recoveries                          custodian   ours
GET  /custodian/recoveries/made                     custodian   ours
GET  /custodian/erasures                            custodian   ours
POST /custodian/erasures                            custodian   ours
GET  /custodian/erasures/<id>                       custodian   erasure
POST /custodian/erasures/<id>                       custodian   erasure
GET  /custodian/erasures/<id>/receipt               custodian   erasure!
GET  /custodian/links                               custodian   ours
POST /custodian/links                               custodian   ours
GET  /custodian/links/<id>                          custodian   nothing!
POST /custodian/links/<id>                          custodian   nothing!
GET  /custodian/deceased                            custodian   ours
POST /custodian/deceased                            custodian   ours
GET  /custodian/moves                               custodian   ours
POST /custodian/moves                               custodian   ours
GET  /custodian/versions                            custodian   ours
POST /custodian/versions                            custodian   ours
GET  /auditor                                       auditor     -
GET  /auditor/anchors                               auditor     -
GET  /auditor/journal                               auditor     -
GET  /auditor/journal.csv                           auditor     -
GET  /auditor/models                                auditor     -
GET  /auditor/models/<id>                           auditor     -card
GET  /auditor/models/<id>/card.json                 auditor     -card
GET  /auditor/models/<id>/card.pdf                  auditor     -card
GET  /auditor/models/<id>/pictures/<name>           auditor     -card
POST /auditor/verify                                auditor     -
GET  /auditor/verify/<job>                          auditor     -check
POST /auditor/verify/<job>/stop                     auditor     -check
GET  /auditor/verify/<job>/report                   auditor     -check!
GET  /auditor/evidence                              auditor     -
POST /auditor/evidence                              auditor     -
GET  /auditor/evidence/program/<name>               auditor     -!
GET  /auditor/evidence/<job>                        auditor     -check!
GET  /account                                       everybody   -
POST /account/sessions                              everybody   -
POST /session                                       everybody   -
POST /sign-out                                      everybody   -
"""
ROWS = {
    (method, rule): (who, kind)
    for method, rule, who, kind in (line.split() for line in TABLE.strip().splitlines())
}
CALLERS = (
    ("nobody", ""),
    ("patient", "own"),
    ("patient", "another"),
    ("clinician", HOSPITAL),
    ("clinician", ELSEWHERE),
    ("researcher", HOSPITAL),
    ("researcher", ELSEWHERE),
    ("custodian", HOSPITAL),
    ("custodian", ELSEWHERE),
    ("auditor", HOSPITAL),
)


def pages_of(hospital) -> list[tuple[str, str]]:
    """Return (method, rule) of every page in the URL map."""
    result = []
    for rule in hospital.app.url_map.iter_rules():
        if rule.endpoint.startswith("pages.") and "unknown_" not in rule.endpoint:
            result += [(method, rule.rule) for method in rule.methods - {"HEAD", "OPTIONS"}]
    return result


def a_patient(hospital) -> bytes:
    """Return somebody with a record, a request, a permission and a line in the history."""
    platform, wallet = hospital.platform, hospital.wallet
    ledger, subject = platform.ledger, hospital.new_patient()
    record = Record(subject, "vital-signs", HOSPITAL, "2024-01-02", {"x|number": (50.0, "kg")})
    platform.store.deposits.deposit([record])
    now_s = int(platform.installation.clock())
    grant = Grant(
        subject,
        terms_for(RequestedTerms("permit", HOSPITAL, ("TREATDS",)), "I allow it."),
        now_s,
        now_s + 9_999,
    )
    assert ledger.grant([wallet.sign(ledger.domain(), grant)])[0].ok
    request_details = RequestDetails(
        HOSPITAL, "care", ("TREATDS",), ("vital-signs",), "", "", 90, "it"
    )
    platform.requests.requests.send(request_details, [subject], "r")
    entry = platform.store.records_of(subject)[0]
    platform.store.vault.open(HOSPITAL, "TREATDS", entry.record_id.hex(), "a look")
    platform.store.journal.anchor()
    return subject


@pytest.fixture(scope="module")
def model(hospital):
    """A model of a study that this hospital's researchers registered, and that many permit."""
    platform, researcher = hospital.platform, signed_in(hospital, "researcher")
    fields = {"condition": "it", "protocol": "p", "board": "b", "contact": "c", "days": "365"}
    fields |= {"end-day": "1", "end-month": "3", "end-year": "2090", "copy": "yes"}
    now_s = int(platform.installation.clock())
    more = {"title": f"Matrix {secrets.token_hex(4)}", "question": "small"}
    path = researcher.post("/researcher/studies/new", **(fields | more)).location
    study = "study:" + path.rsplit("/", 1)[1]
    platform.requests.proposals.approve(study, "c")
    terms = RequestedTerms("permit", study, ("MLTRAINING",))
    grants = [(subject, terms, now_s, now_s + 99_999) for subject in hospital.subjects]
    platform.ledger.grant(TrialWallet(hospital.wallet, platform.ledger).sign_grants(grants))
    return platform.diagnostics.train(study, "small")


@pytest.fixture(scope="module")
def names(hospital, model) -> dict[str, str]:
    """What stands for each kind of object, and who it is of; made once."""
    platform, subject = hospital.platform, a_patient(hospital)
    asking, store = platform.requests, platform.store
    slug = model.study.removeprefix("study:")
    key = next(
        item.key for item in asking.care.search(HOSPITAL, limit=9_999)[0] if item.subject == subject
    )
    body = {
        "question": model.question,
        "model": model.id,
        "records": [store.records_of(subject)[0].record_id.hex()],
    }
    body |= {"inputs": [], "contributions": [], "probability": 0.2, "low": 0.1, "high": 0.3}
    body |= {"prevalence": 0.2, "outcome": "it", "block": 1, "count": 1}
    body |= {"model_sha256": model.sha256, "commitment": ""}
    upload = UploadStore(platform.engine, platform.store, platform.installation.clock).add(
        Sent(HOSPITAL, "a", "t.csv", "csv", "", "good"), io.BytesIO(b"person,number\n1,2\n")
    )
    arguments = {"study": f"study:{slug}", "question": model.question}
    job = platform.jobs.enqueue("train", arguments, f"study:{slug}").id
    check = platform.jobs.enqueue("verify", {}, HOSPITAL).id
    return {
        "subject": subject.hex(),
        "request": asking.requests.list_waiting(subject)[0].id,
        "consent": platform.ledger.consents_of(subject)[0].consent_id.hex(),
        "record": store.records_of(subject)[0].record_id.hex(),
        "line": str(store.journal.of_subject(subject, 1)[0].seq),
        "person": key,
        "diagnosis": asking.predictions.add(HOSPITAL, "a", subject, body).id,
        "study": slug,
        "draft": asking.drafts.add(HOSPITAL, "a", QuestionChoices()).id,
        "job": job,
        "check": check,
        "model": model.id,
        "question": model.question,
        "upload": upload.id,
        "erasure": asking.erasures.add(subject, "patient").id,
    }


def test_every_page_has_a_row_and_every_row_a_page(hospital) -> None:
    assert set(ROWS) == set(pages_of(hospital))


def model_run(model_id: str) -> str:
    """Return the number of the run that made a model, which ends the model's id."""
    return model_id.rpartition("-")[2]


def path_of(rule: str, kind: str, names: dict[str, str]) -> str:
    """Return the rule with the names of real objects in it."""
    plain = kind.strip("-!")
    own = {"card": "model", "question": "question", "check": "check"}.get(plain, plain)
    values = {"token": "x" * 43, "name": "calibration.svg", "job": names["job"]}
    values |= {"run": model_run(names["model"])}
    values |= {"slug": names["study"], "upload": names["upload"], "seq": names["line"]}
    values |= {"id": names.get(own, "ab" * 16), "signing": "ab" * 16, "signer": "ab" * 84}
    if "auditor" in rule:
        values["job"] = names["check"]
    for name, value in values.items():
        rule = rule.replace(f"<{name}>", value)
    return rule


def expected(caller: tuple[str, str], who: str, kind: str) -> str:
    """Return what a caller must meet: open, sign-in, nothing, or may."""
    role, party = caller
    if who == "anybody":
        return "open"
    if role == "nobody":
        return "sign-in"
    if who not in (role, "everybody"):
        return "nothing"
    is_others = party in ("another", ELSEWHERE)
    has_owner = not kind.startswith("-")
    return "nothing" if is_others and has_owner else "may"


def met(answer) -> str:
    """Return what an answer is."""
    if answer.status_code == 303 and answer.location.startswith("/sign-in"):
        return "sign-in"
    if answer.status_code >= 500:
        return f"broken {answer.status_code}"
    return "nothing" if answer.status_code == 404 else "may"


def visitor(hospital, caller: tuple[str, str], subject: bytes):
    role, party = caller
    if role == "nobody":
        return None
    if role != "patient":
        return signed_in(hospital, role, party)
    whose = subject if party == "own" else a_patient(hospital)
    known = hospital.platform.identity.accounts.of_subject(whose)
    assert known is None
    return signed_in(hospital, role, "", whose)


@pytest.mark.parametrize("caller", CALLERS, ids=" ".join)
def test_each_caller_meets_what_the_table_says(hospital, names, caller) -> None:
    who_calls = visitor(hospital, caller, bytes.fromhex(names["subject"]))
    wrong = []
    for (method, rule), (who, kind) in ROWS.items():
        if rule == "/sign-out":
            continue  # it ends the session that the rest is asked with
        path = path_of(rule, kind, names)
        if who_calls is None:
            headers = {"Origin": hospital.platform.installation.site.origin}
            address = {"REMOTE_ADDR": f"10.9.{secrets.randbelow(256)}.{secrets.randbelow(256)}"}
            answer = hospital.app.test_client().open(
                path, method=method, headers=headers, environ_base=address
            )
        else:
            answer = who_calls.get(path) if method == "GET" else who_calls.post(path)
        result, wish = met(answer), expected(caller, who, kind)
        if wish == "open":
            is_right = result in ("may", "nothing")  # an invitation that is none says so
        else:
            is_right = result == wish or (
                wish == "may" and kind.endswith("!") and result == "nothing"
            )
        if not is_right:
            wrong.append((method, path, wish, result, answer.status_code))
    assert wrong == []


def test_refused_missing_and_another_organisations_are_one_answer(hospital, names) -> None:
    stranger = signed_in(hospital, "clinician", ELSEWHERE)
    answers = [
        stranger.get(f"/clinician/patients/{names['person']}"),
        stranger.get(f"/clinician/patients/{'ab' * 16}"),
        stranger.get(f"/clinician/diagnoses/{names['diagnosis']}"),
        stranger.get("/clinician/no/such/page"),
        stranger.get("/custodian"),
        stranger.get("/auditor/journal"),
    ]
    reply = [
        (
            answer.status_code,
            answer.data,
            {k: v for k, v in answer.headers if k not in ("Date", "X-Request-Id")},
        )
        for answer in answers
    ]
    assert all(answer == reply[0] for answer in reply)


def test_a_form_without_our_origin_or_token_does_nothing(hospital, names) -> None:
    researcher = signed_in(hospital, "researcher")
    path = f"/researcher/studies/{names['study']}/request"
    for data, headers in (
        ({"csrf": researcher.csrf}, {}),
        ({"csrf": researcher.csrf}, {"Origin": "https://evil.example"}),
        ({"csrf": "0" * 64}, {"Origin": researcher.origin}),
        ({}, {"Origin": researcher.origin}),
    ):
        assert researcher.http.post(path, data=data, headers=headers).status_code == 403
    before = hospital.platform.requests.requests.count_by_state(f"study:{names['study']}")
    assert sum(before.values()) == 0 or researcher.post(path).status_code == 303


def test_an_auditor_opens_every_card_and_its_hash_is_on_the_chain(hospital, model) -> None:
    auditor, path = signed_in(hospital, "auditor", ELSEWHERE), f"/auditor/models/{model.id}"
    assert f'href="{path}"' in auditor.get("/auditor/models").text
    page = auditor.get(path).text
    assert "Training data" in page
    assert f'href="{path}/card.pdf"' in page
    digest = hashlib.sha256(auditor.get(f"{path}/card.json").data).digest()
    assert digest in {anchor.root for anchor in hospital.platform.ledger.anchors("card")}
    assert digest.hex() in page.replace("</span><span>", "")
    assert auditor.get(f"{path}/pictures/calibration.svg").data.startswith(b"<?xml")
