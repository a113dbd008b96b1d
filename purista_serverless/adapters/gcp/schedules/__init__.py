"""Schedules that are kept apart from the rest of a deployment: jobs of Cloud Scheduler."""
