"""Tools on what is deployed: dead letters and jobs."""
