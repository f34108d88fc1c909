"""WAHA, the self-hosted WhatsApp HTTP API (checked against its OpenAPI description of 2026.7.1)."""
