"""What explains the chosen model, and the gates that go with it. A file that is there takes part; `analyse` runs them all."""
