"""What a new build would do to what is deployed."""
