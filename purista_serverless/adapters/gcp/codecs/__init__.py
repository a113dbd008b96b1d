"""Raw requests of Google Cloud to what the core takes: pure functions, no IO. Only ``BadEvent`` leaves them."""
