"""Training runs as processes: launch, queue, watch, stop, resume; the command line of training."""
