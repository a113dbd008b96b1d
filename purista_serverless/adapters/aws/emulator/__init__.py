"""AWS on this machine: a template's resources on moto, its functions under the real Lambda runtime client.

``emulator.Emulator`` is the door. Nothing in here is imported by a deployed function.
"""
