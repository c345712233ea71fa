"""What to try next, in words that fit the settings of a run: nobody can take less of what is not used."""

from __future__ import annotations

from cnn_core.training.diagnosis.task import Task

FEW_TRAINING = 500  # photos for training below which more of them are told first


def strains(task: Task) -> list[str]:
    """What makes the training harder; what is not known may."""
    absent = {"dropout": task.dropout == 0, "augmentation": task.augmented is False}
    return [name for name in absent if not absent[name]]


def less_strain(task: Task) -> str:
    """What could be taken away, as ``less dropout or augmentation``; empty where neither is used."""
    used = strains(task)
    return f"less {' or '.join(used)}" if used else ""


def more_strain(task: Task) -> str:
    """What could be added against learning by heart: ``augmentation, more dropout``."""
    augmentation = "stronger augmentation" if task.augmented else "augmentation"
    return f"{augmentation}, {'dropout' if task.dropout == 0 else 'more dropout'}"


def photos_first(task: Task) -> str:
    """That more photos help most where there are few, a sentence with a space behind; else empty."""
    count = task.training_pictures
    if count is None or count >= FEW_TRAINING:
        return ""
    return f"With {count:,} training photos, more photos help most. "


def against_heart(task: Task, slower: str = "") -> str:
    """What to try where training photos are learned by heart, without the end of the sentence.

    Args:
        task: of the run.
        slower: another thing to try, with a space before and a comma behind it, or nothing.
    """
    first, more = photos_first(task), more_strain(task)
    ways = more.replace(", ", " or ") if first else f"{more} or more photos"
    return f"{first}To get further, try{slower} {ways}"


def narrower_gap(task: Task) -> str:
    """What may bring training and validation nearer to each other."""
    amount = "A little more" if strains(task) else "A little"
    return f"{amount} augmentation or dropout may narrow the gap; more photos would."


def harder_training(task: Task) -> str:
    """Why validation may be ahead of training."""
    reasons = strains(task)
    if not reasons:
        return (
            "each training picture is judged in the middle of its epoch, before the network has learned the "
            "rest of it"
        )
    verb = "make" if len(reasons) > 1 else "makes"
    return f"{' and '.join(reasons)} {verb} the training pictures harder"
