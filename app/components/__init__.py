"""The few components of our own: what Streamlit has no element for. Each is a Python file and its JavaScript."""
