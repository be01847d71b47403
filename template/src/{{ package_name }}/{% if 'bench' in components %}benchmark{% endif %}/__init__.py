"""How fast the service answers, measured over the network interface of this machine and nowhere else."""
