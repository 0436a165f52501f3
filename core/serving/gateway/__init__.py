"""The gateway: Envoy, its configuration as files, and the model servers behind it as processes. It turns what is
wanted into what runs, without losing a request."""
