"""Components of our own, for what Streamlit has no element for. Each is a Python file with its JavaScript and CSS."""
