"""Messages on their way in: landed as files, which are sources like any other."""
