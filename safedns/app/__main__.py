"""Starts one process of the tree: ``python -m safedns.app resolver --state DIR --channel FD``."""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

from safedns.app.logs import set_up_logging
from safedns.courtesy import step_back
from safedns.errors import SafednsError

PATIENT = ("lists",)
"""Nobody waits for them. For ``prepare`` a parent does, and no flood of queries may keep rules from acting."""


def main() -> None:
    """Run the role that the arguments name; its module is imported alone, so that each process stays small."""
    parser = argparse.ArgumentParser(prog="safedns.app")
    parser.add_argument("role", choices=("prepare", *PATIENT, "resolver", "recorder", "page"))
    parser.add_argument("--config", type=Path, default=Path())
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--channel", type=int, default=-1)
    arguments = parser.parse_args()
    set_up_logging(arguments.role)
    if arguments.role in PATIENT:
        step_back(session=True)
    try:
        importlib.import_module(f"safedns.app.{arguments.role}").run(arguments)
    except SafednsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
