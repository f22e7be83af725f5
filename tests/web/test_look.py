import hashlib
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask, Response, render_template, request
from jinja2 import FileSystemLoader
from playwright.sync_api import Browser, Page, Route
from werkzeug.datastructures import MultiDict
from werkzeug.serving import make_server

from services.accounts import PATIENT, Account
from services.tokens import ROLES
from services.words import LANGUAGES, Words
from web.factory import HEADERS
from web.pages import BLUEPRINTS
from web.static_files import FOLDER as STATIC
from web.static_files import install

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "web" / "templates"
MINE = sorted((TEMPLATES / "parts").glob("*.html")) + [TEMPLATES / "base.html"]
TEXT, EDGE = 5.4, 3.8
"""The least ratios that we ask of text and of edges; WCAG asks 4.5 and 3."""
PAIRS = [
    *(
        (ink, on, TEXT)
        for ink in ("ink", "muted", "accent", "visited")
        for on in ("page", "sunken")
    ),
    *((ink, "surface", TEXT) for ink in ("ink", "muted", "accent", "error")),
    *((ink, "page", TEXT) for ink in ("accent-hover", "danger", "error", "chart-1", "chart-3")),
    *((f"on-{fill}", fill, TEXT) for fill in ("accent", "danger")),
    ("on-accent", "accent-hover", TEXT),
    ("error", "error-tint", TEXT),
    ("notice", "notice-tint", TEXT),
    *((s, f"{s}-tint", TEXT) for s in ("active", "waiting", "ended", "withdrawn", "refused")),
    *(("control", on, EDGE) for on in ("page", "surface", "sunken")),
    *(("focus", on, EDGE) for on in ("page", "surface", "sunken")),
    *(
        (chart, on, EDGE)
        for chart in ("chart-1", "chart-2", "chart-3")
        for on in ("page", "surface")
    ),
]


def themes() -> dict[str, dict[str, str]]:
    css = (STATIC / "colours.css").read_text(encoding="utf-8")
    pieces = re.split(r"@media \((prefers-color-scheme: dark)\)|@media (print)", css)
    result = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", piece or "")) for piece in pieces]
    return {"light": result[0], "dark": result[0] | result[3]}


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(ink: str, ground: str) -> float:
    low, high = sorted((luminance(ink), luminance(ground)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "on", "least"), PAIRS)
def test_each_pair_of_colours_can_be_told_apart(
    theme: str, ink: str, on: str, least: float
) -> None:
    colours = themes()[theme]
    assert contrast(colours[ink], colours[on]) >= least


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_shaded_part_of_a_chart_can_be_seen_and_hides_no_line(theme: str) -> None:
    css = (STATIC / "estimate.css").read_text(encoding="utf-8")
    rule = r"\.chart-band \{\s*+fill: var\(--([\w-]++)\);\s*+fill-opacity: ([\d.]++)"
    ((role, opacity),) = re.findall(rule, css)
    colours, share = themes()[theme], float(opacity)
    fill, page = colours[role], colours["page"]
    pairs = [(int(fill[at : at + 2], 16), int(page[at : at + 2], 16)) for at in (1, 3, 5)]
    shaded = "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)
    assert contrast(shaded, page) >= 1.3 and contrast(colours["chart-1"], shaded) >= EDGE


def test_the_formula_is_the_one_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_colours_have_roles_and_are_in_one_file() -> None:
    others = [path for path in STATIC.glob("*.css") if path.name != "colours.css"]
    assert [p.name for p in others if re.search(r"#[0-9a-fA-F]{3,8}\b|rgb", p.read_text())] == []


def test_no_template_holds_a_style_or_a_script_of_its_own() -> None:
    pattern = re.compile(
        r"""<style|\sstyle\s*=|<script(?![^>]*\s(src=|type="application/json"))|\son\w+\s*=|javascript:|hx-on|hx-vals='?js:""",
        re.IGNORECASE,
    )
    result = [p for p in TEMPLATES.rglob("*.html") if pattern.search(p.read_text(encoding="utf-8"))]
    assert result == []


def test_nothing_comes_from_another_site() -> None:
    sources = [*TEMPLATES.rglob("*.html"), *STATIC.glob("*.css"), *STATIC.glob("*.mjs")]
    pattern = re.compile(r"""(src|href|action)=["']?(https?:)?//|@import|\burl\(""")
    assert [p for p in sources if pattern.search(p.read_text(encoding="utf-8"))] == []


def test_plots_are_dark_on_a_dark_page() -> None:
    css = (STATIC / "vouchsafe.css").read_text(encoding="utf-8")
    dark = css.split("@media screen and (prefers-color-scheme: dark)")[1]
    assert re.match(r"\s*+\{\s*+figure img \{\s*+filter: invert\(0\.9\) hue-rotate\(180deg\)", dark)


def test_the_templates_of_the_look_stay_short() -> None:
    assert [p.name for p in MINE if len(p.read_text(encoding="utf-8").splitlines()) > 80] == []


def test_what_is_vendored_is_what_its_list_says() -> None:
    listed = (STATIC / "vendor" / "README.md").read_text(encoding="utf-8")
    stored = hashlib.sha256((STATIC / "vendor" / "htmx.min.js").read_bytes()).hexdigest()
    assert "| htmx.min.js | npm `htmx.org` | 2.0.11 | 0BSD | " in listed
    assert stored in listed


def sample() -> str:
    role = request.args.get("role", "patient")
    account = Account("a", role, "", "", None, "en", 0) if role else None
    say = Words(request.args.get("language", "en"))
    wrong = {
        "answer": say("request-error"),
        "categories": say("limits-error-categories"),
        "end": say("limits-error-end", date=say.day(0)),
        "name": say("error-needed", what="Name"),
    }
    return render_template(
        f"{'patient' if role == 'patient' else 'work'}.html",
        title=say("grant-title-what"),
        say=say,
        errors=wrong if "wrong" in request.args else None,
        values=MultiDict(request.args),
        account=account,
        csrf="c" * 64,
        is_page=True,
        is_development=True,
        has_single_operator=True,
    )


def problem(status: int) -> str:
    incident, say = "ab12" if status == 500 else None, Words("en")
    return render_template("problem.html", say=say, status=status, detail="why", incident=incident)


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask("web", static_folder=None)
    install(app)
    app.jinja_loader = FileSystemLoader([TEMPLATES, Path(__file__).parent / "samples"])
    app.add_url_rule("/patient/journal", view_func=sample)
    app.add_url_rule("/", "first", lambda: "the first page")
    app.add_url_rule("/problem/<int:status>", view_func=problem)
    app.add_url_rule("/clinician/<int:status>", "at_work", problem)

    @app.after_request
    def guard(answer: Response) -> Response:
        answer.headers.extend(HEADERS)
        return answer

    return app


@pytest.fixture(scope="module")
def site(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


PAGES = [
    "/patient/journal",
    "/patient/journal?wrong",
    "/patient/journal?language=de",
    "/patient/journal?role=clinician",
    "/problem/404",
]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_part_is_accessible_and_fits(page: Page, site: str, width: int, scheme: str) -> None:
    reply: list[str] = []
    page.on("console", lambda message: reply.append(message.text))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    for path in PAGES:
        page.goto(site + path)
        result = Axe().run(page)
        assert result.violations_count == 0, f"{path}: {result.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert [text for text in reply if "Content Security Policy" in text] == []


def test_a_page_is_found_by_keyboard_from_the_skip_link_on(page: Page, site: str) -> None:
    page.goto(site + "/patient/journal")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "solid 3px" in outline


def test_buttons_are_big_enough_to_touch(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto(site + "/patient/journal")
    small = page.eval_on_selector_all(
        "button, .button, input:not([type=hidden]), select, .bar a, .bottom a",
        "all => all.map(it => [it.outerHTML, it.closest('.choice, .bar, .bottom') ? 24 : 48,"
        " it.getBoundingClientRect().height]).filter(([, least, is]) => is && is < least)",
    )
    assert small == []


def test_what_is_wrong_is_said_on_top_and_beside_and_has_the_focus(page: Page, site: str) -> None:
    page.goto(site + "/patient/journal?wrong&name=Ada")
    assert page.title().startswith("Error: What they would do · Your records · Vouchsafe")
    assert page.evaluate("document.activeElement.className") == "problems"
    for name in ("answer", "categories", "end", "name"):
        link = page.locator(f".problems a[href='#{name}']")
        assert page.locator(f"#{name}-error").inner_text() == link.inner_text()
        assert page.locator(f"#{name}").evaluate("it => it.tagName") == "INPUT"
    assert page.locator("#name").input_value() == "Ada"


def test_nothing_is_ticked_that_nobody_ticked(page: Page, site: str) -> None:
    page.goto(site + "/patient/journal")
    assert page.locator("input:checked").count() == 0
    page.goto(site + "/patient/journal?categories=medication&answer=less&copy=yes")
    chosen = page.eval_on_selector_all("input:checked", "all => all.map(it => it.value)")
    assert chosen == ["less", "medication", "yes"]


def test_a_second_press_sends_nothing(page: Page, site: str) -> None:
    sent: list[str] = []

    def answer(route: Route) -> None:
        sent.append(route.request.method)
        route.fulfill(status=204)

    page.route("**/patient/requests/1", answer)
    page.goto(site + "/patient/journal")
    page.get_by_role("button", name="Continue").click()
    pressed = page.locator("button[aria-disabled=true]")
    pressed.wait_for()
    assert pressed.inner_text() == "Recording…"
    pressed.click(force=True)
    page.wait_for_timeout(100)
    assert sent == ["POST"]


def test_a_visitor_about_to_be_signed_out_is_warned_and_can_stay(page: Page, site: str) -> None:
    page.clock.install()  # it goes on by itself, so a minute is left at each bound
    page.goto(site + "/patient/journal?role=clinician")
    warning = page.locator("[data-stay] [role=status]")
    page.clock.fast_forward("12:00")
    assert not warning.is_visible()
    page.clock.fast_forward("01:01")
    assert warning.inner_text() == Words("en")("notice-warn")
    page.get_by_role("button", name="Stay signed in").click()
    warning.wait_for(state="hidden")
    page.clock.fast_forward("14:00")
    assert warning.inner_text() == Words("en")("notice-warn")
    page.clock.fast_forward("01:01")
    assert warning.inner_text() == Words("en")("notice-out")


def test_paper_is_black_on_white_without_the_menu(page: Page, site: str) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(site + "/patient/journal")
    assert not page.locator(".menu").is_visible()
    printed = [each for each in page.locator(".notices .notice").all() if each.is_visible()]
    assert [each.inner_text().strip() for each in printed] == [Words("en")("notice-development")]
    assert not page.get_by_role("button", name="Continue").is_visible()
    filters = "<details><summary>Filter this</summary><form></form></details>"
    page.evaluate(
        "html => document.querySelector('main').insertAdjacentHTML('afterbegin', html)", filters
    )
    assert not page.get_by_text("Filter this").is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


@pytest.mark.parametrize("chart", ["chart-1", "chart-2", "chart-3"])
def test_paper_shows_charts_in_colours_for_white_whatever_the_screen(chart: str) -> None:
    paper = (STATIC / "colours.css").read_text(encoding="utf-8").partition("@media print")[2]
    colours = dict(re.findall(r"--([\w-]++): (#[0-9a-f]{6})", paper))
    assert contrast(colours[chart], colours["page"]) >= EDGE


def test_paper_shows_long_lines_whole(page: Page, site: str) -> None:
    page.emulate_media(media="print")
    page.goto(site + "/patient/journal")
    page.evaluate(
        """() => {
          const question = document.createElement('pre')
          question.className = 'region'
          question.textContent = 'leaking = ["http://loinc.org|4548-4", '.repeat(20)
          document.querySelector('main').append(question)
        }"""
    )
    widths = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    needed, there = page.evaluate(widths)
    assert needed <= there


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_names_its_language_and_offers_the_others(app: Flask, language: str) -> None:
    body = app.test_client().get(f"/patient/journal?language={language}").text
    assert f'<html lang="{language}">' in body
    assert all(f'href="/patient/journal?language={other}"' in body for other in LANGUAGES)
    foot = body.split("<footer")[1]
    assert foot.index('href="/help"') < foot.index('href="/register"')


def test_a_page_shows_two_notices_at_most_and_six_links(app: Flask) -> None:
    body = app.test_client().get("/patient/journal").text
    displayed = body.split("<header")[0].split('aria-label="Important notices"')[1]
    assert displayed.count('<div class="notice') == 2
    menu = body.split('<nav class="menu"')[1].split("</nav>")[0]
    assert menu.count("<li>") == 6
    assert menu.count('aria-current="page"') == 1


def test_a_change_of_language_keeps_the_rest_of_the_address(app: Flask) -> None:
    body = app.test_client().get("/patient/journal?who=a%26b&language=de&done=yes").text
    assert 'href="/patient/journal?who=a%26b&amp;language=es"' in body


def test_a_page_for_work_has_no_choice_of_language(app: Flask) -> None:
    body = app.test_client().get("/patient/journal?role=clinician").text
    assert "hreflang" not in body
    assert '<body class="work"' in body


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "notfound"),
        (403, "forbidden"),
        (413, "too-large"),
        (422, "badly"),
        (429, "too-many"),
        (503, "down"),
    ],
)
def test_each_failure_has_one_wording_and_needs_no_visit(
    app: Flask, status: int, words: str
) -> None:
    body = app.test_client().get(f"/problem/{status}").text
    assert Words("en")(words) in body
    assert Words("en")(f"{words}-title") in body
    assert "why" not in body.split("<main")[1].replace(Words("en")(words), "")


def test_an_internal_error_shows_its_incident_number(app: Flask) -> None:
    assert "ab12" in app.test_client().get("/problem/500").text
    assert Words("en")("broken-plain") in app.test_client().get("/problem/502").text


def test_people_at_work_read_what_was_wrong_but_not_what_is_missing(app: Flask) -> None:
    assert '<p lang="en">why</p>' in app.test_client().get("/clinician/422").text
    assert '<p lang="en">why</p>' not in app.test_client().get("/clinician/404").text


def test_a_printed_page_names_the_time_of_printing_and_not_that_of_its_subject() -> None:
    pages = "".join(page.read_text() for page in TEMPLATES.rglob("*.html"))
    feet = re.findall(r"\{\{ print_foot\([^\n]*+", pages)
    assert len(feet) > 2
    assert not [foot for foot in feet if "requested_at_s" in foot]


def test_people_at_work_read_that_a_service_is_unavailable_and_nothing_about_their_records(
    app: Flask,
) -> None:
    body = app.test_client().get("/clinician/503").text
    assert Words("en")("down-at-work") in body
    assert "your records" not in body
    assert "What you chose is kept" not in body


def progress(app: Flask, path: str, done: int, over: bool = False) -> str:
    template = (
        '{% from "parts/progress.html" import progress with context %}'
        '{{ progress("fit", "/run", done, 200, "Fitting", over) }}'
    )
    with app.test_request_context(path, headers={"HX-Request": "true"}):
        context = {"say": Words("en"), "done": done, "over": over}
        return app.jinja_env.from_string(template).render(request=request, **context)


def test_progress_speaks_at_each_quarter_and_is_silent_between(app: Flask) -> None:
    assert "hx-swap-oob" not in progress(app, "/run?said=0", 49)
    assert "Fitting: 25\N{NO-BREAK SPACE}%" in progress(app, "/run?said=0", 50)
    assert 'hx-get="/run?said=1"' in progress(app, "/run?said=0", 50)
    assert "hx-swap-oob" not in progress(app, "/run?said=1", 99)


def test_progress_stops_asking_when_it_is_over(app: Flask) -> None:
    body = progress(app, "/run?said=3", 200, over=True)
    assert "hx-get" not in body
    assert "All done" in body


def test_a_page_that_is_told_to_go_elsewhere_sends_nothing_more(page: Page, site: str) -> None:
    polls: list[str] = []

    def leave(route: Route) -> None:
        polls.append(route.request.url)
        route.fulfill(status=204, headers={"HX-Redirect": "/slow"})

    page.route("**/poll", leave)
    page.route("**/slow", lambda route: None)  # the way there takes longer than this test
    page.goto(site + "/patient/journal")
    page.wait_for_function("window.htmx !== undefined")
    with page.expect_request("**/slow"):
        page.evaluate(
            """() => {
              const poll = document.createElement("div");
              poll.setAttribute("hx-get", "/poll");
              poll.setAttribute("hx-trigger", "every 50ms");
              document.body.append(poll);
              window.htmx.process(poll);
            }"""
        )
    page.wait_for_timeout(300)
    assert len(polls) == 1


def test_the_menu_marks_the_entry_that_a_page_is_below(app: Flask) -> None:
    template = '{% from "parts/menu.html" import main_menu with context %}{{ main_menu(menu) }}'
    menu = [("/patient", "menu-home"), ("/patient/journal", "menu-journal")]
    menu += [("/patient/journal/new", "New")]
    pages = ("/patient", "/patient/journal", "/patient/journal/7/proof", "/patient/help")
    marked = {}
    for path in (*pages, "/patient/journal/new"):
        with app.test_request_context(path):
            body = app.jinja_env.from_string(template).render(
                request=request, say=Words("en"), menu=menu, account=None, is_page=True
            )
        marked[path] = re.findall(r'href="([^"]+)" aria-current="(\w+)"', body)
    assert marked == {
        "/patient": [("/patient", "page")],
        "/patient/journal": [("/patient/journal", "page")],
        "/patient/journal/7/proof": [("/patient/journal", "true")],
        "/patient/help": [("/patient", "true")],
        "/patient/journal/new": [("/patient/journal/new", "page")],
    }


def test_each_page_of_a_role_marks_one_entry_of_its_menu(app: Flask) -> None:
    template = '{% from "parts/menu.html" import main_menu with context %}{{ main_menu(none) }}'
    site = Flask("site")
    for blueprint in BLUEPRINTS:
        site.register_blueprint(blueprint)
    unmarked = {}
    for rule in site.url_map.iter_rules():
        role = rule.rule.split("/")[1]
        is_page = "GET" in (rule.methods or ()) and not rule.rule.endswith(".csv")
        if role not in (PATIENT, *ROLES) or not is_page:
            continue
        with app.test_request_context(re.sub("<[^>]++>", "7", rule.rule)):
            body = app.jinja_env.from_string(template).render(
                request=request, say=Words("en"), account=SimpleNamespace(role=role), is_page=True
            )
        marks = re.findall(r'href="([^"]++)" aria-current="\w++"', body)
        if len(marks) != 1:
            unmarked[rule.rule] = marks
    assert unmarked == {}
