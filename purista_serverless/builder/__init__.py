"""What users declare with: services, handles, schedules, options; and what turns that into an ``Application``.

Everything but ``compile`` and ``problems`` is on the cold path, because a deployed handler imports the module that
declares its contracts. So a declaration only records what was written and where; nothing is parsed, checked or
resolved before ``compile_application`` looks at all of it.
"""
