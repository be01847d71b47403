"""Rules of alarms: a file here with `Rules` takes part."""
