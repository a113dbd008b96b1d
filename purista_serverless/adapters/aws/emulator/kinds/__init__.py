"""One module per group of resource types; each makes resources through boto3 and knows no other."""
