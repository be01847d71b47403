"""What a run knows: a `Fragment` each, found by being here."""
