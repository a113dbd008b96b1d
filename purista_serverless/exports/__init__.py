"""Documents about an application, for people and other tools: each module gives texts, none writes a file."""
