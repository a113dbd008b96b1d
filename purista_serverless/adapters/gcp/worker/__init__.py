"""Processes that pull queues: for runs that are longer than a push may take. Nothing here is imported by a function."""
