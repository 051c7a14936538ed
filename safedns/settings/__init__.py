"""This machine's settings, ``safedns.yaml``: ``model`` (typed values, light), ``schema`` (what may be written), ``load``."""
