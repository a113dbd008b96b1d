"""What Cloud Scheduler fires for an expression: exactly its slots, or at least at each of them."""

from purista_serverless.schedule import DstPolicy, Expression, Knocks, Refusal, Translation
from purista_serverless.schedule.dialects.knocks import knock_at
from purista_serverless.schedule.dialects.unix import translate_google


def translate(expression: Expression, timezone: str, policy: DstPolicy) -> Translation | Knocks | Refusal:
    """Translate an expression in a zone for Cloud Scheduler.

    Where wall-clock times meet a clock change, where an interval repeats on no day, and where five fields cannot say
    it, jobs fire more often than the schedule has slots, and its gate starts what is due.

    Example:
        >>> from datetime import timedelta
        >>> from purista_serverless.schedule import Interval
        >>> translate(Interval(timedelta(minutes=7)), "UTC", DstPolicy()).expressions
        ('* * * * *',)
    """
    translated = translate_google(expression, timezone, policy)
    return knock_at("google", expression, timezone, policy) if isinstance(translated, Refusal) else translated
