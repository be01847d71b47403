"""`check`: are the files that the template owns still what it rendered?"""
