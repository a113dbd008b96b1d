"""Looking after what is deployed: jobs and dead letters of a stack. For tools; no function imports it."""
