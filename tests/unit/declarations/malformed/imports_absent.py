"""A handler module that imports something absent."""

import absent_module  # type: ignore[import-not-found]  # noqa: F401 - it is absent on purpose
