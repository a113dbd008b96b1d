"""The benchmarks' table and the exit code that `make bench` goes by."""

from benchmarks.measure import Row, median_of, report


def test_a_missed_bar_is_said_and_fails(capsys):
    """One figure over its bar is marked and makes the exit code 1."""
    code = report(
        [
            Row(name="dispatch", value=9.5, unit="µs", ratio=1.4, bar=1.6),
            Row(name="encode", value=1234.5, unit="µs", ratio=2.0, bar=1.6),
            Row(name="described only", value=3, unit="ms"),
        ]
    )

    assert code == 1
    assert capsys.readouterr().out.splitlines() == [
        "                     median  ratio   bar",
        "dispatch            9.50 µs  1.40x  1.6x  ok",
        "encode          1,234.50 µs  2.00x  1.6x  MISSED",
        "described only      3.00 ms",
    ]


def test_figures_at_their_bar_pass():
    """A figure that equals its bar is still good, for a ratio and for a plain value."""
    assert (
        report([Row(name="a", value=9, unit="µs", ratio=2, bar=2), Row(name="b", value=60, unit="modules", bar=60)])
        == 0
    )


def test_every_round_is_measured_after_a_warm_up():
    """The function is called once per loop in every round, and in one more round before them."""
    calls: list[None] = []

    seconds = median_of(lambda: calls.append(None), rounds=3, loops=5)

    assert len(calls) == 20
    assert seconds >= 0
