"""Traffic on services that are killed and given garbage meanwhile."""
