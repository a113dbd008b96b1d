"""``graph``: the application as a picture."""

import click

from purista_serverless.cli.command import Command, with_project
from purista_serverless.cli.output import show
from purista_serverless.cli.project import Project

SHAPE = """
{"application": "orders", "mermaid": "flowchart LR\\n    n1[...]"}
"""


@click.command(cls=Command, example="graph > orders.mmd", shape=SHAPE)
@with_project
def graph(*, project: Project) -> None:
    """Draw what starts what, as a Mermaid flowchart.

    Paste the text into a ```mermaid block of a Markdown file; most forges and editors draw it.
    """
    from purista_serverless.exports.graph import graph as draw
    from purista_serverless.topology import topology_of

    text = draw(topology_of(project.model))
    show({"application": project.model.name, "mermaid": text}, text.rstrip("\n"))
