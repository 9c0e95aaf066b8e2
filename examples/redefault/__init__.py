"""An example of a re-default model in the frontier: scikit-learn, and the same as ONNX."""
