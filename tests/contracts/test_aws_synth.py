"""The build for AWS keeps the contract of every build, in one stack and in many."""

from purista_serverless.adapter import configure
from purista_serverless.adapters import load_adapter
from purista_serverless.testing.contracts.synth import SynthContract
from tests.contracts.aws_templates import read

NESTED = configure(load_adapter("aws"), {"stacks": "nested"})


class _TemplateContract(SynthContract):
    def read(self, files):
        """Read the templates."""
        return read(files)


class TestAws(_TemplateContract):
    """One stack."""

    adapter_name = "aws"


class TestNested(_TemplateContract):
    """One stack per service."""

    adapter_name = f"{__name__}:NESTED"
