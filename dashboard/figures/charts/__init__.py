"""Numbers to Plotly charts.."""
