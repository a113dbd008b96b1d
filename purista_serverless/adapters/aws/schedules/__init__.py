"""Schedules that are kept apart from the rest of a deployment: those of EventBridge Scheduler in the stack's group."""
