"""Other machines: databases, services and stores, by addresses in which nothing secret is written down."""
