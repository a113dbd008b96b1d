"""A module that ends with an error of the kit while it is imported."""

from purista_serverless import HandledError

raise HandledError(422, "not today")
