"""Everything that Convscope refuses, as exceptions whose message a person can act on.

Every message says what was expected, what came, and what to do. Only ``dashboard`` turns one
into a box on the page; nothing else catches them broadly.
"""


class ConvscopeError(Exception):
    """Base class: an expected failure, told in one sentence."""


class ImageError(ConvscopeError):
    """A file that is no usable picture."""


class ModelError(ConvscopeError):
    """A model that cannot be loaded or cannot be analysed."""


class NotFiniteError(ModelError, ValueError):
    """A result with NaN or infinity in it."""


class InvalidRequestError(ConvscopeError):
    """A layer, channel, class, method or parameter that does not exist for this model."""


class DataError(ConvscopeError):
    """A data folder that is missing, empty or not one folder per class."""


class TrainingError(ConvscopeError):
    """A training run that cannot go on, with what to change."""


class DivergedError(TrainingError):
    """A loss that is no longer a number; the same settings would lead there again."""


class ChangedSettingsError(TrainingError):
    """Settings of a run that were changed after it had begun, and that cannot be from there on."""


class Cancelled(ConvscopeError):
    """The person asked a long computation to stop."""


def causes(error: BaseException) -> list[BaseException]:
    """The error and those that it was raised from, or while handling, outermost first."""
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in found:
        found.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return found
