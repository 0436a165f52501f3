"""What recipes with a torch network share: data on the device, the training loop, checkpoints, precision, export to
ONNX. Only training and sweep processes import it."""
