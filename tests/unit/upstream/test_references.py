"""The copies of upstream's references are what was recorded."""

import hashlib

from tests.unit.upstream.comparison import COPIES, ROOT

# Recordings that lie beside a checkout on machines where upstream itself was run.
RECORDED = ROOT.parent / "shared" / "upstream"


def test_the_copies_are_unchanged():
    """Each copy has the digest of its list, and is byte for byte what was recorded where the recordings are at hand."""
    lines = (COPIES / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    copies = {path.name: path.read_bytes() for path in COPIES.glob("*.json")}

    assert {name: hashlib.sha256(content).hexdigest() for name, content in copies.items()} == listed
    for name, content in copies.items():
        recorded = RECORDED / name
        assert not RECORDED.is_dir() or recorded.read_bytes() == content, name
