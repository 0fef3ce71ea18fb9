"""The environment in, settings out; what is wrong is named."""

from pathlib import Path

import pytest

from shared.process import settings

NEEDED = {
    "PLUGWATCH_DATABASE_URL": "postgresql://plugwatch:hidden@db/plugwatch",
    "PLUGWATCH_REDIS_URL": "redis://cache/0",
    "PLUGWATCH_KAFKA_BOOTSTRAP_SERVERS": "log:9092",
}


def test_three_variables_suffice_and_everything_else_has_its_default() -> None:
    given = settings.load(NEEDED)
    assert given.kafka_bootstrap_servers == "log:9092"
    assert (given.topic, given.dead_letter_topic) == ("plugwatch.charger-events", "plugwatch.charger-events.dlq")
    assert (given.gateway_port, given.gateway_admin_port, given.rollup_admin_port, given.api_port) == (
        9000,
        9100,
        9101,
        8000,
    )
    assert (given.registration, given.connector0_mode, given.authorize, given.api_mode) == (
        "closed",
        "recency",
        "accept",
        "all",
    )
    assert (given.heartbeat_interval_s, given.offline_after_intervals, given.close_grace_s) == (300, 3, 60)
    assert (given.ack_deadline_s, given.max_message_bytes) == (20, 262_144)
    assert given.read_token == given.admin_token == given.metrics_token == ()


@pytest.mark.parametrize("missing", NEEDED)
def test_a_missing_variable_is_named(missing: str) -> None:
    with pytest.raises(SystemExit, match=missing):
        settings.load({name: value for name, value in NEEDED.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_PORT", "70000"),
        ("REGISTRATION", "ajar"),
        ("CLOSE_GRACE_S", "-1"),
        ("ACK_DEADLINE_S", "0"),
        ("BATCH_RECORDS", "many"),
        ("CONNECTOR0_MODE", "sometimes"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wanted(name: str, value: str) -> None:
    with pytest.raises(SystemExit, match=f"PLUGWATCH_{name}"):
        settings.load(NEEDED | {f"PLUGWATCH_{name}": value})


A, B = "a" * 16, "team:" + "b" * 16


@pytest.mark.parametrize("text", [f"{A},{B}", f"{A}\n{B}\n", f" {A} , {B} ,", f"{A},\r\n{B}"])
def test_tokens_come_by_comma_or_one_a_line(text: str) -> None:
    tokens = settings.load(NEEDED | {"PLUGWATCH_READ_TOKEN": text}).read_token
    assert [token.get_secret_value() for token in tokens] == [A, B]


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{A}\n{B}\n")
    given = settings.load(NEEDED | {"PLUGWATCH_ADMIN_TOKEN_FILE": str(tmp_path / "token")})
    assert [token.get_secret_value() for token in given.admin_token] == [A, B]


@pytest.mark.parametrize("name", ["READ_TOKEN", "ADMIN_TOKEN", "METRICS_TOKEN"])
@pytest.mark.parametrize(
    "text", ["a" * 15, f"{A},short", "drei-äöü-und-noch-mehr", "two words and some more", "a\x00" + A, "\ufeff" + A]
)
@pytest.mark.parametrize("in_file", [True, False])
def test_a_weak_token_is_refused_by_name_and_never_shown(name: str, text: str, in_file: bool, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(text, encoding="utf-8")
    given = {f"PLUGWATCH_{name}_FILE": str(tmp_path / "token")} if in_file else {f"PLUGWATCH_{name}": text}
    with pytest.raises(SystemExit, match=f"PLUGWATCH_{name}: a token has at least 16 characters") as refused:
        settings.load(NEEDED | given)
    assert text not in str(refused.value)


def test_a_token_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe" + A.encode())
    with pytest.raises(SystemExit, match="PLUGWATCH_READ_TOKEN_FILE"):
        settings.load(NEEDED | {"PLUGWATCH_READ_TOKEN_FILE": str(tmp_path / "token")})


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="PLUGWATCH_READ_TOKEN_FILE"):
        settings.load(NEEDED | {"PLUGWATCH_READ_TOKEN_FILE": str(tmp_path / "absent")})


def test_what_is_shown_hides_every_secret() -> None:
    given = settings.load(NEEDED | {"PLUGWATCH_METRICS_TOKEN": "s3cret-s3cret-s3cret"})
    shown = str(given.shown())
    assert "hidden" not in shown
    assert "s3cret-s3cret-s3cret" not in shown
    assert "log:9092" in shown


def test_listening_goes_around_the_pooler_where_there_is_one() -> None:
    assert settings.load(NEEDED).listen_dsn == NEEDED["PLUGWATCH_DATABASE_URL"]
    direct = "postgresql://direct/plugwatch"
    assert settings.load(NEEDED | {"PLUGWATCH_DATABASE_DIRECT_URL": direct}).listen_dsn == direct
