"""What `import purista_serverless` offers."""

import purista_serverless


def test_public_names_are_pinned(golden):
    """A public name appears or disappears on purpose only, and the list is sorted for readers."""
    names = list(purista_serverless.__all__)

    golden("public_names.txt", "".join(f"{name}\n" for name in names))
    assert names == sorted(names)


def test_lazy_names_resolve():
    """Every public name is resolved on first use and listed by `dir`."""
    for name in purista_serverless.__all__:
        assert getattr(purista_serverless, name) is not None, name

    assert set(purista_serverless.__all__) <= set(dir(purista_serverless))


def test_an_unknown_name_is_an_attribute_error():
    """A name that does not exist fails as it would in any module, so that `hasattr` and `from … import` work."""
    assert not hasattr(purista_serverless, "no_such_name")
