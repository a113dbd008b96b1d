"""A plan as files: Terraform's configuration, and a script for gcloud."""
