"""The page about closed names: a process of its own, there while the configuration wants it, gone when it does not."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

from tests.e2e.running import BINH, BLOCKED, Running, running, until
from tests.ports import free_port


def page(port: int) -> str:
    """What a browser is shown; empty where nobody is there."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()
    except OSError:
        return ""
    raise AssertionError("a closed name is not answered as if all were well")


def listen(house: Running, port: int | None) -> dict[str, object]:
    own = {"dns": [f"127.0.0.1:{house.port}"], "metrics": f"127.0.0.1:{house.metrics_port}"}
    return {"listen": own | ({} if port is None else {"page": f"127.0.0.1:{port}"})}


def test_a_blocked_name_leads_to_the_page_which_comes_goes_and_survives_its_process(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path) as house:
        assert house.pids("page") == []
        house.save({**listen(house, port), "block": {"reply": "page"}})
        until(lambda: page(port), "the page is there")
        assert "This site is closed on this device" in page(port)
        (rrset,) = until(lambda: house.ask(BLOCKED, client=BINH).answer, "a blocked name leads to the page")
        assert [rdata.to_text() for rdata in rrset] == ["127.0.0.1"]
        assert not house.ask(BLOCKED, "AAAA", client=BINH).answer

        house.kill("page")
        until(lambda: len(house.pids("page")) == 1 and page(port), "a new process shows it")
        until(house.is_well, "all is well")

        house.save({"language": "vi"})
        until(
            lambda: page(port).find("Trang này đang bị chặn") < page(port).find("This site is closed"),
            "it speaks Vietnamese",
        )

        moved = free_port()
        house.save(listen(house, moved))
        until(lambda: page(moved) and not page(port), "it has moved")

        house.save(listen(house, None))
        until(lambda: not house.pids("page") and not page(moved), "it has gone")
        until(house.is_well, "all is well without it")


def test_a_port_that_is_taken_leaves_dns_as_it_is(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        house.save({**listen(house, house.metrics_port), "block": {"reply": "page"}})
        until(lambda: "the page cannot be shown" in house.said(), "it says so")
        assert house.blocked(BLOCKED)
        assert house.pids("page") == []
