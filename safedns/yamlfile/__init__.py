"""The border where YAML becomes values: text -> tree of dict, list and str with places -> checked pydantic model.

::

    file -> read_yaml -> Document(tree, places) -> validate(model) -> model
                |                                     |
                '----- ConfigError(every problem) ----'

``document`` (tree and places), ``read`` (text -> document), ``validate`` (document -> model), ``messages`` (how a
problem is worded). Here no key has a meaning, and no message speaks the validator's jargon.
"""
