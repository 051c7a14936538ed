"""The composition root: the only place that wires the parts together. One module a process.

``python -m safedns.app ROLE`` is how the supervisor starts its children; people use the ``safedns`` command.
"""
