"""Networks saved by Keras 2 and tf_keras, built again from their description with layers of Keras 3."""
