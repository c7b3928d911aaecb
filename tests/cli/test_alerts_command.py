"""`warehouse alerts`: rules with their state, the history, tests; and that a sync tests the rules."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta

from tests.alerts.receiver import SECRET, Receiver
from tests.cli.conftest import Cli, log_object
from warehouse.bucket import Bucket
from warehouse.settings import Settings

Sample = tuple[Settings, Bucket]


def put_errors(bucket: Bucket) -> None:
    """Half of two entries of the last hour are errors."""
    at = round((datetime.now(UTC) - timedelta(minutes=5)).timestamp() * 1000)
    entries = [{"timestamp": at, "level": level, "message": "served"} for level in ("error", "info")]
    bucket.put(f"logs/{at}.jsonl.gz", log_object(*entries))


def test_a_sync_tests_the_rules_and_tells_once(cli: Cli, bucket: Sample) -> None:
    with closing(Receiver()) as receiver:
        environment = {
            "WAREHOUSE_ALERT_WEBHOOK": f"http://{receiver.address}/",
            "WAREHOUSE_ALERT_WEBHOOK_SECRET": SECRET,
        }
        put_errors(bucket[1])
        assert cli("sync", **environment).returncode == 0
        assert [each["rule"] for each in receiver.messages] == ["high-error-rate", "system-health"]
        cli("sync", **environment)
        checked = cli("alerts", "check", **environment)
        assert checked.stdout == ("4 rules tested: 2 firing (0 new), 0 over; 0 messages sent, 0 failed.\n")
        assert len(receiver.messages) == 2
        assert cli("alerts", "test", **environment).stdout == "webhook: arrived\n"
        receiver.status = 500
        failed = cli("alerts", "test", **environment)
        assert (failed.returncode, failed.stdout) == (1, "webhook: the webhook answered 500\n")

    lines = cli("alerts", "list").stdout.splitlines()
    assert lines[0].split() == ["Rule", "Fires", "when", "Window", "Severity", "From", "State"]
    assert lines[2].split() == [
        "high-error-rate",
        "errorRate",
        ">",
        "10",
        "24",
        "h",
        "critical",
        "built-in",
        "firing",
    ]
    assert lines[3].split()[-1] == "ok"
    found = json.loads(cli("alerts", "list", "--json").stdout)
    assert (found["count"], found["rules"][0]["states"][0]["value"]) == (4, 50)

    history = cli("alerts", "history").stdout.splitlines()
    assert history[-1].split()[3:] == ["high-error-rate", "firing", "50", ">", "10", "yes"]
    events = json.loads(cli("alerts", "history", "--rule", "system-health", "--json").stdout)["history"]
    assert [(each["event"], each["value"]) for each in events] == [("firing", 2)]
    # The query of an event runs as it stands.
    assert json.loads(cli("sql", "--format", "json", events[0]["query"]).stdout)[0]["value"] == 2


def test_a_rule_is_tried_without_telling_anybody(cli: Cli, bucket: Sample) -> None:
    put_errors(bucket[1])
    cli("sync", WAREHOUSE_ALERT_ERROR_RATE="60", WAREHOUSE_ALERT_HEALTH="2")
    tried = cli("alerts", "test", "high-error-rate")
    assert tried.stdout.splitlines()[2].split() == ["50", "fires"]
    assert "metrics(" in tried.stdout
    assert json.loads(cli("alerts", "test", "slow-response", "--json").stdout)["readings"] == [
        {"group": None, "value": None, "breached": None}
    ]
    missing = cli("alerts", "test", "nobody")
    assert (missing.returncode, "there is no rule nobody" in missing.stderr) == (1, True)


def test_without_a_channel_the_test_says_how_to_set_one(cli: Cli, bucket: Sample) -> None:
    cli("sync")
    assert "WAREHOUSE_ALERT_WEBHOOK posts alerts" in cli("alerts", "test").stdout
    assert cli("alerts", "history").stdout == "Nothing has fired yet.\n"


def test_a_rule_of_the_settings_file_that_is_wrong_names_file_line_and_key(cli: Cli, bucket: Sample) -> None:
    path = bucket[0].data_dir.parent / "alerts.toml"
    path.write_text('[[alert]]\nid = "x"\nmetric = "luck"\nthreshold = 1\n')
    failed = cli("alerts", "list", WAREHOUSE_CONFIG=str(path))
    assert failed.returncode == 2
    assert "alerts.toml, line 3: metric of [[alert]] number 1 does not take 'luck'" in failed.stderr
    path.write_text('[[alert]]\nid = "high-error-rate"\nmetric = "errorRate"\nthreshold = 1\n')
    assert "is a built-in rule" in cli("alerts", "list", WAREHOUSE_CONFIG=str(path)).stderr
    path.write_text('[[alert]]\nid = "x"\nthreshold = 1\n')
    assert "a rule has a metric or a query" in cli("alerts", "list", WAREHOUSE_CONFIG=str(path)).stderr


def test_a_rule_is_acknowledged_and_silenced_from_the_command_line(cli: Cli, bucket: Sample) -> None:
    put_errors(bucket[1])
    cli("sync")
    assert cli("alerts", "ack", "high-error-rate").stdout == "high-error-rate is acknowledged (1 firing).\n"
    silenced = cli("alerts", "silence", "high-error-rate", "--minutes", "30", "--json")
    until = json.loads(silenced.stdout)["silencedUntil"] / 1000
    assert 29 * 60 < until - datetime.now(UTC).timestamp() <= 30 * 60
    assert cli("alerts", "list").stdout.splitlines()[2].endswith("firing, acknowledged (silenced)")
    ended = cli("alerts", "silence", "high-error-rate", "--minutes", "0")
    assert ended.stdout == "high-error-rate is not silenced.\n"
    assert cli("alerts", "list").stdout.splitlines()[2].endswith("firing, acknowledged")


def test_what_cannot_be_acknowledged_or_silenced_says_so(cli: Cli, bucket: Sample) -> None:
    cli("sync")
    quiet = cli("alerts", "ack", "high-error-rate")
    assert (quiet.returncode, "high-error-rate does not fire" in quiet.stderr) == (1, True)
    missing = cli("alerts", "silence", "nobody")
    assert (missing.returncode, "there is no rule nobody" in missing.stderr) == (1, True)
    assert cli("alerts", "silence", "high-error-rate", "--minutes", "-1").returncode == 2
