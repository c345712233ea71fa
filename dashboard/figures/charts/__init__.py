"""Numbers to Plotly charts."""
