"""A folder on the path of functions under a virtual clock, with the one module in it that sets their time."""
