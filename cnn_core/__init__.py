"""Look inside a trained convolutional network: the library under the Convscope dashboard."""

__version__ = "0.1.0"
