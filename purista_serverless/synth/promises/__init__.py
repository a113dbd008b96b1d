"""The rules of the honour matrix: one small pure function per promise, in one table per kind of declaration.

A rule gives a verdict, or ``None`` where nothing is promised. What an adapter adds (``Adapter.emulations``) is no
business of a rule: a promise that the provider cannot keep becomes ``Emulated`` afterwards if the adapter names it.
"""
