"""From a topology to the typed resources of Google Cloud, which every renderer writes down in its own language.

Nothing here knows Terraform or gcloud.
"""
