"""The process tree: the parent binds sockets, drops privileges, starts and restarts the rest, and holds no policy.

    serve = supervisor --- channel ---> resolver x N   (sockets, policy blob, event link)
                       --- channel ---> recorder       (event links)
                       --- runs ------> prepare, lists (short-lived)

``channel`` messages with file descriptors; ``listeners`` sockets, ``activation`` those that systemd has bound;
``addresses`` local addresses as they come and go; ``children`` one process each, ``questions`` to them, ``errands``
short-lived ones; ``privileges``, ``notify`` the system's side; ``supervisor`` ties them.
"""
