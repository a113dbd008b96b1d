"""A plan as a script that deploys it with gcloud, and changes nothing when it is run again."""
