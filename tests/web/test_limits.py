from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, Response, abort, send_file
from flask.testing import FlaskClient

from services.errors import TooManyRequests
from web import limits
from web.limits import Limit, Together, UnderWay, begin_request, caller_at
from web.view_options import one_at_a_time, options_of, picture


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        (None, "None"),
        ("a socket", "a socket"),
    ],
)
def test_a_stranger_counts_as_an_address_or_the_network_of_a_home(address, caller) -> None:
    assert caller_at(address) == caller


def test_many_addresses_of_one_network_share_one_limit() -> None:
    limit = Limit(1.0, 5, lambda: 0.0)
    for number in range(5):
        limit.take(caller_at(f"2001:db8::{number:x}"))
    with pytest.raises(TooManyRequests):
        limit.take(caller_at("2001:db8::ffff"))
    limit.take(caller_at("2001:db8:0:1::1"))


def test_a_caller_has_so_many_requests_under_way_and_others_have_theirs() -> None:
    limit = UnderWay(2, 10, Together(9))
    ends = [limit.begin("a"), limit.begin("a")]
    with pytest.raises(
        TooManyRequests, match="earlier requests are still being answered; try again in 10 s"
    ):
        limit.begin("a")
    limit.begin("b")
    ends[0]()
    limit.begin("a")
    with pytest.raises(TooManyRequests):
        limit.begin("a")


def test_a_request_waits_for_an_earlier_one_to_end_and_no_more_than_so_many_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limit = UnderWay(1, 1, Together(9), most_waiting=1, patience_s=2)
    end = limit.begin("a")

    def wait_for(is_free: Callable[[], bool], patience_s: float) -> bool:
        assert patience_s == 2
        with pytest.raises(TooManyRequests):
            limit.begin("a")  # while one waits
        limit.begin("b")
        end()
        return is_free()

    monkeypatch.setattr(limit._changed, "wait_for", wait_for)
    limit.begin("a")


def test_a_request_that_waits_is_answered_as_soon_as_an_earlier_one_ends() -> None:
    limit = UnderWay(1, 1, Together(9), most_waiting=1, patience_s=60)
    end, is_answered = limit.begin("a"), threading.Event()
    second = threading.Thread(target=lambda: (limit.begin("a"), is_answered.set()), daemon=True)
    second.start()
    end()
    assert is_answered.wait(30)


def test_a_request_that_waited_too_long_is_refused_and_takes_nothing() -> None:
    limit = UnderWay(1, 1, Together(9), most_waiting=1, patience_s=0)
    end = limit.begin("a")
    for _ in range(3):
        with pytest.raises(TooManyRequests):
            limit.begin("a")
    end()
    limit.begin("a")


def test_a_few_callers_leave_the_last_threads_to_those_who_have_no_request_under_way() -> None:
    together = Together(6)
    small, large = UnderWay(4, 1, together), UnderWay(1, 10, together)
    ends = [large.begin("a"), large.begin("b")]
    for caller in "abab":
        ends.append(small.begin(caller))
    for limit, caller in ((small, "a"), (small, "b")):
        with pytest.raises(TooManyRequests):
            limit.begin(caller)
    ends.append(large.begin("c"))  # the first of theirs
    with pytest.raises(TooManyRequests):
        small.begin("c")
    for end in ends:
        end()
    assert [small.begin("c") for _ in range(4)]


def test_a_request_that_is_refused_or_has_ended_is_not_counted_together() -> None:
    together = Together(2)
    limit = UnderWay(1, 1, together)
    for _ in range(5):
        end = limit.begin("a")
        with pytest.raises(TooManyRequests):
            limit.begin("a")
        end()
    assert together._counts == {}


def test_an_end_that_is_reported_twice_counts_once() -> None:
    together = Together(9)
    limit = UnderWay(2, 1, together)
    first, _ = limit.begin("a"), limit.begin("a")
    first()
    first()
    limit.begin("a")
    assert together._counts == {"a": 2}
    with pytest.raises(TooManyRequests):
        limit.begin("a")


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """Return a client of views that count what one caller has under way.

    `/again/<view>/<depth>` sends a request while it is under way itself.
    """
    together = Together(6)
    monkeypatch.setattr(limits, "_ANY", UnderWay(4, 1, together))
    monkeypatch.setattr(limits, "_LARGE", UnderWay(1, 10, together))
    app = Flask("t")
    app.before_request(lambda: begin_request("somebody"))

    @app.errorhandler(TooManyRequests)
    def refuse(_: TooManyRequests) -> tuple[str, int]:
        return "", 429

    def again(view: str, depth: int) -> Response:
        path = f"/again/{view}/{depth - 1}" if depth else f"/{view}"
        return Response(status=app.test_client().get(path).status_code)

    app.add_url_rule("/stream", "stream", one_at_a_time(lambda: Response(iter([b"a", b"b"]))))
    large_file = tmp_path / "large"
    large_file.write_bytes(b"a" * 2**17)
    app.add_url_rule("/file", "file", one_at_a_time(lambda: send_file(large_file)))
    app.add_url_rule("/short", "short", one_at_a_time(lambda: Response(b"a")))
    app.add_url_rule("/fails", "fails", one_at_a_time(lambda: abort(500)))
    app.add_url_rule("/plain", "plain", lambda: Response(b"a"), methods=["GET", "POST"])
    app.add_url_rule("/plot", "plot", picture(lambda: Response(b"a")))
    app.add_url_rule("/again/<view>/<int:depth>", "again", again)
    return app.test_client()


@pytest.mark.parametrize("path", ["/stream", "/file"])
def test_a_stream_is_under_way_until_it_is_sent_or_given_up(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    assert client.get("/stream").status_code == client.get("/short").status_code == 429
    assert client.get("/plain").status_code == 200
    first.close()
    for _ in range(3):
        assert client.get("/short").status_code == 200
        assert client.get("/fails").status_code == 500


def test_a_large_body_counts_whatever_the_view_declares(client: FlaskClient) -> None:
    first = client.get("/stream")
    assert client.post("/plain", data=b"a" * (2**20 + 1)).status_code == 429
    assert client.post("/plain", headers={"Transfer-Encoding": "chunked"}).status_code == 429
    assert client.post("/plain", data=b"a" * 2**20).status_code == 200
    first.close()
    assert client.post("/plain", data=b"a" * (2**20 + 1)).status_code == 200


@pytest.mark.parametrize("path", ["/plain", "/stream", "/short"])
def test_an_answer_that_fails_on_its_way_out_ends_once(
    client: FlaskClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends, end = list[str](), UnderWay._end
    monkeypatch.setattr(UnderWay, "_end", lambda limit, who: (ends.append(who), end(limit, who)))

    @client.application.after_request
    def fail(_: Response) -> Response:
        raise OSError

    assert client.get(path).status_code == 500
    assert ends == ["somebody"]


@pytest.mark.parametrize(("depth", "status"), [(2, 200), (3, 429)])
def test_a_caller_has_four_requests_of_any_kind_under_way(
    client: FlaskClient, depth: int, status: int
) -> None:
    for _ in range(2):  # what has ended does not count any more
        assert client.get(f"/again/plain/{depth}").status_code == status


def test_the_pictures_of_a_page_are_not_refused(client: FlaskClient) -> None:
    assert client.get("/again/plot/3").status_code == 200


@pytest.mark.node
def test_what_reads_much_or_draws_says_so_on_pages_and_api(hospital) -> None:
    for rule in hospital.app.url_map.iter_rules():
        options = options_of(hospital.app.view_functions[rule.endpoint])
        name = rule.rule.rpartition("/")[2]
        names = ("card.pdf", "dummy", "uses", "outcomes", "journal.csv", "evidence", "letters")
        if name in names or rule.rule == "/api/v1/patient/copy":
            is_job = "/auditor/evidence" in rule.rule  # a page, and the start of a job
            assert options.is_large or is_job, rule.rule
        is_plot = "/pictures/" in rule.rule and not rule.rule.startswith("/api/")
        assert options.is_picture == is_plot, rule.rule
