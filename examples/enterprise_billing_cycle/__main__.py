"""Play a year of billing and print what happened; fails when the money does not add up."""

import sys

from examples.enterprise_billing_cycle.audit import differences
from examples.enterprise_billing_cycle.report import text_of
from examples.enterprise_billing_cycle.year import Year, play_year


def show(year: Year) -> int:
    """Print a year and give the exit code: 1 when something does not add up."""
    sys.stdout.write(text_of(year))
    return 1 if differences(year) else 0


if __name__ == "__main__":
    sys.exit(show(play_year()))
