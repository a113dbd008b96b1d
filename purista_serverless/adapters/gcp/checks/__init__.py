"""What no linter finds: the plan against the rules of Google Cloud that hold between its parts.

Promises are judged before (``synth.promises``); this is about what they became. A finding names the declaration that
has to change.
"""
