"""Reflex reads this file to build and run the app."""

import reflex as rx

from crm_app.config import get_settings
from crm_app.ui.chunks import FewChunks
from crm_app.ui.plugin import ProductAssets
from crm_app.ui.same_origin import ANY_ADDRESS, SameOrigin

settings = get_settings()

config = rx.Config(
    app_name="crm_app",
    frontend_port=settings.port,
    backend_port=settings.port,
    backend_host=settings.host,
    api_url=ANY_ADDRESS,
    deploy_url=ANY_ADDRESS,
    cors_allowed_origins=list(settings.allowed_origins),
    redis_url=settings.redis_url,
    state_manager_mode=(
        rx.constants.StateManagerMode.REDIS if settings.redis_url else rx.constants.StateManagerMode.MEMORY
    ),
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[ProductAssets(), SameOrigin(), FewChunks()],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
