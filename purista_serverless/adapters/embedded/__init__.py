"""This process itself: no cloud, no server. Runs on every local start of a handler, so that it holds text only."""
