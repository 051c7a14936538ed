"""What the standards demand of a forwarding filter, one file for each RFC.

A test is a demand: ``@pytest.mark.rfc(1035, "4.1.1")`` says where it stands, its docstring what it says in our words.
``docs/standards.md`` is made of them: ``make standards``.
"""
