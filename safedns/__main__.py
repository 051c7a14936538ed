"""``python -m safedns``: the same as the ``safedns`` command."""

from safedns.cli.main import main

if __name__ == "__main__":
    main()
