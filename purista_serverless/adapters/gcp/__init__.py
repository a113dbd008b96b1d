"""Google Cloud: Cloud Run functions, Pub/Sub, Cloud Scheduler, Cloud Tasks and Firestore.

The build half (``plan``, ``checks``, ``render``) and the run half (``entry`` and what it imports) never meet.
"""
