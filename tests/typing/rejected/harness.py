"""The harness itself: exactly the marked line is rejected."""

length: int = len("abc")
text: str = len("abc")  # rejected
