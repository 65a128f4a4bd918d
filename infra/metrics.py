"""The metrics page: plain counters kept where things happen, read and named only when somebody scrapes."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

MEDIA_TYPE = "text/plain; version=1.0.0"  # the charset is added to it with the body
NAMESPACE = "ridewire"
Source = Callable[[], Iterable[Metric]]


def counter(name: str, help_text: str, value: float) -> Metric:
    """A number that only rises while the process lives."""
    return CounterMetricFamily(f"{NAMESPACE}_{name}", help_text, value=value)


def counters(name: str, help_text: str, label: str, values: dict[str, float]) -> Metric:
    """Rising numbers, one per value of a label."""
    family = CounterMetricFamily(f"{NAMESPACE}_{name}", help_text, labels=[label])
    for value, count in sorted(values.items()):
        family.add_metric([value], count)
    return family


def gauge(name: str, help_text: str, value: float) -> Metric:
    """A number that stands for now."""
    return GaugeMetricFamily(f"{NAMESPACE}_{name}", help_text, value=value)


def gauges(name: str, help_text: str, label: str, values: dict[str, float]) -> Metric:
    """Numbers of now, one per value of a label."""
    family = GaugeMetricFamily(f"{NAMESPACE}_{name}", help_text, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def histogram(name: str, help_text: str, bounds: Sequence[float], counts: Sequence[int], total: float) -> Metric:
    """Counts per bucket: `counts` has one more entry than `bounds`, for what lay above all of them."""
    seen, buckets = 0, []
    for bound, count in zip((*(str(float(bound)) for bound in bounds), "+Inf"), counts, strict=True):
        seen += count
        buckets.append((bound, float(seen)))
    family = HistogramMetricFamily(f"{NAMESPACE}_{name}", help_text)
    family.add_metric([], buckets, sum_value=total)
    return family


class _Sources(Collector):
    def __init__(self, sources: Iterable[Source]) -> None:
        self.sources = list(sources)

    def collect(self) -> Iterable[Metric]:
        for source in self.sources:
            yield from source()


class MetricsPage:
    """What /metrics answers: the given sources and the process itself."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_Sources(sources))
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)

    def render(self) -> bytes:
        """The page in Prometheus' text format."""
        return generate_latest(self.registry)
