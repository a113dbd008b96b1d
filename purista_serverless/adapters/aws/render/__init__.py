"""From a plan to texts: a template per stack, and the configuration of the SAM command line."""
