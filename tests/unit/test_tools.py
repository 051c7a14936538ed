"""What a machine lacks is told: by a test that is skipped, or by one that fails where every test is asked for."""

from __future__ import annotations

import pytest

from tests.tools import tool


@pytest.mark.parametrize(("everything", "told"), [(None, pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_tool_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, everything: str | None, told: type[BaseException]
) -> None:
    monkeypatch.delenv("SAFEDNS_TEST_ALL", raising=False)
    if everything:
        monkeypatch.setenv("SAFEDNS_TEST_ALL", everything)
    with pytest.raises(told, match="no-such-tool is not installed"):
        tool("no-such-tool")
