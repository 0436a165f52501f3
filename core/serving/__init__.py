"""Endpoints and what they are wanted to serve. The gateway makes it so, the model server answers, and what is
measured through both has a folder of its own."""
