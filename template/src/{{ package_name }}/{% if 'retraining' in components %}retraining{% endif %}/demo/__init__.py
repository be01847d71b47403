"""A year of traffic with something planted, through the real service, log, registry and loop; and its twin without."""
