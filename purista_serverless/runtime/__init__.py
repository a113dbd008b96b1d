"""The run-time half: dispatch, ledger, gate, retry. Imports no build tooling, no SDK, no event loop.

A deployed handler loads ``entry``, ``dispatch`` and ``context``; the rest follows when a trigger needs it. Everything
here is policy over the protocols in ``ports``: adapters supply those, tests supply doubles.
"""
