"""Reflex reads this file to build and run the app."""

import reflex as rx

from crm_app.config import get_settings
from crm_app.ui.plugin import ProductAssets

settings = get_settings()

config = rx.Config(
    app_name="crm_app",
    frontend_port=settings.port,
    backend_port=settings.port,
    api_url=settings.address,
    deploy_url=settings.address,
    cors_allowed_origins=list(settings.allowed_origins),
    redis_url=settings.redis_url,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[ProductAssets()],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
