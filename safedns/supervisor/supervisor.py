"""The parent: keeps the tree of processes alive and in agreement, and answers for it. Works per change, not per query.

    configuration saved, SIGHUP, ``safedns reload`` -> prepare (a process) -> plan for us, household for the resolvers
    address came or went                            -> listeners -> resolvers
    a parent decided something, minutes were used   -> resolvers, which read it
    a child died                                    -> started again with the last good household

Must not: parse policy, answer DNS, or keep anything that a restart of a child would lose.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from safedns import __version__
from safedns.clock import Clock
from safedns.errors import SafednsError
from safedns.supervisor.activation import handed_over
from safedns.supervisor.addresses import AddressWatch
from safedns.supervisor.channel import Message, to_memory_file
from safedns.supervisor.children import Child, remember, replace_orphans
from safedns.supervisor.errands import run_errand
from safedns.supervisor.links import Links
from safedns.supervisor.listeners import Listeners
from safedns.supervisor.notify import notify, watchdog_seconds
from safedns.supervisor.page import PageKeeper
from safedns.supervisor.plan import Plan, Prepared
from safedns.supervisor.questions import Questions
from safedns.supervisor.watch import Look, look, look_at
from safedns.tasks import spawn

log = logging.getLogger(__name__)

_WATCH = 0.2
"""Seconds between looks at the configuration folder."""
_SETTLE = 0.1
"""Seconds for which it must stay as it is before it is read: half a file may be good YAML, and open what it closes."""
_FIRST_UPDATE = 20.0
"""Seconds after the start before lists are fetched: first things first."""


class Patience(NamedTuple):
    """Seconds that the supervisor waits for its children."""

    beat: float = 15.0
    """Without a sign of life: then a child is killed and started again."""
    ready: float = 60.0
    """For a configuration to be loaded: then the one before stays."""
    stop: float = 3.0
    """For a child to end: then it is killed."""


class Supervisor:
    """Runs until told to stop."""

    def __init__(self, config: Path, state: Path, clock: Clock, patience: Patience | None = None) -> None:
        self._config = config
        self._state = state
        self._clock = clock
        self._patience = patience or Patience()
        self._listeners = Listeners(handed_over(os.environ, os.getpid()))
        self._links = Links()
        self._resolvers: list[Child] = []
        self._recorder: Child | None = None
        self._page = PageKeeper(self._page_child)
        self._prepared: Prepared | None = None
        self._workers = 0
        """Resolvers there are: as many as the configuration asked for at the start."""
        self._seen: Look = frozenset()
        self._start_up: asyncio.Timeout | None = None
        self._problems = ""
        self._loaded_at = 0.0
        self._epoch = 0
        self._reloading = asyncio.Lock()
        self._questions = Questions()
        self._stop = asyncio.Event()
        self._begun = clock.wall()

    async def run(self, ready: Callable[[Prepared], None]) -> None:
        """Start everything, call ``ready`` once queries are answered, and keep it running until ``stop``."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: spawn(self.reload(), "reload"))
        try:
            async with self._reloading:
                if not await self._begin(ready):
                    return
            await self._keep()
        finally:
            notify("STOPPING=1")
            await self._end()

    def stop(self) -> None:
        """Make ``run`` return, after every child has ended."""
        self._stop.set()
        if self._start_up is not None:
            self._start_up.reschedule(0)
            self._start_up = None

    async def _begin(self, ready: Callable[[Prepared], None]) -> bool:
        """``False`` when it was told to stop before it had started."""
        try:
            async with asyncio.timeout(None) as self._start_up:
                prepared = await self._start()
        except TimeoutError:
            if not self._stop.is_set():
                raise
            return False
        self._start_up = None
        self._loaded_at = self._clock.wall()
        self._tell_recorder()
        ready(prepared)
        notify("READY=1")
        return True

    async def _start(self) -> Prepared:
        self._seen = look(self._config)  # before it is read: what is saved meanwhile is read again
        prepared = self._prepared = await self._prepare()
        self._seen |= frozenset(look_at(prepared.plan.files))
        children = self._state / "run" / "children.json"
        if replaced := replace_orphans(children, self._patience.stop, time.sleep):
            log.warning("took over from a supervisor that was killed: %d of its processes ended", replaced)
        self._workers = prepared.plan.workers
        self._listeners.sync(prepared.plan.listen, self._workers)
        self._tell_absent(prepared.plan.absent)
        self._start_children()
        await self._all_ready()
        return prepared

    async def reload(self) -> dict[str, Any]:
        """Check the configuration and use it; a wrong one changes nothing. Answers ``{"ok", "problems"}``."""
        async with self._reloading:
            if self._prepared is None:
                return {"ok": False, "problems": "safedns did not start"}
            notify("RELOADING=1\nMONOTONIC_USEC=" + str(int(self._clock.monotonic() * 1e6)))
            try:
                await self._use(await self._prepare())
            except (SafednsError, OSError) as error:
                self._problems = str(error)
                log.warning("the configuration has problems and was not loaded; the last good one stays:\n%s", error)
            else:
                self._problems = ""
                self._loaded_at = self._clock.wall()
                log.info("configuration loaded")
            self._tell_recorder()
            notify("READY=1")
            return {"ok": not self._problems, "problems": self._problems}

    async def status(self) -> dict[str, Any]:
        """What runs, and what applies to each child now."""
        children = self._children()
        now = await self._questions.ask(self._resolvers[0], "status") if children else {}
        return {
            "version": __version__,
            "pid": os.getpid(),
            "since": self._begun,
            "configuration": {"ok": not self._problems, "problems": self._problems, "loaded": self._loaded_at},
            "listen": [str(place) for place in self._listeners.places()],
            "processes": [
                {"name": child.name, "pid": child.pid, "restarts": child.restarts, "ready": child.ready}
                for child in children
            ],
            **{key: now.get(key, []) for key in ("profiles", "lists", "upstreams")},
        }

    async def live(self) -> dict[str, Any]:
        """Let every resolver read what holds only for now; ``{"ok"}``: whether all have, those that load later will."""
        return {"ok": all(await self._questions.ask_all(self._resolvers, "live"))}

    async def each(self, what: str, **more: str) -> list[dict[str, Any]]:
        """What each resolver answers to the command ``what`` (``app.resolver``); empty where one is silent."""
        return await self._questions.ask_all(self._resolvers, what, **more)

    async def _prepare(self) -> Prepared:
        done = await run_errand("prepare", self._config, self._state, stderr=asyncio.subprocess.PIPE)
        if done.code != 0:
            error = SafednsError(done.complaint.decode(errors="replace").strip())
            error.exit_code = done.code
            raise error
        return Prepared.decode(done.output)

    async def _use(self, prepared: Prepared) -> None:
        """Put a checked configuration in force; where a resolver cannot load it, the one before stays."""
        before = self._prepared
        assert before is not None  # noqa: S101 - reloads wait for the start
        self._apply(prepared)
        try:
            await self._all_ready()
        except SafednsError:
            self._apply(before)
            raise
        self._tell_differences(before.plan, prepared.plan)

    def _apply(self, prepared: Prepared) -> None:
        plan = prepared.plan
        self._listeners.sync(plan.listen, self._workers)
        self._prepared = prepared
        self._hand_out_listeners()
        self._epoch += 1
        for child in self._resolvers:
            child.unsettle()
            self._hand_out_household(child)
        self._brief_recorder()
        self._page.sync(plan.page)

    def _tell_differences(self, before: Plan, now: Plan) -> None:
        if now.workers not in (before.workers, self._workers):
            log.warning("`workers: %d` takes effect at the next start of safedns", now.workers)
        for warning in now.warnings:
            if warning not in before.warnings:
                log.warning("%s", warning)
        if now.absent != before.absent:
            self._tell_absent(now.absent)

    def _tell_absent(self, absent: tuple[str, ...]) -> None:
        if absent:
            log.info("lists that were never fetched yet, %d: %s", len(absent), ", ".join(absent))

    def _start_children(self) -> None:
        state = ("--state", str(self._state))
        self._recorder = self._child("recorder", ("recorder", *state), self._recorder_started)
        self._recorder.start()
        if self._prepared is not None:
            self._page.sync(self._prepared.plan.page)
        for worker in range(self._workers):
            child = self._child(f"resolver-{worker}", ("resolver", *state), self._resolver_started)
            self._resolvers.append(child)
            child.start()

    def _children(self) -> list[Child]:
        return [*self._resolvers, *filter(None, (self._recorder, self._page.child))]

    def _page_child(self, role: str, started: Callable[[Child], None]) -> Child:
        return self._child(role, (role, "--state", str(self._state)), started)

    def _child(self, name: str, arguments: tuple[str, ...], started: Callable[[Child], None]) -> Child:
        return Child(
            name, arguments, clock=self._clock, started=started, heard=self._heard, changed=self._children_changed
        )

    def _children_changed(self) -> None:
        children = self._children()
        remember(self._state / "run" / "children.json", [child.pid for child in children if child.pid])
        self._tell_recorder()

    def _resolver_started(self, child: Child) -> None:
        worker = self._worker(child)
        child.send({"do": "link", "worker": worker, "workers": self._workers}, (self._links.resolver_end(worker),))
        self._hand_out_household(child)
        self._hand_out_sockets(child)

    def _recorder_started(self, child: Child) -> None:
        for worker in range(self._workers):
            child.send({"do": "link", "worker": worker}, (self._links.recorder_end(worker),))
        self._brief_recorder()

    def _brief_recorder(self) -> None:
        if self._prepared is not None and self._recorder is not None:
            plan = self._prepared.plan
            self._recorder.send({"do": "settings", "metrics": plan.metrics, "log_keep": plan.log_keep})
            self._tell_recorder()

    def _tell_recorder(self) -> None:
        """What only the supervisor knows, for the metrics."""
        if self._recorder is not None:
            restarts = {"resolver": sum(child.restarts for child in self._resolvers)}
            restarts["recorder"] = self._recorder.restarts
            self._recorder.send(
                {"do": "facts", "config_ok": not self._problems, "config_loaded": self._loaded_at, "restarts": restarts}
            )

    def _hand_out_household(self, child: Child) -> None:
        if self._prepared is not None:
            descriptor = to_memory_file(self._prepared.household)
            child.send({"do": "load", "epoch": self._epoch}, (descriptor,))
            os.close(descriptor)

    def _hand_out_sockets(self, child: Child) -> None:
        sockets = self._listeners.of(self._worker(child))
        everywhere = self._listeners.places()  # one resolver alone has the QUIC sockets, and all tell where they are
        child.send(
            {"do": "listen", "places": list(sockets), "everywhere": everywhere},
            tuple(sock.fileno() for sock in sockets.values()),
        )

    def _hand_out_listeners(self) -> None:
        for child in self._resolvers:
            self._hand_out_sockets(child)

    def _worker(self, child: Child) -> int:
        return int(child.name.rpartition("-")[2])

    def _heard(self, child: Child, message: Message) -> None:
        child.last_beat = self._clock.monotonic()
        event = message.get("event")
        if event == "ready" and message.get("epoch", self._epoch) == self._epoch:
            child.settle()
        elif event == "failed":
            child.settle(failure=str(message.get("error")))
        elif event == "answer":
            self._questions.answered(message)
        elif event == "used":
            spawn(self.live(), "minutes used")

    async def _all_ready(self) -> None:
        try:
            async with asyncio.timeout(self._patience.ready):
                for child in self._resolvers:
                    await child.settled.wait()
                    if child.failure:
                        raise SafednsError(f"{child.name} cannot load the configuration: {child.failure}")
        except TimeoutError:
            raise SafednsError("a resolver process did not get ready in time; see its messages above") from None

    async def _keep(self) -> None:
        watch = AddressWatch(self._addresses_changed)
        self._addresses_changed()  # those that came while the children were starting, before there was a watch
        keepers = [spawn(self._watch_files(), "watch files"), spawn(self._watch_children(), "watch children")]
        keepers.append(spawn(self._update_lists(), "update lists"))
        try:
            await self._stop.wait()
        finally:
            watch.close()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    def _addresses_changed(self) -> None:
        if self._prepared is not None:
            with contextlib.suppress(SafednsError):  # a named address that went away may come back: keep the rest
                if self._listeners.sync(self._prepared.plan.listen, self._workers):
                    log.info("local addresses changed; listening on %d", len(self._listeners.places()))
            self._hand_out_listeners()

    async def _watch_files(self) -> None:
        while True:
            await asyncio.sleep(_WATCH)
            current = self._look()
            if current != self._seen:
                self._seen = await self._settled(current)
                await self.reload()

    def _look(self) -> Look:
        return look(self._config, self._prepared.plan.files if self._prepared is not None else ())

    async def _settled(self, before: Look) -> Look:
        """The folder once two looks at it are the same: nobody is in the middle of saving."""
        while True:
            await asyncio.sleep(_SETTLE)
            current = self._look()
            if current == before:
                return current
            before = current

    async def _watch_children(self) -> None:
        limit = watchdog_seconds()
        while True:
            await asyncio.sleep(min(1.0, (limit or 2.0) / 2))
            now = self._clock.monotonic()
            for child in self._children():
                if child.pid is not None and now - child.last_beat > self._patience.beat:
                    log.error("%s does not answer any more; starting it again", child.name)
                    child.last_beat = now
                    child.kill()
            if limit:
                notify("WATCHDOG=1")

    async def _update_lists(self) -> None:
        """Fetch the lists that are due in a process of its own, and use what changed."""
        wait = _FIRST_UPDATE
        while True:
            await asyncio.sleep(wait)
            plan = self._prepared.plan if self._prepared is not None else None
            wait = min(3600.0, plan.refresh) if plan is not None and plan.refresh else 3600.0
            if plan is None or not plan.refresh:
                continue
            try:
                done = await run_errand("lists", self._config, self._state)
            except OSError as error:
                log.warning("lists cannot be updated now: %s; they are tried again later", error)
                continue
            if done.output.strip() == b"changed":
                await self.reload()

    async def _end(self) -> None:
        """Resolvers first, for what they recorded last is still to be written."""
        await asyncio.gather(*(child.stop(self._patience.stop) for child in self._resolvers))
        await self._page.stop(self._patience.stop)
        if self._recorder is not None:
            await self._recorder.stop(self._patience.stop)
        self._listeners.close()
        self._links.close()
        if self._recorder is not None:
            (self._state / "run" / "children.json").unlink(missing_ok=True)
