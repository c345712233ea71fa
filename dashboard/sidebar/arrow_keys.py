"""The arrow keys step through layers and channels, however quickly they are pressed."""

from __future__ import annotations

import streamlit as st

KEY = "arrow-keys"
# A shortcut of a button counts one press for each answer of the server and loses the others. The slider
# itself counts in the browser, so the press is handed on to it, unless what has the focus wants it.
SCRIPT = """
<span></span><script>
if (!window.arrowKeys) {
  window.arrowKeys = true;
  const wanted = ["input", "textarea", "select", "[contenteditable=true]"].concat(
    ["slider", "tab", "radio", "option", "combobox", "grid", "menuitem"].map((role) => `[role=${role}]`));
  window.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key) || !event.isTrusted) return;
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.target.closest?.(wanted.join())) return;
    const steps = event.shiftKey ? "-steps-shift" : "-steps-plain";
    const slider = document.querySelector(`[class*="${steps}"] input[type=range]`);
    if (!slider) return;
    event.preventDefault();
    const press = { key: event.key, code: event.code, bubbles: true, cancelable: true };
    slider.dispatchEvent(new KeyboardEvent("keydown", press));
  });
}
</script>
"""


def arrow_keys() -> None:
    """Listen on every page; sliders in a box whose key ends in ``-steps-plain`` or ``-steps-shift`` obey."""
    st.html(f"<style>:has(> .st-key-{KEY}) {{ display: none }}</style>")
    with st.container(key=KEY):
        st.html(SCRIPT, unsafe_allow_javascript=True)
