"""What the emulators of platforms have in common: time, servers on this machine, processes that leave nothing behind.

It knows no platform. Nothing in here is imported by a deployed function.
"""
