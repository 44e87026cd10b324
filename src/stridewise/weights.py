"""Networks from ONNX files, run on one thread."""

from __future__ import annotations

from typing import Any


def open_network(data: bytes) -> Any:
    """Return an ONNX Runtime session that runs a network on one thread, without chatter.

    Parameters
    ----------
    data : bytes
        What the ONNX file holds.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
