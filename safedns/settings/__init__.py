"""This machine's settings, ``safedns.yaml``: ``model`` (typed values), ``schema`` (what may be written), ``load``."""
