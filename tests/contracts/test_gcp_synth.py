"""The build for Google Cloud keeps the contract of every build."""

from purista_serverless.testing.contracts.synth import SynthContract
from tests.contracts.gcp_terraform import read


class TestGcp(SynthContract):
    """One project."""

    adapter_name = "gcp"
    # Rights on Firestore end at the database, and a clock that cannot publish has nothing to bury.
    records_are_bounded = False
    carried_edges_are_buried = False

    def read(self, files):
        """Read the Terraform."""
        return read(files)
