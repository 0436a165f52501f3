"""The load itself: open-model arrivals sent by Locust processes. It times each request from the moment it was due and
watches its own health."""
