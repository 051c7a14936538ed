"""Giving up root: become an ordinary user who may still bind low ports, and can gain nothing else again.

CPython has no binding for capabilities, so the two system calls that are needed are made through ctypes.
"""

from __future__ import annotations

import ctypes
import os
import pwd

from safedns.errors import SafednsError

_PR_SET_KEEPCAPS = 8
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522
CAP_NET_BIND_SERVICE = 1 << 10


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def become(user: str) -> None:
    """Leave root for ``user``, keeping only the right to bind ports below 1024 (for addresses that appear later)."""
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise SafednsError(f"there is no user {user!r}; create it (see docs/operations.md) or name another") from None
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0), "prctl")
    os.setgroups([])
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    header = _Header(_CAPABILITY_VERSION_3, 0)
    data = (_Data * 2)(_Data(CAP_NET_BIND_SERVICE, CAP_NET_BIND_SERVICE, 0), _Data(0, 0, 0))
    _check(libc.capset(ctypes.byref(header), ctypes.byref(data)), "capset")
    _check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise SafednsError(f"cannot give up root: {call}: {os.strerror(number)}")
