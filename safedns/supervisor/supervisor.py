"""The parent: keeps the tree of processes alive and in agreement, and answers for it. Works per change, not per query.

    configuration saved, SIGHUP, ``safedns reload`` -> prepare (a process) -> plan for us, household for the resolvers
    address came or went                            -> listeners -> resolvers
    a child died                                    -> started again with the last good household

Must not: parse policy, answer DNS, or keep anything that a restart of a child would lose.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safedns import __version__
from safedns.clock import Clock
from safedns.errors import SafednsError
from safedns.supervisor.addresses import AddressWatch
from safedns.supervisor.channel import Message, to_memory_file
from safedns.supervisor.children import Child, remember, replace_orphans
from safedns.supervisor.links import Links
from safedns.supervisor.listeners import Listeners
from safedns.supervisor.notify import notify, watchdog_seconds
from safedns.supervisor.plan import Prepared
from safedns.supervisor.watch import look
from safedns.tasks import spawn

log = logging.getLogger(__name__)

_WATCH = 0.2
"""Seconds between looks at the configuration folder."""
_BEAT_LIMIT = 15.0
"""Seconds without a sign of life after which a child is killed and started again."""
_READY_LIMIT = 60.0
_STOP_PATIENCE = 3.0
_FIRST_UPDATE = 20.0
"""Seconds after the start before lists are fetched: first things first."""


class Supervisor:
    """Runs until told to stop."""

    def __init__(self, config: Path, state: Path, clock: Clock) -> None:
        self._config = config
        self._state = state
        self._clock = clock
        self._listeners = Listeners()
        self._links = Links()
        self._resolvers: list[Child] = []
        self._recorder: Child | None = None
        self._prepared: Prepared | None = None
        self._problems = ""
        self._loaded_at = 0.0
        self._epoch = 0
        self._reloading = asyncio.Lock()
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._stop = asyncio.Event()
        self._begun = clock.wall()

    async def run(self, ready: Callable[[Prepared], None]) -> None:
        """Start everything, call ``ready`` once queries are answered, and keep it running until ``stop``."""
        folder = self._state / "run"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._prepared = await self._prepare()
        if replaced := replace_orphans(folder / "children.json", _STOP_PATIENCE, time.sleep):
            log.warning("took over from a supervisor that was killed: %d of its processes ended", replaced)
        self._listeners.sync(self._prepared.plan.listen, self._prepared.plan.workers)
        try:
            self._start_children()
            await self._all_ready()
            self._loaded_at = self._clock.wall()
            self._tell_recorder()
            ready(self._prepared)
            notify("READY=1")
            await self._keep()
        finally:
            notify("STOPPING=1")
            await self._end()

    def stop(self) -> None:
        """Make ``run`` return, after every child has ended."""
        self._stop.set()

    async def reload(self) -> dict[str, Any]:
        """Check the configuration and use it; a wrong one changes nothing. Answers ``{"ok", "problems"}``."""
        async with self._reloading:
            notify("RELOADING=1\nMONOTONIC_USEC=" + str(int(self._clock.monotonic() * 1e6)))
            try:
                await self._use(await self._prepare())
            except SafednsError as error:
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
        children = [*self._resolvers, *([self._recorder] if self._recorder else [])]
        now = await self._ask_resolver("status")
        return {
            "version": __version__,
            "pid": os.getpid(),
            "since": self._begun,
            "configuration": {"ok": not self._problems, "problems": self._problems, "loaded": self._loaded_at},
            "listen": [str(place) for place in self._listeners.places()],
            "processes": [
                {"name": child.name, "pid": child.pid, "restarts": child.restarts, "ready": child.ready.is_set()}
                for child in children
            ],
            "profiles": now.get("profiles", []),
            "lists": now.get("lists", []),
        }

    async def _prepare(self) -> Prepared:
        process = await self._short_lived("prepare", stderr=asyncio.subprocess.PIPE)
        output, complaint = await process.communicate()
        if process.returncode != 0:
            error = SafednsError(complaint.decode(errors="replace").strip())
            error.exit_code = process.returncode or 1
            raise error
        return Prepared.decode(output)

    async def _short_lived(self, role: str, stderr: int | None = None) -> asyncio.subprocess.Process:
        folders = ("--config", str(self._config), "--state", str(self._state))
        command = (sys.executable, "-m", "safedns.app", role, *folders)
        return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=stderr)

    async def _use(self, prepared: Prepared) -> None:
        before, plan = self._prepared, prepared.plan
        self._listeners.sync(plan.listen, plan.workers)
        self._prepared = prepared
        if before is not None and before.plan.workers != plan.workers:
            log.warning("`workers` takes effect at the next start of safedns")
        self._hand_out_listeners()
        self._epoch += 1
        for child in self._resolvers:
            child.ready.clear()
            self._hand_out_household(child)
        if before is not None and (before.plan.metrics, before.plan.log_keep) != (plan.metrics, plan.log_keep):
            self._brief_recorder()
        await self._all_ready()

    def _start_children(self) -> None:
        assert self._prepared is not None  # noqa: S101 - run() has just set it
        state = ("--state", str(self._state))
        self._recorder = self._child("recorder", ("recorder", *state), self._recorder_started)
        self._recorder.start()
        for worker in range(self._prepared.plan.workers):
            child = self._child(f"resolver-{worker}", ("resolver", *state), self._resolver_started)
            self._resolvers.append(child)
            child.start()

    def _child(self, name: str, arguments: tuple[str, ...], started: Callable[[Child], None]) -> Child:
        return Child(
            name, arguments, clock=self._clock, started=started, heard=self._heard, changed=self._children_changed
        )

    def _children_changed(self) -> None:
        children = [*self._resolvers, *([self._recorder] if self._recorder else [])]
        remember(self._state / "run" / "children.json", [child.pid for child in children if child.pid])
        self._tell_recorder()

    def _resolver_started(self, child: Child) -> None:
        worker = self._worker(child)
        child.send({"do": "link"}, (self._links.resolver_end(worker),))
        self._hand_out_household(child)
        self._hand_out_sockets(child)

    def _recorder_started(self, child: Child) -> None:
        assert self._prepared is not None  # noqa: S101 - children start after the plan is known
        for worker in range(self._prepared.plan.workers):
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
        places = [[place.protocol, place.host, place.port] for place in sockets]
        child.send({"do": "listen", "places": places}, tuple(sock.fileno() for sock in sockets.values()))

    def _hand_out_listeners(self) -> None:
        for child in self._resolvers:
            self._hand_out_sockets(child)

    def _worker(self, child: Child) -> int:
        return int(child.name.rpartition("-")[2])

    def _heard(self, child: Child, message: Message) -> None:
        child.last_beat = self._clock.monotonic()
        event = message.get("event")
        if event == "ready" and message.get("epoch", self._epoch) == self._epoch:
            child.ready.set()
        elif event == "failed":
            log.error("%s could not load the configuration: %s", child.name, message.get("error"))
        elif event == "answer" and (waiting := self._answers.pop(message["number"], None)) and not waiting.done():
            waiting.set_result(message)

    async def _ask_resolver(self, what: str) -> Message:
        number = max(self._answers, default=0) + 1
        waiting = self._answers[number] = asyncio.get_running_loop().create_future()
        self._resolvers[0].send({"do": what, "number": number})
        try:
            return await asyncio.wait_for(waiting, 3.0)
        except TimeoutError:
            return {}
        finally:
            self._answers.pop(number, None)

    async def _all_ready(self) -> None:
        try:
            async with asyncio.timeout(_READY_LIMIT):
                for child in self._resolvers:
                    await child.ready.wait()
        except TimeoutError:
            raise SafednsError("a resolver process did not get ready within a minute; see its messages above") from None

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        watch = AddressWatch(self._addresses_changed)
        loop.add_signal_handler(signal.SIGHUP, lambda: spawn(self.reload(), "reload"))
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
                if self._listeners.sync(self._prepared.plan.listen, self._prepared.plan.workers):
                    log.info("local addresses changed; listening on %d", len(self._listeners.places()))
            self._hand_out_listeners()

    async def _watch_files(self) -> None:
        seen = look(self._config)
        while True:
            await asyncio.sleep(_WATCH)
            current = look(self._config)
            if current != seen:
                seen = current
                await self.reload()

    async def _watch_children(self) -> None:
        limit = watchdog_seconds()
        while True:
            await asyncio.sleep(min(1.0, (limit or 2.0) / 2))
            now = self._clock.monotonic()
            for child in [*self._resolvers, *([self._recorder] if self._recorder else [])]:
                if child.pid is not None and now - child.last_beat > _BEAT_LIMIT:
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
            process = await self._short_lived("lists")
            output, _ = await process.communicate()
            if output.strip() == b"changed":
                await self.reload()

    async def _end(self) -> None:
        for child in self._resolvers:
            await child.stop(_STOP_PATIENCE)
        if self._recorder is not None:
            await self._recorder.stop(_STOP_PATIENCE)
        self._listeners.close()
        self._links.close()
        (self._state / "run" / "children.json").unlink(missing_ok=True)
