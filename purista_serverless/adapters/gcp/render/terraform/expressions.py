"""Texts and references as Terraform writes them: in its JSON every text is a template."""

import re
from json import dumps

from purista_serverless.adapters.gcp.plan.resources import Sub, Text

# What a team sets stands in a text of JSON, where its quotes are replaced together with it.
_PLACE = re.compile(r'"\$\{((?:command|config)\.[^}]+)\}"|\$\{([a-z]+)\}')

_PLACES = {
    "project": "var.project",
    "region": "var.region",
    "prefix": "var.prefix",
    "image": "var.image",
    "number": "data.google_project.this.number",
}


def template(text: Text) -> str:
    """Write a text so that Terraform gives it as it was meant, with the values of the deployment in its places.

    Example:
        >>> template(Sub("projects/${project}/topics/${prefix}-orders"))
        'projects/${var.project}/topics/${var.prefix}-orders'
        >>> template(Sub('{"RATE":"${config.RATE}"}'))
        '{"RATE":${jsonencode(var.config_RATE)}}'
        >>> template("${HOME} stays")
        '$${HOME} stays'
    """
    if not isinstance(text, Sub):
        return _escaped(text)
    written, end = [], 0
    for place in _PLACE.finditer(text):
        written += [_escaped(text[end : place.start()]), _value(place[1], place[2])]
        end = place.end()
    return "".join((*written, _escaped(text[end:])))


def variable_name(name: str) -> str:
    """Give the name of a variable of the plan, as Terraform may have it.

    Example:
        >>> variable_name("config.PAYMENTS_URL")
        'config_PAYMENTS_URL'
        >>> variable_name("command.Legacy.1.ship")
        'command_Legacy-1-ship'
    """
    return name.replace(".", "_", 1).replace(".", "-")


def expression(text: str) -> str:
    """Write an expression where a text is expected.

    Example:
        >>> expression("google_pubsub_topic.orders.id")
        '${google_pubsub_topic.orders.id}'
    """
    return f"${{{text}}}"


def quoted(text: str) -> str:
    r"""Write a text as a literal inside an expression.

    Example:
        >>> quoted('{"a":"${b}"}')
        '"{\\"a\\":\\"$${b}\\"}"'
    """
    return _escaped(dumps(text, ensure_ascii=False))


def _value(setting: str | None, place: str) -> str:
    if setting is not None:
        return expression(f"jsonencode(var.{variable_name(setting)})")
    return expression(_PLACES[place])


def _escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")
