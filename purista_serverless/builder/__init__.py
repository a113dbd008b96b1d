"""What users declare with: services, handles, schedules, options; and what turns that into an ``Application``.

Everything but ``compile``, ``tracking`` and ``problems`` is on the cold path, because a deployed handler imports the
module that declares its contracts. So a declaration only records what was written and where; nothing is parsed, checked
or resolved before ``compile_application`` looks at all of it.
"""

from purista_serverless.builder.handles import Command, Event, Queue
from purista_serverless.builder.service import ServiceBuilder
from purista_serverless.builder.values import Config, Resource, Schedule, Secret

__all__ = ["Command", "Config", "Event", "Queue", "Resource", "Schedule", "Secret", "ServiceBuilder"]
