"""Changes of what Reflex writes for the browser, where it offers no setting."""


def replace_once(source: str, found: str, wanted: str, *, file: str) -> str:
    """Return `source` with the one place `found` replaced by `wanted`; it may have been replaced before.

    Raises `ValueError` when Reflex's file no longer looks as it did.
    """
    if wanted in source:
        return source
    if source.count(found) != 1:
        raise ValueError(f"{file} of this Reflex version looks different: adapt who calls replace_once for it")
    return source.replace(found, wanted)
