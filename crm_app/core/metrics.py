"""Numbers about this process for Prometheus. Labels have few values: never an id, never free text."""

from prometheus_client import Counter, Gauge, Histogram

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

http_seconds = Histogram(
    "prumo_http_request_seconds", "Time of an HTTP request", ["method", "route", "status"], buckets=_LATENCY
)
websockets = Gauge("prumo_websockets", "Open websockets of this process")
job_seconds = Histogram("prumo_job_seconds", "Time of a job", ["job", "outcome"], buckets=(*_LATENCY, 30, 60, 300))
facts = Counter("prumo_facts", "Facts published after commit", ["name"])
queue_jobs = Gauge("prumo_queue_jobs", "Jobs in the queue", ["status"])
queue_lag_seconds = Gauge("prumo_queue_lag_seconds", "How long the oldest job that is due has been waiting")
