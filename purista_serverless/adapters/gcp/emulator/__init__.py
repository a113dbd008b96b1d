"""Google Cloud on this machine: the real emulators and the real functions-framework, behind fronts of ours.

``emulator.Emulator`` is the door. Nothing in here is imported by a deployed function.
"""
