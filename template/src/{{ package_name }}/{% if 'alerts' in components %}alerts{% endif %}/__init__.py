"""What servers that watch are told to do: rules and routes of alarms, dashboards, and numbers that nobody can fetch."""

from __future__ import annotations

#: As the model, the distribution and the command are called: the label `job` of all that Prometheus keeps of this project.
JOB = __name__.partition(".")[0].replace("_", "-")
