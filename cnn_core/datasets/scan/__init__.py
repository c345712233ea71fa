"""What a data set holds that would hurt training."""
