"""Which file begins when: those marked `long` first, then by their number of tests, so that no worker ends late.

`--dist=loadfile` would go by the number of tests alone and keep a file with one long test for the end.
"""

import gc
from collections import Counter

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files; the order within a file stays."""
    counts = Counter(item.path for item in items)
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: (item.path not in long, -counts[item.path]))


def pytest_collection_finish() -> None:
    """What is imported by now stays: looking through it again and again would cost a fifth of a service's start."""
    gc.collect()
    gc.freeze()
