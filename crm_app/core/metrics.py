"""Numbers for Prometheus. Labels have few values: never an id, never free text."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from crm_app.config import get_settings

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

http_seconds = Histogram(
    "prumo_http_request_seconds", "Time of an HTTP request", ["method", "route", "status"], buckets=_LATENCY
)
websockets = Gauge("prumo_websockets", "Open websockets", multiprocess_mode="livesum")
job_seconds = Histogram("prumo_job_seconds", "Time of a job", ["job", "outcome"], buckets=(*_LATENCY, 30, 60, 300))
facts = Counter("prumo_facts", "Facts published after commit", ["name"])
queue_jobs = Gauge("prumo_queue_jobs", "Jobs in the queue", ["status"], multiprocess_mode="mostrecent")
queue_lag_seconds = Gauge(
    "prumo_queue_lag_seconds",
    "How long the oldest job that is due has been waiting",
    multiprocess_mode="mostrecent",
)


def exposition() -> bytes:
    """Return the numbers as text: of this process, or of all web processes when there are several."""
    if get_settings().metrics_dir is None:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
