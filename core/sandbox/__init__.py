"""Where SQL and Python that people write run. They reach nothing but what they were granted, and end when their
limits say so."""
