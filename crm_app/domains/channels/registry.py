"""Which vendors this installation can talk to. A new one is registered here and nowhere else."""

from collections.abc import Mapping
from types import MappingProxyType

from crm_app.core.errors import Invalid
from crm_app.domains.channels.providers.base import ProviderSpec
from crm_app.domains.channels.providers.simulator.provider import SPEC as SIMULATOR
from crm_app.domains.channels.providers.waha.provider import SPEC as WAHA

PROVIDERS: Mapping[str, ProviderSpec] = MappingProxyType({spec.key: spec for spec in (SIMULATOR, WAHA)})


def find_provider(key: str) -> ProviderSpec | None:
    """Return the provider with this key, or None."""
    return PROVIDERS.get(key)


def get_provider(key: str) -> ProviderSpec:
    """Return the provider with this key. Raises `Invalid`."""
    spec = find_provider(key)
    if spec is None:
        raise Invalid("errors.channels.unknown_provider", field="provider", provider=key[:30])
    return spec
