"""The demo: an agency that looks alive, made of a few data files and one seed."""

from crm_app.demo.seed import DemoSummary, seed_demo

__all__ = ["DemoSummary", "seed_demo"]
