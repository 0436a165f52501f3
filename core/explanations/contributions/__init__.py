"""What pushed one prediction up or down, worked out over the ONNX file alone. Trees and models that are sums are
explained exactly, everything else by sampling, with how sure that is."""
