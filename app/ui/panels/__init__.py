"""Charts of many lines over one axis of steps, with one hover for all of them. The second place that knows Plotly."""
