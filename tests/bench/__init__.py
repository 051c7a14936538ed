"""Benchmarks: each can be run alone; none of them is part of the test run, which never asserts a time."""
