"""What the suites leave out on AWS; ``docs/aws-contracts.md`` shows the same list."""

from tests.contracts.gaps import Gap

_BINARY = Gap(
    kind="not offered",
    subject="bodies that are no text",
    tests=("test_input_that_does_not_decode_is_a_dead_letter_at_once",),
    case="binary",
    why="SQS takes text only.",
)
QUEUE_GAPS = (
    Gap(
        kind="not offered",
        subject="a run that outlasts its lease",
        tests=("test_a_run_that_lost_its_lease_is_told_to_stop_and_may_write_nothing",),
        why="Lambda ends a run at its function's timeout, which no lease is shorter than, so that no run learns of it.",
    ),
    Gap(
        kind="not offered",
        subject="a run that overruns `max_runtime` in a `def` handler",
        tests=("test_runs_longer_than_max_runtime_end_in_a_dead_letter",),
        case="sync",
        why="Lambda ends it together with its process: it costs an attempt, but the letter cannot tell the error.",
    ),
    Gap(
        kind="not offered",
        subject="a host that stops in good order",
        tests=("test_an_async_run_that_is_interrupted_is_no_attempt_and_starts_again_at_once",),
        why="Lambda never asks a running invocation to stop; a deployment lets it end.",
    ),
    _BINARY,
    Gap(
        kind="not offered",
        subject="empty bodies",
        tests=("test_input_that_does_not_decode_is_a_dead_letter_at_once",),
        case="empty",
        why="SQS refuses them (moto does not).",
    ),
)
EVENT_GAPS = (_BINARY,)
SCHEDULE_GAPS = (
    Gap(
        kind="not offered",
        subject="every policy for clock changes",
        tests=(
            "test_a_time_that_a_clock_change_skips_is_shifted_or_skipped",
            "test_a_time_that_a_clock_change_repeats_is_used_as_declared",
        ),
        why="EventBridge Scheduler has one, skip and the first of two; `check` refuses a schedule that needs another.",
    ),
    Gap(
        kind="not offered",
        subject="intervals that are no whole minutes",
        tests=("test_an_interval_counts_elapsed_time_from_its_anchor",),
        why="EventBridge Scheduler fires on the minute; `check` refuses a schedule that needs more.",
    ),
)
