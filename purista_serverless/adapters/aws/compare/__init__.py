"""Two generations of templates compared: which resources change, and what that costs. Nothing here is deployed."""
