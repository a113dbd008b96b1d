"""A plan as Terraform's configuration, in its syntax of JSON."""
