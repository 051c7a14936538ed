"""Messages of the running daemon: to standard error, one line each, where the service manager's journal takes them."""

from __future__ import annotations

import logging
import os


def set_up_logging(role: str) -> None:
    """``role`` names the process in each line; the journal adds the time itself."""
    under_systemd = "JOURNAL_STREAM" in os.environ
    time = "" if under_systemd else "%(asctime)s "
    # aioquic tells of every connection, in words that its peer chooses.
    logging.getLogger("quic").setLevel(logging.ERROR)
    logging.basicConfig(level=logging.INFO, format=f"{time}{role}: %(levelname)s: %(message)s", datefmt="%H:%M:%S")
