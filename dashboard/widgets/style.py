"""The page's own style on top of the theme: less air above, a calm grid of photos, no clutter."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from dashboard.figures.pictures.mosaic import data_uri
from dashboard.figures.theme import Theme, theme_of

PAGE = """
<style>
.stMainBlockContainer { padding: 0 2.6rem 3rem; max-width: 1560px; margin: 0 auto; }
[data-testid="stHeader"] { background: transparent; }
[data-testid="stStatusWidget"] { position: fixed; right: 1rem; bottom: .6rem; }
[data-testid="stHeader"], [data-testid="stHeader"] :not(button, button *) { pointer-events: none; }
.stMainBlockContainer > .stVerticalBlock > :has(> .st-key-pages) {
  position: sticky; top: 0; z-index: 99; padding: .9rem 3rem .8rem 0; margin-bottom: .2rem;
  border-image: linear-gradient(var(--ground) calc(100% - 1px), var(--line) 0) fill 0 // 0 100vmax;
}
.st-key-pages { gap: .3rem 1.5rem !important; position: relative; }
.st-key-pages > .st-key-present { position: absolute; right: -2rem; top: -.5rem; }
:has([data-testid="stExpandSidebarButton"]) .st-key-pages { padding-left: .6rem; }
.st-key-pages > * { width: auto !important; flex: none !important; }
@media (max-width: 1400px) { .st-key-pages [class*="st-key-pages-"] > :has(> .stMarkdown) { display: none; } }
[class*="st-key-pages-"] { align-items: center; flex-wrap: nowrap !important; }
[class*="st-key-pages-"] > * { width: auto !important; min-width: 0; flex: none; }
.st-key-pages p { font-size: .875rem; line-height: 1.3; white-space: nowrap; }
[class*="st-key-pages-"] .stMarkdown p {
  opacity: .68; font-size: .72rem; text-transform: uppercase; letter-spacing: .06em; padding-right: .3rem;
}
.st-key-pages a { padding: .2rem .5rem; margin: 0; }
@media (max-width: 1400px) {
  .st-key-pages a { padding: .2rem .34rem; }
  .st-key-pages p { font-size: .84rem; }
}
.st-key-pages a:focus-visible { outline: 2px solid var(--accent); }
.st-key-pages a[aria-current="page"] { background: color-mix(in srgb, var(--accent) 15%, transparent); }
.st-key-pages a[aria-current="page"] p { color: var(--accent); }
[data-testid="stSidebarHeader"] { position: absolute; right: 0; height: 3.4rem; margin: 0; z-index: 1; }
[data-testid="stSidebarUserContent"] { padding-top: .9rem; padding-bottom: 1rem; }
[data-testid="stSidebarUserContent"] .stVerticalBlock { gap: .6rem; }
[data-testid="stSidebarUserContent"] hr { margin: .3rem 0; }
h1 { font-size: 2rem !important; padding: 0 0 .5rem !important; letter-spacing: -.01em; }
h2 { font-size: 1.3rem !important; padding: .4rem 0 .1rem !important; }
h3 { font-size: 1.2rem !important; padding: .5rem 0 .4rem !important; }
[data-testid="stImage"] img { border-radius: .6rem; }
[data-testid="stCaptionContainer"] p { line-height: 1.45; }
[data-testid="stMetric"] { padding: 0; }
[data-testid="stMetricValue"] { font-size: 1.5rem; }
[data-testid="stMetricLabel"] * { white-space: normal; overflow: visible; }
[data-testid="stFileUploaderDropzone"] { padding: .5rem .8rem; min-height: 0; }
[data-testid="stSidebarUserContent"] [data-testid="stFileUploaderDropzone"] { padding: .2rem .4rem; }
[data-testid="stFileUploaderDropzoneInstructions"], .stFileUploaderFileName ~ small { display: none; }
.room { border-radius: .6rem; background: var(--line); opacity: .5; animation: room 1.6s infinite alternate; }
.room.picture { aspect-ratio: 1; } .room.line { height: 1.6rem; margin-bottom: .8rem; }
@keyframes room { to { opacity: .25; } }
@media (prefers-reduced-motion) { .room { animation: none; } }
.lead { font-size: 1.06rem; line-height: 1.6; }
.answer { line-height: 1.05; font-weight: 700; letter-spacing: -.02em; }
.sure { font-size: 1.25rem; opacity: .72; margin: .3rem 0 .9rem; }
.step { text-align: center; font-size: .8rem; opacity: .68; margin-top: -.6rem; }
.card b { font-weight: 650; } .card { line-height: 1.5; font-size: .95rem; }
.card span { opacity: .68; font-size: .86rem; }
button[kind="tertiary"] kbd { display: none; }
.knows { font-size: .9rem; }
.own-name { opacity: .68; font-family: "Source Code Pro", monospace; font-size: .84em; }
.row-of-pictures { display: grid; gap: .8rem .7rem; }
.row-of-pictures figure { margin: 0; min-width: 0; }
.row-of-pictures img { display: block; width: 100%; border-radius: .6rem; }
.row-of-pictures .marked img { outline: 3px solid var(--accent); outline-offset: 2px; }
.row-of-pictures figcaption {
  font-size: .8rem; line-height: 1.35; opacity: .68; margin-top: .3rem; overflow-wrap: anywhere;
}
.row-title { font-weight: 600; margin: .2rem 0 .4rem; }
.counts { max-height: 22rem; overflow: auto; }
.counts table { border-collapse: collapse; width: 100%; font-size: .95rem; }
.counts th { text-align: left; font-weight: 500; opacity: .68; font-size: .86rem; }
.counts th, .counts td { padding: .3rem .9rem .3rem 0; vertical-align: top; }
.counts td:first-child { overflow-wrap: anywhere; }
.counts tbody tr { border-top: 1px solid var(--line); }
.counts tfoot td { opacity: .68; border-top: 1px solid var(--line); }
.run-figures, .settings { border-collapse: collapse; font-size: .9rem; line-height: 1.4; min-width: 100%; }
.run-figures th, .run-figures td, .settings th, .settings td {
  padding: .32rem .9rem .32rem .3rem; text-align: left; vertical-align: top;
  border: 0; border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent);
}
.run-figures tbody th, .settings tbody th { font-weight: 400; }
.run-figures thead th { font-weight: 500; opacity: .72; vertical-align: bottom; }
.run-figures .number {
  text-align: right; font-variant-numeric: tabular-nums; padding-left: .8rem; padding-right: 0;
}
.run-figures tbody .number { white-space: nowrap; }
.run-figures thead .chosen, .run-figures tbody .chosen { font-weight: 650; opacity: 1; }
.settings thead th { font-weight: 650; overflow-wrap: anywhere; }
.settings td { overflow-wrap: anywhere; }
.settings tbody th { opacity: .8; }
.settings .same td { opacity: .7; }
.settings .differs th { opacity: 1; }
.settings.all .differs td, .settings.all .differs th { font-weight: 650; }
.settings .mark { width: 1.4rem; padding-right: 0; }
.bar { height: 5px; border-radius: 3px; background: var(--accent); margin-top: .25rem; }
.run-head { margin: .2rem 0 .1rem; font-size: 1.02rem; }
.run-head .when { opacity: .68; font-size: .86rem; margin-left: .5rem; }
.run-head .chip { margin-right: .5rem; }
.figures { display: flex; flex-wrap: wrap; gap: .5rem 2.2rem; }
.figures span, .figures small { display: block; opacity: .68; font-size: .8rem; line-height: 1.35; }
.figures b { font-size: 1.25rem; font-weight: 600; line-height: 1.3; }
.chip { display: inline-block; border-radius: 1rem; padding: .1rem .7rem; font-size: .86rem; font-weight: 600;
  border: 1.5px solid currentColor; }
.chip-running, .chip-finishing, .chip-preparing { color: var(--accent); }
.chip-finished { color: var(--ground); background: var(--accent); border-color: var(--accent); }
.chip-failed, .chip-interrupted { color: var(--frame); }
.chip-queued, .chip-paused, .chip-cancelled { color: var(--muted); }
.st-key-photos, .st-key-data-photos {
  display: grid !important; grid-template-columns: repeat(4, 1fr); gap: 8px;
}
.st-key-photos > *, .st-key-data-photos > * { width: 100% !important; min-width: 0; }
[class*="st-key-photo-"] button {
  width: 100%; aspect-ratio: 1; min-height: 0; padding: 0; border: 0; position: relative;
  border-radius: .5rem;
  background-size: cover; background-position: center; transition: transform .12s, box-shadow .12s;
}
[class*="st-key-photo-"] button p { font-size: 0; }
[class*="st-key-photo-"] button:hover { transform: scale(1.05); }
[class*="st-key-photo-"] button:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
.stButtonGroup [role="radiogroup"] { flex-wrap: wrap; }
[class*="-steps-"] { flex-wrap: nowrap !important; }
[class*="-steps-"] > [data-testid="stLayoutWrapper"] { flex: 1 1 0; min-width: 0; }
.stMain button p { white-space: nowrap; overflow: visible; }
/* The label of a switch wraps instead of ending in an ellipsis or past the edge. */
.stCheckbox > label [data-testid="stWidgetLabel"] p { white-space: normal; overflow: visible; }
.stCheckbox > label { min-width: 0; }
@media (max-width: 1100px) {
  .stMainBlockContainer { padding: 0 1.2rem 3rem; }
  .st-key-pages > .st-key-present { right: -1.4rem; }
  .stMain [data-testid="stHorizontalBlock"]:has(> .stColumn > .stVerticalBlock > * WIDGET) {
    flex-wrap: wrap; row-gap: .6rem;
  }
  .stMain .stColumn:has(> .stVerticalBlock > * WIDGET) { min-width: 12rem; }
}
</style>
"""


WIDGETS = ":is(.stSlider, .stSelectbox, .stButtonGroup, .stTextInput, .stNumberInput, .stProgress)"


def page_style() -> None:
    """Put the style on the page; once per run."""
    theme = theme_of(st.context.theme.type)
    names = ("accent", "ground", "line", "frame", "muted")
    colours = "".join(f"--{name}:{getattr(theme, name)};" for name in names)
    st.html(f"{PAGE.replace('WIDGET', WIDGETS)}<style>:root{{{colours}}}</style>")


def photo_buttons_style(thumbnails: Mapping[str, bytes], chosen: str | None, theme: Theme) -> None:
    """Show photos as the faces of their buttons; the chosen one is framed and ticked.

    Args:
        thumbnails: JPEG bytes by key of the button.
        chosen: key of the chosen button, or None.
        theme: colours of the page.
    """
    rules = [
        f".st-key-{key} button{{background-image:url({data_uri(content, 'jpeg')})}}"
        for key, content in thumbnails.items()
    ]
    if chosen is not None:
        accent, ground = theme.accent, theme.ground
        rules.append(
            f".st-key-{chosen} button{{box-shadow:0 0 0 2px {ground},0 0 0 5px {accent}}}"
            f".st-key-{chosen} button::after{{content:'✓';position:absolute;right:3px;bottom:3px;width:17px;"
            f"height:17px;border-radius:50%;background:{accent};color:{ground};font:700 12px/17px sans-serif;"
            "text-align:center}"
        )
    st.html(f"<style>{''.join(rules)}</style>")


def theme() -> Theme:
    """The colours of the theme that the browser shows."""
    return theme_of(st.context.theme.type)
