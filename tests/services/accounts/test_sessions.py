from __future__ import annotations

import pytest
import sqlalchemy as sa
from township import Clock

from services.accounts.sessions import Session, Sessions

NOW_S = 1_800_000_000
IDLE_S, MAX_AGE_S = 900, 43_200  # as docs/threats.md and the pages say: 15 minutes, 12 hours


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW_S)


@pytest.fixture
def sessions(engine: sa.Engine, clock: Clock) -> Sessions:
    return Sessions(engine, clock)


def rows(engine: sa.Engine) -> list[sa.Row]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT * FROM web_sessions")))


def test_a_session_is_found_by_its_secret_alone(sessions: Sessions, engine: sa.Engine) -> None:
    secret = sessions.begin("ann", "Firefox", passkey=b"key")
    session = sessions.peek(secret)
    assert session is not None
    assert session == Session(session.id, "ann", "Firefox", NOW_S, NOW_S, b"key")
    assert sessions.find(secret) == session
    assert sessions.peek(session.id) is None
    assert sessions.find(secret + "x") is None
    assert len(secret) == 43  # 32 random bytes
    assert len(session.id) == 16
    assert secret not in str(rows(engine))


def test_what_nobody_gave_is_empty_and_a_long_name_of_a_device_is_cut(sessions: Sessions) -> None:
    first = sessions.peek(sessions.begin("ann"))
    long = sessions.peek(sessions.begin("ann", "d" * 200))
    assert first is not None
    assert long is not None
    assert (first.device, first.passkey) == ("", None)
    assert long.device == "d" * 128


@pytest.mark.parametrize("look", ["find", "peek"])
def test_a_session_ends_after_fifteen_minutes_without_use(
    sessions: Sessions, clock: Clock, look: str
) -> None:
    secret = sessions.begin("ann")
    clock.now_s = NOW_S + IDLE_S - 1
    assert sessions.peek(secret) is not None
    assert len(sessions.of("ann")) == 1
    clock.now_s = NOW_S + IDLE_S
    assert getattr(sessions, look)(secret) is None
    assert sessions.of("ann") == []


def test_only_a_use_lengthens_a_session_and_for_at_most_twelve_hours(
    sessions: Sessions, clock: Clock
) -> None:
    looked, used = sessions.begin("ann"), sessions.begin("ann")
    for clock.now_s in range(NOW_S, NOW_S + MAX_AGE_S, IDLE_S - 1):
        assert sessions.find(used) is not None
        assert (sessions.peek(looked) is not None) == (clock.now_s < NOW_S + IDLE_S)
    clock.now_s = NOW_S + MAX_AGE_S - 1
    assert sessions.find(used) is not None
    clock.now_s = NOW_S + MAX_AGE_S
    assert sessions.find(used) is None


def test_uses_within_thirty_seconds_are_not_stored(sessions: Sessions, clock: Clock) -> None:
    secret = sessions.begin("ann")
    for after_s, stored_s in ((29, 0), (30, 30), (59, 30), (60, 60)):
        clock.now_s = NOW_S + after_s
        sessions.find(secret)
        session = sessions.peek(secret)
        assert session is not None
        assert session.used_at_s == NOW_S + stored_s


def test_a_use_of_one_session_is_no_use_of_another(sessions: Sessions, clock: Clock) -> None:
    used, unused = sessions.begin("ann"), sessions.begin("ann")
    clock.now_s = NOW_S + IDLE_S - 1
    sessions.find(used)
    clock.now_s = NOW_S + IDLE_S
    assert sessions.peek(used) is not None
    assert sessions.peek(unused) is None


def test_a_session_from_the_future_is_none(sessions: Sessions, clock: Clock) -> None:
    secret = sessions.begin("ann")
    clock.now_s = NOW_S - 1
    assert sessions.peek(secret) is None


def test_the_session_that_a_new_one_replaces_has_ended_and_no_other(sessions: Sessions) -> None:
    old, other = sessions.begin("ann"), sessions.begin("bob")
    new = sessions.begin("ann", instead_of=old)
    assert sessions.peek(old) is None
    assert sessions.peek(other) is not None
    assert sessions.peek(new) is not None


@pytest.mark.parametrize(("after_s", "left"), [(IDLE_S - 1, 2), (IDLE_S, 1)])
def test_a_new_session_removes_the_rows_of_idle_sessions(
    sessions: Sessions, clock: Clock, engine: sa.Engine, after_s: int, left: int
) -> None:
    sessions.begin("ann")
    clock.now_s = NOW_S + after_s
    sessions.begin("bob")
    assert len(rows(engine)) == left


@pytest.mark.parametrize(("after_s", "left"), [(MAX_AGE_S - 1, 2), (MAX_AGE_S, 1)])
def test_a_new_session_removes_the_rows_of_sessions_after_twelve_hours(
    sessions: Sessions, clock: Clock, engine: sa.Engine, after_s: int, left: int
) -> None:
    secret = sessions.begin("ann")
    for clock.now_s in range(NOW_S, NOW_S + MAX_AGE_S, IDLE_S // 2):
        sessions.find(secret)
    clock.now_s = NOW_S + after_s
    sessions.begin("bob")
    assert len(rows(engine)) == left


def test_an_accounts_sessions_are_listed_newest_first(sessions: Sessions, clock: Clock) -> None:
    sessions.begin("ann", "first")
    clock.now_s = NOW_S + 1
    current = sessions.peek(sessions.begin("ann", "second"))
    sessions.begin("bob", "another")
    assert current is not None
    assert current.ends_at_s == NOW_S + 1 + IDLE_S
    listed = sessions.list_for("ann", current.id)
    assert [(each.session.device, each.is_current) for each in listed] == [
        ("second", True),
        ("first", False),
    ]


def test_sessions_end_by_their_secret_by_their_id_and_all_at_once(sessions: Sessions) -> None:
    secrets = [sessions.begin("ann", str(number)) for number in range(4)]
    other = sessions.begin("bob")
    sessions.end(secrets[0])
    assert sessions.peek(secrets[0]) is None
    second = sessions.peek(secrets[1])
    assert second is not None
    assert not sessions.end_one("bob", second.id)
    assert not sessions.end_one("ann", "0" * 16)
    assert sessions.peek(secrets[1]) is not None
    assert sessions.end_one("ann", second.id)
    assert sessions.peek(secrets[1]) is None
    assert len(sessions.of("ann")) == 2
    sessions.end_all("ann")
    assert sessions.of("ann") == []
    assert sessions.peek(other) is not None
