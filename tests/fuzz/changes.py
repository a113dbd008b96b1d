"""Changes to recorded input, as a fuzzer decides on them."""

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any


def changed(wire: Any, choices: Any, strangers: Sequence[Any], names: Sequence[str]) -> Any:
    """Replace one member somewhere inside of a value, or add one; a text that is JSON may be changed inside.

    Args:
        wire: The value; what is inside of it is changed in place.
        choices: The fuzzer's decisions.
        strangers: What may stand in for a member.
        names: Members that may be added.
    """
    if isinstance(wire, str) and wire[:1] in {"{", "["} and choices.ConsumeBool():
        try:
            return json.dumps(changed(json.loads(wire), choices, strangers, names))
        except ValueError:
            return wire
    if not isinstance(wire, dict | list) or not wire or choices.ConsumeIntInRange(0, 9) == 0:
        if choices.ConsumeIntInRange(0, 3) == 0:
            return choices.ConsumeUnicode(24)
        # A copy: it may be changed inside by the next decision, and must be as new for the next input.
        return deepcopy(strangers[choices.ConsumeIntInRange(0, len(strangers) - 1)])
    if isinstance(wire, list):
        at = choices.ConsumeIntInRange(0, len(wire) - 1)
        wire[at] = changed(wire[at], choices, strangers, names)
        return wire
    members = [*wire, names[choices.ConsumeIntInRange(0, len(names) - 1)]]
    name = members[choices.ConsumeIntInRange(0, len(members) - 1)]
    if choices.ConsumeIntInRange(0, 7) == 0:
        wire.pop(name, None)
    else:
        wire[name] = changed(wire.get(name), choices, strangers, names)
    return wire
