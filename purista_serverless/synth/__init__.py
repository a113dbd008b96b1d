"""The build: check an application against a provider, derive its topology, plan, render, write.

One direction, and only ``files`` touches the disk. Nothing here is imported by a deployed function.
"""
