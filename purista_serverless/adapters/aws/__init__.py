"""AWS: functions on Lambda behind SQS, EventBridge, EventBridge Scheduler and HTTP.

The run half (``entry``, ``batch``, ``gateway``, ``direct``, ``codecs``, ``ports``) and the build half (``descriptor``,
``plan``, ``render``) never import each other; what both must spell alike is in ``constants``. This file runs on every
cold start and holds text only.
"""
