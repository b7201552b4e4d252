"""Writes the demo's network as ONNX."""
import onnx_file
from network import EPSILON, INPUT, LABELS, LAYERS, OUTPUT
from onnx_file import node


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
    nodes = [one for layer in LAYERS for one in nodes_of(*layer)]
    named = {f"{layer}.{name}": value for layer, values in weights.items() for name, value in values.items()}
    onnx_file.write(path, "shapes", "bmnet demo", nodes, named, [INPUT], [(OUTPUT, [1, len(LABELS)])])
