"""The detectors by name. Strings only: nothing is imported until it is asked for."""

CATALOGUE = {
    "tensorrt": "services.eye.detectors.tensorrt:TensorRtDetector",
    "onnx": "services.eye.detectors.onnx:OnnxDetector",
    "hog": "services.eye.detectors.hog:HogDetector",
}
