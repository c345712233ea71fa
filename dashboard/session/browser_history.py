"""The browser's Back button: one press goes back by one thing that the person did."""

from __future__ import annotations

import streamlit as st

KEY = "one-step-each"
# Streamlit makes a step of Back of every change of the address, also where one click changes it
# several times (the page, then its choices) or nobody clicked at all (the choices that a page starts
# with). Here only the first change after something was done makes a step; the others complete it.
# A fast server has made one before this script is there: Back passes over what lies before it.
SCRIPT = """
<span></span><script>
if (!window.oneStepEach) {
  window.oneStepEach = true;
  const push = window.history.pushState.bind(window.history);
  const complete = window.history.replaceState.bind(window.history);
  let acted = false;
  const act = (event) => { acted ||= !event.repeat && !(event.type === "click" && event.detail); };
  for (const kind of ["pointerdown", "keydown", "click", "drop"]) window.addEventListener(kind, act, true);
  window.addEventListener("popstate", () => { acted = false; }, true);
  window.history.pushState = (...entry) => {
    (acted ? push : complete)(...entry);
    acted = false;
  };
  const place = ({ pathname, search }) => pathname + search;
  const opened = window.performance.getEntriesByType("navigation")[0];
  const before = opened ? place(new URL(opened.name)) : place(window.location);
  if (window.history.state && before !== place(window.location)) {
    const pass = () => { if (before === place(window.location)) window.history.back(); };
    window.addEventListener("popstate", pass);
  }
}
</script>
"""


def one_step_each() -> None:
    """Have everything that is done be one step of the Back button; early in each run."""
    st.html(f"<style>:has(> .st-key-{KEY}) {{ display: none }}</style>")
    with st.container(key=KEY):
        st.html(SCRIPT, unsafe_allow_javascript=True)
