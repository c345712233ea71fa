"""What the pages share: the only code besides ``app.py`` and ``pages/`` that knows Streamlit."""
