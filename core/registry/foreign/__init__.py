"""ONNX files of other libraries, made into files that the portal serves: named columns in front, named answers behind.
Everything here is about bytes and runs in a process of its own with limits, but for `process`, which starts it."""
