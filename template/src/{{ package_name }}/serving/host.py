"""The machine below the service, in numbers for Prometheus: what it has, and what of it is free."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_KIBIBYTE = 1024
_MEMORY, _LIMIT = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")


class Host(Collector):
    """Processors, load, memory and disk, looked up when somebody asks; what a system does not say is left out."""

    def collect(self) -> Iterator[Metric]:
        """The numbers as Prometheus has them."""
        yield GaugeMetricFamily("serving_host_processors", "Processors of the machine.", os.cpu_count() or 1)
        if hasattr(os, "getloadavg"):
            yield GaugeMetricFamily(
                "serving_host_load", "Processes that ran or waited, over a minute.", os.getloadavg()[0]
            )
        memory = _memory()
        if {"MemTotal", "MemAvailable"} <= memory.keys():
            yield GaugeMetricFamily("serving_host_memory_bytes", "Memory of the machine.", memory["MemTotal"])
            said = "Memory of the machine that can be had."
            yield GaugeMetricFamily("serving_host_memory_available_bytes", said, memory["MemAvailable"])
        limit = _text(_LIMIT).strip()
        if limit.isdigit():
            yield GaugeMetricFamily("serving_memory_limit_bytes", "What the container may take of it.", int(limit))
        if hasattr(os, "statvfs"):
            disk = os.statvfs(".")
            said = "Free on the disk of the service's folder."
            yield GaugeMetricFamily("serving_host_disk_free_bytes", said, disk.f_bavail * disk.f_frsize)


def _memory() -> dict[str, int]:
    """Linux's account of its memory, in bytes."""
    lines = (line.split() for line in _text(_MEMORY).splitlines())
    return {words[0].rstrip(":"): int(words[1]) * _KIBIBYTE for words in lines if len(words) > 1 and words[1].isdigit()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""
