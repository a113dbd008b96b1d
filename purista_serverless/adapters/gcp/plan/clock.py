"""What Cloud Scheduler fires for an expression."""

from purista_serverless.schedule.dialects.unix import translate_google as translate

__all__ = ["translate"]
