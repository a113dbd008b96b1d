"""What the suites leave out on Google Cloud; ``docs/gcp-contracts.md`` shows the same list."""

from tests.contracts.gaps import Gap

QUEUE_GAPS = (
    Gap(
        kind="not offered",
        subject="a run that outlasts its lease",
        tests=("test_a_run_that_lost_its_lease_is_told_to_stop_and_may_write_nothing",),
        why="A push is ours while its request is open, which no lease is shorter than, so that no run learns of it.",
    ),
    Gap(
        kind="not offered",
        subject="runs of an hour in a function",
        tests=("test_a_run_longer_than_any_lease_never_counts",),
        why="A worker pool pulls such a queue and extends leases (`tests/connected/gcp/test_worker.py`).",
    ),
    Gap(
        kind="not offered",
        subject="a run that overruns `max_runtime` in a `def` handler",
        tests=("test_runs_longer_than_max_runtime_end_in_a_dead_letter",),
        case="sync",
        why="Cloud Run ends its request: it costs an attempt, but the letter cannot tell the error.",
    ),
    Gap(
        kind="not offered",
        subject="a host that stops in good order",
        tests=("test_an_async_run_that_is_interrupted_is_no_attempt_and_starts_again_at_once",),
        why="Cloud Run lets open requests end before it stops an instance, and kills what takes longer.",
    ),
    Gap(
        kind="not offered",
        subject="jitter of pauses after failures",
        tests=("test_the_jitter_spreads_pauses_around_the_backoff",),
        why="What failed comes again by its subscription's own backoff, which `check` tells as degraded.",
    ),
)
EVENT_GAPS = (
    Gap(
        kind="not offered",
        subject="events that the application does not know",
        tests=("test_an_event_that_nobody_listens_to_is_no_error",),
        why="Each event has a topic of its own, and what is not declared has none.",
    ),
)
SCHEDULE_GAPS = (
    Gap(
        kind="not offered",
        subject="a timetable that begins with its deployment",
        tests=(
            "test_a_change_of_anything_else_does_not",
            "test_an_outage_is_caught_up_from_where_it_began",
            "test_two_gates_that_work_at_the_same_time_start_each_slot_once",
        ),
        why="Nobody tells a function that it was deployed: what is missed before it is first fired is not made up for.",
    ),
    Gap(
        kind="not offered",
        subject="a timetable that begins with its deployment",
        tests=("test_a_changed_timetable_starts_afresh",),
        case="time zone",
        why="What is fired late, before the function learns of its new timetable, counts as its first slot.",
    ),
    Gap(
        kind="not offered",
        subject="intervals that are no whole minutes",
        tests=("test_an_interval_counts_elapsed_time_from_its_anchor",),
        why="Cloud Scheduler fires on the minute; `check` refuses a schedule that needs more.",
    ),
)
