"""Settings of the climb, with what a form needs to ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from cnn_core.settings import number, optional_number


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternParams:
    """Settings of the climb.

    Attributes:
        steps: steps of gradient ascent.
        canvas_px: side of the pictures; None fits it to what a unit of the layer sees.
        seed: of the noise that the climb starts from, and of the jitter.
        jitter: how far the picture is moved at random before each step, 0..1 of its play (``play_px``).
        smoothness: how much easier long waves are painted than short ones.
        colour: how much harder vivid colours are painted than greys; 1 as in photos.
        contrast: how far the climb goes; much makes pictures of black, white and pure colours.
    """

    steps: int = number(32, "Steps", "More steps make clearer patterns and take longer.", 8, 256, 8)
    canvas_px: int | None = optional_number(
        "Canvas (px)", "Side of the pictures. Automatic: what a unit sees, and a margin.", 16, 224, 8
    )
    seed: int = number(0, "Seed", "Another seed starts from other noise.", 0, 9999, 1)
    jitter: float = number(
        1.0, "Jitter", "Moving the picture before each step keeps it free of noise and frames.", 0, 1, 0.05
    )
    smoothness: float = number(0.65, "Smoothness", "More favours large shapes over fine texture.", 0, 2, 0.05)
    colour: float = number(0.5, "Natural colours", "More favours greys over vivid colours.", 0, 1, 0.1)
    contrast: float = number(16.0, "Contrast", "How soon colours reach black and white.", 1, 40, 1)
