"""The parts of the page of one neuron: what makes it fire, over a whole data set."""
