"""Graph models of TensorFlow.js come out as ONNX that computes the same."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is in the environment of the films")

from training.films.graph_model import to_onnx, weights  # noqa: E402


def text(word: str) -> str:
    return base64.b64encode(word.encode()).decode()


def whole(*values: int) -> dict[str, Any]:
    return {"list": {"i": [str(value) for value in values]}}


def tensor(name: str, kind: str, *shape: int) -> dict[str, Any]:
    lengths = {"dim": [{"size": str(length)} for length in shape]}
    return {name: {"name": name, "dtype": kind, "tensorShape": lengths}}


def stored(name: str, values: np.ndarray) -> tuple[dict[str, Any], bytes]:
    about = {"name": name, "shape": list(values.shape), "dtype": str(values.dtype)}
    if values.dtype == np.float16:
        about |= {"dtype": "float32", "quantization": {"dtype": "float16"}}
    return about, values.tobytes()


def run(model: bytes, **inputs: np.ndarray) -> np.ndarray:
    import onnxruntime

    (out,) = onnxruntime.InferenceSession(model).run(None, inputs)
    return np.asarray(out)


def test_weights_of_half_precision_and_integers_are_widened() -> None:
    parts = [stored("a", np.array([[1.5, -2.0]], np.float16)), stored("b", np.array(7, np.int32))]
    known = weights([{"weights": [about for about, _ in parts]}], b"".join(d for _, d in parts))
    assert known["a"].dtype == np.float32
    assert np.array_equal(known["a"], [[1.5, -2.0]])
    assert known["b"].dtype == np.int64
    assert known["b"] == 7


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_sees_the_same_neighbours(stride: int) -> None:
    """A cross of ones over a picture padded to its own size, then cut at 0 and 6."""
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[1, :, 0, 0] = kernel[:, 1, 0, 1] = 1.0
    bias = np.array([0.0, -3.0], np.float32)
    parts = [stored("kernel", kernel), stored("bias", bias)]
    model = {
        "modelTopology": {
            "node": [
                {"name": "x", "op": "Placeholder"},
                {
                    "name": "y",
                    "op": "_FusedConv2D",
                    "input": ["x", "kernel", "bias"],
                    "attr": {
                        "padding": {"s": text("SAME")},
                        "strides": whole(1, stride, stride, 1),
                        "dilations": whole(1, 1, 1, 1),
                        "fused_ops": {"list": {"s": [text("BiasAdd"), text("Relu6")]}},
                    },
                },
            ]
        },
        "signature": {
            "inputs": tensor("x", "DT_FLOAT", 1, 4, 6, 1),
            "outputs": tensor("y", "DT_FLOAT", 1, 4 // stride, 6 // stride, 2),
        },
        "weightsManifest": [{"weights": [about for about, _ in parts]}],
    }
    picture = np.arange(24, dtype=np.float32).reshape(1, 4, 6, 1) / 4
    out = run(to_onnx(model, b"".join(data for _, data in parts)), x=picture)
    padded = np.pad(picture[0, :, :, 0], 1)
    rows = padded[1:-1, :-2] + padded[1:-1, 1:-1] + padded[1:-1, 2:]
    columns = padded[:-2, 1:-1] + padded[1:-1, 1:-1] + padded[2:, 1:-1] - 3
    expected = np.clip(np.stack([rows, columns], axis=-1), 0, 6)
    # With a stride of 2 the padding is at the far side alone.
    expected = expected[1::2, 1::2] if stride == 2 else expected
    assert np.allclose(out[0], expected)


def test_a_transposed_convolution_doubles_the_picture() -> None:
    """Each pixel is spread over four by four of the output; the sizes need no working out."""
    kernel = np.ones((4, 4, 1, 1), np.float32)
    part, data = stored("kernel", kernel)
    nodes = [
        {"name": "x", "op": "Placeholder"},
        # How TensorFlow works the size out; nothing here knows this operation.
        {"name": "size", "op": "Shape", "input": ["x"]},
        {
            "name": "y",
            "op": "Conv2DBackpropInput",
            "input": ["size", "kernel", "x"],
            "attr": {"padding": {"s": text("SAME")}, "strides": whole(1, 2, 2, 1)},
        },
    ]
    model = {
        "modelTopology": {"node": nodes},
        "signature": {
            "inputs": tensor("x", "DT_FLOAT", 1, 3, 3, 1),
            "outputs": tensor("y", "DT_FLOAT", 1, -1, -1, 1),
        },
        "weightsManifest": [{"weights": [part]}],
    }
    picture = np.zeros((1, 3, 3, 1), np.float32)
    picture[0, 1, 1, 0] = 5.0
    expected = np.zeros((6, 6))
    expected[1:5, 1:5] = 5.0
    assert np.array_equal(run(to_onnx(model, data), x=picture)[0, :, :, 0], expected)


def test_an_unknown_operation_inside_a_convolution_is_refused() -> None:
    part, data = stored("kernel", np.ones((1, 1, 1, 1), np.float32))
    attributes = {
        "padding": {"s": text("VALID")},
        "strides": whole(1, 1, 1, 1),
        "dilations": whole(1, 1, 1, 1),
        "fused_ops": {"list": {"s": [text("Elu")]}},
    }
    node = {"name": "y", "op": "_FusedConv2D", "input": ["x", "kernel"], "attr": attributes}
    model = {
        "modelTopology": {"node": [node]},
        "signature": {"outputs": tensor("y", "DT_FLOAT", 1, 1, 1, 1)},
        "weightsManifest": [{"weights": [part]}],
    }
    with pytest.raises(ValueError, match="y: Elu within a convolution is not known"):
        to_onnx(model, data)
