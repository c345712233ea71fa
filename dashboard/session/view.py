"""What a page looks at: the model and the image that the sidebar has chosen."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.session.photo import Photo


@dataclass(frozen=True, slots=True)
class View:
    """What every page looks at."""

    model_key: str
    photo: Photo


@dataclass(frozen=True, slots=True)
class Nothing:
    """What is missing for a view, and what to do about it."""

    title: str
    advice: str
