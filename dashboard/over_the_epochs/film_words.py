"""What is said of a pattern that hardly shows anything, so that nobody takes it for a missing picture."""

from __future__ import annotations

from dashboard.figures.colours import UInt8

PLAIN_CONTRAST = 6.0  # standard deviation of the pixels, 0..255
GREY, NEAR_GREY = 128, 8  # where every climb starts, and how far its faint noise may be from it
BRIGHT, DARK = 215, 40


def is_plain(pattern: UInt8) -> bool:
    """Whether a pattern ``(H, W, c)`` shows nothing but one colour."""
    return bool(pattern.std(axis=(0, 1)).max() < PLAIN_CONTRAST)


def plain_words(patterns: UInt8, place: int) -> str | None:
    """Why the pattern of an epoch shows nothing; None if it does show something.

    Args:
        patterns: of all epochs, ``(n, H, W, c)``.
        place: of the epoch among them.
    """
    if not is_plain(patterns[place]):
        return None
    colours = patterns[place].mean(axis=(0, 1))  # (c,)
    if abs(colours - GREY).max() < NEAR_GREY:
        return (
            "Plain grey: the climb found no way up from its faint noise, so no picture drives this filter "
            "in this epoch."
        )
    name = "white" if colours.min() > BRIGHT else "black" if colours.max() < DARK else "of one colour"
    if all(is_plain(earlier) for earlier in patterns[:place]):
        return f"Almost plain, {name}: this filter does not see any shape yet; an even patch drives it most."
    return f"Almost plain, {name}: in this epoch an even patch drives this filter more than any texture."
