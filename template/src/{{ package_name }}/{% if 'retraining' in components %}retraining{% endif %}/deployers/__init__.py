"""How a new model comes to serve: each file here has a `Deployer`; the one of the highest rank that may is asked."""
