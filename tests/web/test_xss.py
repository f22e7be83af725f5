"""Hostile text in every field that is shown stays text: nothing runs, on any page that shows it."""

from __future__ import annotations

import secrets

import pytest
from browser import Person, person, served
from visitors import HOSPITAL, signed_in

from services.accounts import Invitee
from storage import Record
from web.cookies import cookie_name

pytestmark = [pytest.mark.node, pytest.mark.slow]

CORPUS = (
    "<script>window.__xss=1</script>",
    "<img src=x onerror=window.__xss=2>",
    "<svg/onload=window.__xss=3>",
    '"><script>window.__xss=4</script>',
    "' autofocus onfocus=window.__xss=5 x='",
    "</title><script>window.__xss=6</script>",
    "</textarea><script>window.__xss=7</script>",
    "</script><script>window.__xss=8</script>",
    "<a href=javascript:window.__xss=9>x</a>",
    "<iframe srcdoc='<script>parent.__xss=10</script>'></iframe>",
    "<style>@import 'javascript:window.__xss=11'</style>",
    "<math><mtext></mtext><script>window.__xss=12</script></math>",
    "{{7*7}}{% raw %}{{config}}{% endraw %}${7*7}#{7*7}",
    "<div hx-get=/ hx-trigger=load hx-on::load='window.__xss=13'>x</div>",
    "<button hx-post=/sign-out hx-trigger=load>x</button>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:window.__xss=14'>",
    "<object data=data:text/html,<script>window.__xss=15</script>>",
    "--><script>window.__xss=16</script><!--",
    "]]><script>window.__xss=17</script>",
    "&lt;script&gt;window.__xss=18&lt;/script&gt;",
    "%3Cscript%3Ewindow.__xss=19%3C/script%3E",
    "<details open ontoggle=window.__xss=20>",
    "<input onfocus=window.__xss=21 autofocus>",
    "<video><source onerror=window.__xss=22></video>",
    "<form action=javascript:window.__xss=23><button autofocus>x</button></form>",
    "\u202e<script>window.__xss=24</script>",
    "<ſcript>window.__xss=25</ſcript>",
)
ALL = " ".join(CORPUS)
WATCH = """
window.__csp = [];
addEventListener("securitypolicyviolation", (event) => window.__csp.push(event.violatedDirective));
"""


def look(visitor: Person, path: str) -> None:
    """Open a page: no script of the corpus has run or tried to, no dialog, nothing loaded."""
    visitor.go(path)
    visitor.page.wait_for_timeout(50)
    assert visitor.page.evaluate("window.__xss") is None, path
    assert visitor.page.evaluate("window.__csp") == [], path
    assert visitor.page.url.startswith(visitor.origin), path


def watched(visitor: Person) -> None:
    """Have every page say what it tried to run, and let no dialog pass."""
    visitor.page.add_init_script(WATCH)
    visitor.page.on("dialog", lambda dialog: pytest.fail(dialog.message))


def look_as_colleagues(hospital, visitor: Person, slug: str) -> None:
    """Open what researchers, custodians, clinicians and auditors see of it."""
    studies = f"/studies/{slug}"
    pages = {
        "researcher": (
            "",
            studies,
            f"{studies}/request",
            f"{studies}/cohort",
            f"/sets/{slug}",
            "/notices",
        ),
        "custodian": ("", "/studies", studies, "/patients/new", "/patients/lists", "/deposits/new"),
        "clinician": ("", f"?search={ALL[:300]}", "/requests/new"),
        "auditor": ("", "/journal", "/anchors", "/models"),
    }
    for role, paths in pages.items():
        become(hospital, visitor, role)
        for path in paths:
            look(visitor, f"/{role}{path}")


def become(hospital, visitor: Person, role: str) -> None:
    """Sign the browser in as a colleague whose own name is hostile."""
    secret = signed_in(hospital, role)
    value = secret.http.get_cookie(cookie_name(hospital.platform.installation.site)).value
    cookie = {
        "name": cookie_name(hospital.platform.installation.site),
        "value": value,
        "url": visitor.origin,
    }
    visitor.context.add_cookies([cookie])


@pytest.fixture(scope="module")
def slug(hospital) -> str:
    """A study whose every text is hostile, approved."""
    reply = {"title": f"{secrets.token_hex(4)} {ALL}"[:1_500], "condition": ALL, "protocol": ALL}
    reply |= {"board": ALL, "contact": ALL, "question": "small", "days": "365", "copy": "yes"}
    reply |= {"end-day": "1", "end-month": "3", "end-year": "2090"}
    answer = signed_in(hospital, "researcher").post("/researcher/studies/new", **reply)
    if answer.status_code != 303:  # what is not printable is refused, so it is left out
        clean = ALL.replace("\u202e", "")
        reply |= dict.fromkeys(("condition", "protocol", "board", "contact"), clean)
        reply["title"] = f"{secrets.token_hex(4)} {clean}"[:1_500]
        answer = signed_in(hospital, "researcher").post("/researcher/studies/new", **reply)
    result = answer.location.rsplit("/", 1)[1]
    hospital.platform.requests.proposals.approve(f"study:{result}", "c")
    return result


def test_hostile_text_runs_nowhere(hospital, slug, browser) -> None:
    platform, subject = hospital.platform, secrets.token_bytes(32)
    values = {"x|number": (1.0, "kg"), "x|note": (CORPUS[0], "")}
    records = [Record(subject, "vital-signs", HOSPITAL, "2024-01-02", values)]
    records.append(Record(subject, "condition", HOSPITAL, "2024-01-02", {"x|label": ("yes", "")}))
    platform.store.deposits.deposit(records)
    platform.requests.directory.add([(ALL[:200], subject)])
    answer = signed_in(hospital, "researcher").post(
        f"/researcher/studies/{slug}/request", confirm="yes"
    )
    assert answer.status_code == 303, answer.text
    invitation = Invitee("patient", "", "", subject)
    with served(platform) as origin, person(browser, origin) as visitor:
        watched(visitor)
        visitor.join(platform.identity.invite(invitation))
        request = platform.requests.requests.list_waiting(subject)[0]
        path = f"/patient/requests/{request.id}"
        visitor.go(path)
        visitor.page.check("input[value=yes]")
        visitor.page.click("button:text('Continue')")
        record = platform.store.records_of(subject)[0].record_id.hex()
        for item in ("", "/limits", "/understand", "/check"):
            look(visitor, path + item)
        for item in (
            "/patient",
            "/patient/records",
            f"/patient/records/{record}",
            "/patient/journal",
        ):
            look(visitor, item)
        look(visitor, f"/patient/journal?who={ALL[:300]}&what={ALL[:300]}")
        look(visitor, f"/sign-in?next={CORPUS[8]}")
        look_as_colleagues(hospital, visitor, slug)
