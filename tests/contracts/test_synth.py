"""The build of the providers that do not exist keeps the contract of every build."""

from purista_serverless.testing.contracts.synth import SynthContract
from purista_serverless.testing.manifest import read


class _ManifestContract(SynthContract):
    def read(self, files):
        """Read the manifest, which is what all doubles render."""
        return read(files)


class TestIdeal(_ManifestContract):
    """A provider without limits."""

    adapter_name = "purista_serverless.testing.descriptors:IDEAL"


class TestSqsLike(_ManifestContract):
    """A provider that queues like SQS."""

    adapter_name = "purista_serverless.testing.descriptors:SQS_LIKE"


class TestPushLike(_ManifestContract):
    """A provider that pushes like Pub/Sub."""

    adapter_name = "purista_serverless.testing.descriptors:PUSH_LIKE"
