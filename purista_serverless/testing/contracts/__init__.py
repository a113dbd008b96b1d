"""What every adapter must do, as test classes: each behaviour once, inherited by the suite of each adapter.

A suite supplies a ``System`` (``system``); the classes live one per module and import pytest, so that nothing is
imported here.
"""
