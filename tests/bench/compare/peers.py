"""The configurations of the other resolvers: the same filter, cache, upstream and query log for each. Pure.

Each function gives the lines of one file. Where a system can log each query in several ways, the cheapest is used:
dnsmasq's and unbound's own log, dnsdist's buffered one, and for knot-resolver and PowerDNS Recursor, whose logs tell in
several lines how an answer came about, a buffered file that their Lua hook writes.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.compare.site import CACHE_ENTRIES, Site

_KRES_CACHE_MIB = 32
"""Its cache is measured in bytes: room for more answers than the others keep."""
_LOG_BUFFER = 65_536
"""Bytes of a log that are written at once where that can be said."""


def dnsmasq_config(site: Site) -> Iterator[str]:
    """Lines of ``dnsmasq.conf``."""
    yield "keep-in-foreground"
    yield "no-resolv"
    yield "no-hosts"
    yield "bind-interfaces"
    yield "listen-address=127.0.0.1"
    yield f"port={site.port}"
    yield f"user={site.user}"
    yield f"pid-file={site.folder}/dnsmasq.pid"
    yield f"server=127.0.0.1#{site.upstream_port}"
    yield "dns-forward-max=2000"
    yield f"cache-size={CACHE_ENTRIES}"
    yield "log-queries"
    yield f"log-facility={site.folder}/queries.log"
    yield from (f"local=/{name}/" for name in site.blocked)


def unbound_config(site: Site) -> Iterator[str]:
    """Lines of ``unbound.conf``: a forwarder without validation, as the others are."""
    yield "server:"
    yield f"  interface: 127.0.0.1@{site.port}"
    yield "  do-daemonize: no"
    yield '  username: ""'
    yield '  chroot: ""'
    yield f'  directory: "{site.folder}"'
    yield f'  pidfile: "{site.folder}/unbound.pid"'
    yield "  use-syslog: no"
    yield f'  logfile: "{site.folder}/queries.log"'
    yield "  log-replies: yes"
    yield f"  num-threads: {site.workers}"
    yield "  outgoing-range: 4096"
    yield "  num-queries-per-thread: 2048"
    yield '  module-config: "iterator"'
    yield "  do-not-query-localhost: no"
    yield "  access-control: 127.0.0.0/8 allow"
    yield from (f'  local-zone: "{name}." always_nxdomain' for name in site.blocked)
    yield "forward-zone:"
    yield '  name: "."'
    yield f"  forward-addr: 127.0.0.1@{site.upstream_port}"
    yield "remote-control:"
    yield "  control-enable: no"


def dnsdist_config(site: Site) -> Iterator[str]:
    """Lines of ``dnsdist.conf`` (Lua); the names are read from ``blocked.txt`` beside it."""
    shared = ", {reusePort=true}" if site.workers > 1 else ""
    yield f'setLocal("127.0.0.1:{site.port}"{shared})'
    yield from (f'addLocal("127.0.0.1:{site.port}"{shared})' for _ in range(site.workers - 1))
    yield 'setSecurityPollSuffix("")'
    yield f'newServer({{address="127.0.0.1:{site.upstream_port}"}})'
    yield f'getPool(""):setCache(newPacketCache({CACHE_ENTRIES}))'
    yield "blocked = newSuffixMatchNode()"
    yield f'for name in io.lines("{site.folder}/blocked.txt") do blocked:add(newDNSName(name)) end'
    yield f'addAction(AllRule(), LogAction("{site.folder}/queries.log", false, true, true, false, true))'
    yield "addAction(SuffixMatchNodeRule(blocked), RCodeAction(DNSRCode.NXDOMAIN))"


def blocked_names(site: Site) -> Iterator[str]:
    """One name a line."""
    yield from site.blocked


def policy_zone(site: Site) -> Iterator[str]:
    """Lines of a response policy zone: each name and what is below it does not exist."""
    yield "$ORIGIN blocked.rpz."
    yield "$TTL 60"
    yield "@ SOA . . 1 3600 600 86400 60"
    yield "@ NS localhost."
    for name in site.blocked:
        yield f"{name} CNAME ."
        yield f"*.{name} CNAME ."


def kresd_config(site: Site) -> Iterator[str]:
    """Lines of ``kresd.conf`` (Lua): no validation, no questions of its own; it listens when the names are read."""
    yield "log_target('stderr')"
    yield "net.ipv6 = false"
    yield f"cache.open({_KRES_CACHE_MIB} * MB, 'lmdb://{site.folder}')"
    for module in ("ta_update", "ta_signal_query", "ta_sentinel", "priming", "detect_time_skew"):
        yield f"modules.unload('{module}')"
    yield "trust_anchors.remove('.')"
    yield f"local log = assert(io.open('{site.folder}/queries.log', 'a'))"
    yield f"log:setvbuf('full', {_LOG_BUFFER})"
    yield "policy.add(function (request, query)"
    yield "  log:write(os.time(), ' ', tostring(request.qsource.addr), ' ', kres.dname2str(query:name()), ' ',"
    yield "    kres.tostring.type[query.stype], '\\n')"
    yield "end)"
    yield "event.recurrent(1 * sec, function () log:flush() end)"
    yield f"policy.add(policy.rpz(policy.DENY, '{site.folder}/blocked.rpz', false))"
    yield f"policy.add(policy.all(policy.FORWARD('127.0.0.1@{site.upstream_port}')))"
    yield f"net.listen('127.0.0.1', {site.port}, {{ kind = 'dns' }})"


def recursor_config(site: Site) -> Iterator[str]:
    """Lines of ``recursor.conf``: a forwarder without validation, as the others are."""
    yield "local-address=127.0.0.1"
    yield f"local-port={site.port}"
    yield "daemon=no"
    yield f"threads={site.workers}"
    yield "pdns-distributes-queries=no"
    yield f"reuseport={'yes' if site.workers > 1 else 'no'}"
    yield "quiet=yes"
    yield "disable-syslog=yes"
    yield "write-pid=no"
    yield f"socket-dir={site.folder}"
    yield "security-poll-suffix="
    yield "dnssec=off"
    yield "qname-minimization=no"
    yield f"max-cache-entries={CACHE_ENTRIES}"
    yield f"max-packetcache-entries={CACHE_ENTRIES}"
    yield f"forward-zones-recurse=.=127.0.0.1:{site.upstream_port}"
    yield "dont-query="
    yield "allow-from=127.0.0.0/8"
    yield f"lua-config-file={site.folder}/rpz.lua"
    yield f"lua-dns-script={site.folder}/log.lua"


def recursor_rpz(site: Site) -> Iterator[str]:
    """The line of its Lua configuration that names the policy zone."""
    yield f'rpzFile("{site.folder}/blocked.rpz", {{policyName="blocked"}})'


def recursor_log(site: Site) -> Iterator[str]:
    """The Lua hook that every query passes, whether it is in the packet cache or not; by LuaJIT's foreign calls."""
    yield 'local ffi = require("ffi")'
    yield "ffi.cdef[["
    yield "typedef struct pdns_ffi_param pdns_ffi_param_t;"
    yield "const char* pdns_ffi_param_get_qname(pdns_ffi_param_t* ref);"
    yield "uint16_t pdns_ffi_param_get_qtype(const pdns_ffi_param_t* ref);"
    yield "const char* pdns_ffi_param_get_remote(pdns_ffi_param_t* ref);"
    yield "]]"
    yield "local pdns = ffi.C"
    yield f'local log = assert(io.open("{site.folder}/queries.log", "a"))'
    yield f'log:setvbuf("full", {_LOG_BUFFER})'
    yield "function gettag_ffi(query)"
    yield '  log:write(os.time(), " ", ffi.string(pdns.pdns_ffi_param_get_remote(query)), " ",'
    yield '    ffi.string(pdns.pdns_ffi_param_get_qname(query)), " ", pdns.pdns_ffi_param_get_qtype(query), "\\n")'
    yield "end"
