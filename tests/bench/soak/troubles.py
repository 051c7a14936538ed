"""What happens to the household while queries arrive: by its parents, by the world, or by bad luck."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from tests.bench.soak.books import Death, Metrics
from tests.bench.soak.home import GROWING, PROBE, SLOW, Home
from tests.bench.soak.ledger import CLOCK, Ledger, Line
from tests.bench.soak.upstream import LIES
from tests.e2e.running import until

_LAST_MOMENT = 1.0
"""Seconds before a death whose queries it may cost: events leave a resolver every quarter of a second."""
_WITHIN = 60.0
_PROBES = 8
_DAEMONS_LISTS = "the daemon's lists process"


class Window(NamedTuple):
    """From the death of a resolver until queries were answered again."""

    start: float
    end: float


class Happened(NamedTuple):
    """What a trouble cost."""

    death: Death = ""
    bound: int = 0


class Troubles:
    """Brings trouble, and waits until it is over."""

    def __init__(self, home: Home, ledger: Ledger, metrics: Metrics, pace: float) -> None:
        """``pace``: seconds that a trouble that lasts should last."""
        self._home = home
        self._house = home.house
        self._ledger = ledger
        self._metrics = metrics
        self._pace = pace
        self._turn = 0
        home.lists.delay = {f"/{SLOW}.txt": 6.0}
        self.windows: list[Window] = []
        self.kills: list[str] = []
        """Who was killed."""

    def peaceful(self) -> dict[str, Callable[[], Happened | None]]:
        """Everything but the deaths of resolver and recorder, by name."""
        return {
            "nothing": lambda: self._wait(),
            "family edited, `safedns reload`": self._reload,
            "family edited, SIGHUP": self._hang_up,
            "family edited wrongly, then mended": self._mistake,
            "list changed, `safedns lists update`": self._update_lists,
            "pause, block, grant, resume": self._decide,
            "certificate renewed": self._renew,
            "an upstream killed": self._kill_upstream,
            "an upstream stalled": lambda: self._misbehave(0, "stalled"),
            "an upstream lying": self._lie,
            "every upstream stalled": self._outage,
            "recorder stopped, then continued": self._hang_recorder,
            "`safedns lists update` killed": self._kill_update,
            "page process killed": self._kill_page,
        }

    def deaths(self) -> dict[str, Callable[[], Happened | None]]:
        """The deaths of what is counted in or counted by."""
        return {"recorder killed": self._kill_recorder, "resolver killed": self._kill_resolver}

    def kill_lists(self, processes: Sequence[tuple[int, str]]) -> None:
        """End the daemon's own update of lists, the first time that it is seen."""
        for pid, role in processes:
            if role == "lists" and _DAEMONS_LISTS not in self.kills:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.kills.append(_DAEMONS_LISTS)
                    self._home.lists.delay = {}

    def _wait(self) -> None:
        time.sleep(self._pace)

    def _reload(self) -> None:
        self._home.edit()
        self._run("reload")
        self._wait()

    def _hang_up(self) -> None:
        before = self._loaded()
        self._home.edit()
        os.kill(self._house.pids("supervisor")[0], signal.SIGHUP)
        until(lambda: self._loaded() > before, "the family is loaded", _WITHIN)
        self._wait()

    def _mistake(self) -> None:
        self._house.save_text("family.yaml", "children: {an: {devices: [nonsense}}\n")
        done = self._house.command("reload")
        assert done.returncode != 0, "a family that is wrong was taken"
        self._wait()
        self._home.edit()
        self._run("reload")

    def _update_lists(self) -> None:
        self._home.grow()
        self._run("lists", "update", "--accept", GROWING)
        self._wait()

    def _decide(self) -> None:
        for words in (
            ("pause", "chi", "--for", "20m"),
            ("resume", "chi"),
            ("block", "chi", "www1.good.example", "--for", "20m"),
            ("grant", "chi", "www1.blocked.example", "--for", "20m"),
        ):
            self._run(*words)
            time.sleep(self._pace / 4)
        self._run("resume", "chi")

    def _renew(self) -> None:
        before = self._shown()
        self._home.certify()
        until(lambda: self._shown() != before, "the new certificate is shown", _WITHIN)
        self._wait()

    def _kill_upstream(self) -> None:
        victim = self._home.upstreams[self._turn % len(self._home.upstreams)]
        self._turn += 1
        victim.kill()
        self.kills.append("an upstream")
        self._wait()
        victim.start()

    def _misbehave(self, number: int, how: str) -> None:
        upstream = self._home.upstreams[number]
        upstream.behave(how)
        self._wait()
        upstream.behave("honest")

    def _lie(self) -> None:
        """Each way of lying, in turn."""
        number = self._turn % len(self._home.upstreams)
        self._turn += 1
        for how in LIES:
            self._home.upstreams[number].behave(how)
            time.sleep(self._pace / len(LIES))
        self._home.upstreams[number].behave("honest")

    def _outage(self) -> None:
        for upstream in self._home.upstreams:
            upstream.behave("stalled")
        self._wait()
        for upstream in self._home.upstreams:
            upstream.behave("honest")

    def _hang_recorder(self) -> None:
        pid = self._house.kill("recorder", signal.SIGSTOP)
        time.sleep(min(3.0, self._pace))
        os.kill(pid, signal.SIGCONT)

    def _kill_update(self) -> None:
        self._home.lists.delay = {f"/{SLOW}.txt": 2.0}
        command = [sys.executable, "-m", "safedns", "lists", "update", SLOW]
        folders = {"SAFEDNS_CONFIG": str(self._house.config), "SAFEDNS_STATE": str(self._house.state)}
        asked = len(self._home.lists.requests)
        with subprocess.Popen(
            command, env={**os.environ, **folders}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as update:
            until(lambda: len(self._home.lists.requests) > asked, "the list is asked for", _WITHIN)
            update.kill()
        self.kills.append("`safedns lists update`")
        self._home.lists.delay = {}
        self._run("lists", "update", SLOW)

    def _kill_page(self) -> None:
        killed = self._kill("page")
        until(lambda: self._house.pids("page") not in ([killed], []), "another page process", _WITHIN)
        self._wait()

    def _kill_recorder(self) -> Happened:
        self._wait()
        self._metrics.look()
        bound = self._ledger.answered_since(CLOCK.monotonic() - _LAST_MOMENT)
        killed = self._kill("recorder")
        until(lambda: self._house.pids("recorder") not in ([killed], []), "another recorder", _WITHIN)
        self._wait()
        return Happened("recorder", bound)

    def _kill_resolver(self) -> Happened:
        self._wait()
        ready = len(self._house.pids("resolver"))
        start = CLOCK.monotonic()
        bound = self._ledger.answered_since(start - _LAST_MOMENT)
        killed = self._kill("resolver")
        until(lambda: killed not in self._house.pids("resolver"), "the kernel has taken it away", _WITHIN)
        self._probe(_PROBES * ready)
        self.windows.append(Window(start, CLOCK.monotonic()))
        until(lambda: len(self._house.pids("resolver")) == ready, "as many resolvers as before", _WITHIN)
        self._wait()
        return Happened("resolver", bound)

    def _kill(self, role: str) -> int:
        self.kills.append(role)
        return self._house.kill(role)

    def _probe(self, times: int) -> None:
        """Ask from so many ports, which the kernel deals out to all resolvers, and wait for each answer."""
        for _ in range(times):
            reply = self._house.ask("www1.good.example", client=PROBE, timeout=_WITHIN)
            self._ledger.probed(Line("guests", PROBE, "www1.good.example", "udp", reply.rcode()))

    def _loaded(self) -> float:
        return self._house.metrics()["safedns_config_loaded_timestamp_seconds", ()]

    def _shown(self) -> str:
        """The certificate that a new connection gets."""
        return ssl.get_server_certificate(("127.0.0.1", self._home.tls), timeout=10)

    def _run(self, *words: str) -> None:
        done = self._house.command(*words, timeout=_WITHIN)
        if "another update is running" in done.stderr:  # the daemon's own, which is soon killed
            time.sleep(1.0)
            self._run(*words)
            return
        assert done.returncode == 0, f"safedns {' '.join(words)}: {done.stdout}{done.stderr}"
