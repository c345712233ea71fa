"""Arrays in, Plotly figures and pictures out. Knows neither Streamlit nor any model."""
