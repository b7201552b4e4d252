"""Writes the demo's network as ONNX, opset 13. Field numbers as in the public onnx.proto."""
import numpy

from network import EPSILON, INPUT, LAYERS, OUTPUT
from protobuf import data, integer, real
from shapes import LABELS

FLOAT = 1


def tensor(name, values):
    values = numpy.ascontiguousarray(values, "<f4")
    dims = b"".join(integer(1, size) for size in values.shape)
    return dims + integer(2, FLOAT) + data(8, name) + data(9, values.tobytes())


def value_info(name, shape):
    dims = b"".join(data(1, integer(1, size)) for size in shape)
    return data(1, name) + data(2, data(1, integer(1, FLOAT) + data(2, dims)))


def attribute(name, value):
    if isinstance(value, float):
        return data(1, name) + real(2, value) + integer(20, 1)
    if isinstance(value, int):
        return data(1, name) + integer(3, value) + integer(20, 2)
    return data(1, name) + b"".join(integer(8, item) for item in value) + integer(20, 7)


def node(kind, name, inputs, output, **attributes):
    fields = b"".join(data(1, item) for item in inputs) + data(2, output) + data(3, name) + data(4, kind)
    return fields + b"".join(data(5, attribute(*item)) for item in attributes.items())


def nodes_of(kind, name, inputs, settings):
    """The nodes of one layer; weights are named <layer>.<weight>."""
    if kind == "linear":
        return [
            node("Mul", name + "/mul", [inputs[0], name + ".scale"], name + "/mul"),
            node("Add", name, [name + "/mul", name + ".shift"], name),
        ]
    if kind == "conv":
        kernel, stride, pad = [settings["kernel"]] * 2, [settings["stride"]] * 2, [settings["pad"]] * 4
        return [node("Conv", name, [inputs[0], name + ".weight"], name, kernel_shape=kernel, strides=stride, pads=pad, group=settings["group"])]
    if kind == "norm":
        weights = [f"{name}.{weight}" for weight in ("scale", "shift", "mean", "variance")]
        return [node("BatchNormalization", name, [inputs[0], *weights], name, epsilon=EPSILON)]
    if kind == "max_pool":
        return [node("MaxPool", name, inputs, name, kernel_shape=[2, 2], strides=[2, 2])]
    if kind == "dense":
        return [
            node("Flatten", name + "/flat", inputs, name + "/flat", axis=1),
            node("Gemm", name, [name + "/flat", name + ".weight", name + ".bias"], name, transB=1),
        ]
    if kind == "softmax":
        return [node("Softmax", name, inputs, name, axis=1)]
    return [node({"relu": "Relu", "add": "Add", "mean": "GlobalAveragePool"}[kind], name, inputs, name)]


def write(path, weights):
    """weights: {layer: {weight: array}}"""
    graph = b"".join(data(1, one) for layer in LAYERS for one in nodes_of(*layer)) + data(2, "shapes")
    for layer, values in weights.items():
        graph += b"".join(data(5, tensor(f"{layer}.{name}", value)) for name, value in values.items())
    graph += data(11, value_info(*INPUT)) + data(12, value_info(OUTPUT, [1, len(LABELS)]))
    with open(path, "wb") as file:
        file.write(integer(1, 7) + data(2, "bmnet demo") + data(7, graph) + data(8, integer(2, 13)))
