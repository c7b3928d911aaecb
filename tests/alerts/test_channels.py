"""What goes wrong with a channel is told without its address."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from warehouse.alerts.channels import Apprise
from warehouse.errors import NotifyError

MESSAGE = {"title": "t", "text": "b", "event": "firing"}
ADDRESSES = [
    "slak://TOKENAAA/TOKENBBB",
    "slack://TOKENAAA",
    "discord://TOKENAAA",
    "tgram://TOKENAAA/1",
    "msteams://TOKENAAA",
    "twilio://TOKENAAA:TOKENBBB@123",
    "slack//TOKENAAA/TOKENBBB",
    "json://TOKENAAA:TOKENBBB@127.0.0.1:1/TOKENCCC",
]


class Heard(logging.Handler):
    """Every record that reaches the root."""

    def __init__(self) -> None:
        super().__init__(level=1)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def heard() -> Iterator[Heard]:
    """The root of all logs, as talkative as it gets."""
    root, handler = logging.getLogger(), Heard()
    before = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield handler
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_apprise_says_reaches_no_log_and_no_stderr(
    heard: Heard, capfd: pytest.CaptureFixture[str], address: str
) -> None:
    # As another library might, which wants to hear everybody.
    apprise = logging.getLogger("apprise")
    apprise.disabled, apprise.propagate = False, True
    with pytest.raises(NotifyError) as caught:
        Apprise(address).send("1", MESSAGE)
    logging.getLogger("apprise.plugins").error("of TOKENAAA")
    apprise.critical("of TOKENAAA")
    told = [record.getMessage() for record in heard.records if record.name.startswith("apprise")]
    assert told == []
    assert "TOKEN" not in str(caught.value) + "".join(capfd.readouterr())
