"""The names of all pages, in groups, above every page: none is hidden in a menu."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.sidebar.presentation import presentation_button

KEY = "pages"
# For screen readers. The links come a moment after this script where they are drawn for the first time.
MARK = """
<span></span><script>
(function mark() {
  const bar = document.querySelector(".st-key-pages");
  const links = bar ? bar.querySelectorAll("a") : [];
  if (links.length < COUNT) { setTimeout(mark, 100); return; }
  bar.role = "navigation";
  bar.ariaLabel = "Pages";
  links.forEach((link, place) => { link.ariaCurrent = place === CURRENT ? "page" : null; });
})();
</script>
"""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page in the list of pages.

    Attributes:
        group: under which it is named; the pages of a group follow one another.
        name: of its script in the folder ``pages``, and in the address.
        title: for people.
        needs_view: whether there is nothing on it without a model and a photo.
    """

    group: str
    name: str
    title: str
    needs_view: bool = True

    @property
    def script(self) -> str:
        """Path of its script."""
        return f"pages/{self.name}.py"

    def page(self, *, first: bool) -> StreamlitPage:
        """The page as Streamlit knows it; the ``first`` one opens with the app."""
        return st.Page(self.script, title=self.title, default=first)


def page_bar(entries: Sequence[PageEntry], current: PageEntry) -> None:
    """Draw a link to every page, the one to the ``current`` page marked."""
    with st.container(key=KEY, horizontal=True):
        for place, (group, members) in enumerate(groupby(entries, key=lambda entry: entry.group)):
            with st.container(key=f"{KEY}-{place}", horizontal=True, gap=None):
                st.markdown(group)
                for entry in members:
                    st.page_link(entry.script, label=entry.title)
        presentation_button()
        mark = MARK.replace("COUNT", str(len(entries))).replace("CURRENT", str(entries.index(current)))
        st.html(mark, unsafe_allow_javascript=True)
