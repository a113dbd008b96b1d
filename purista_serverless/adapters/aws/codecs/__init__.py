"""Raw events of AWS to what the core takes, and back: pure functions, no IO. Only ``BadEvent`` leaves them."""
