"""Writes the demo's network for TensorFlow: a frozen GraphDef and a SavedModel. Images are channels last, as is usual
there: the input is [1,64,64,3]. Field numbers as in the public .proto files."""
import os
import struct

from network import EPSILON, INPUT, LABELS, LAYERS, OUTPUT, SIZE
from protobuf import data, integer, real

FLOAT, INT32 = 1, 3


def shape_of(dims):
    return b"".join(data(2, integer(1, size)) for size in dims)


def type_of(number):
    return integer(6, number)


def text(value):
    return data(2, value)


def integers(values):
    return data(1, b"".join(integer(3, value) for value in values))


def boolean(value):
    return integer(5, int(value))


def node(op, name, inputs, **attributes):
    fields = data(1, name) + data(2, op) + b"".join(data(3, item) for item in inputs)
    entries = (data(1, key) + data(2, value) for key, value in attributes.items())
    return data(1, fields + b"".join(data(5, entry) for entry in entries))


def constant(name, dims, dtype, content):
    tensor = integer(1, dtype) + data(2, shape_of(dims)) + data(4, content)
    return node("Const", name, [], dtype=type_of(dtype), value=data(8, tensor))


def floats(name, values):
    return constant(name, values.shape, FLOAT, values.bytes())


def int32s(name, dims, values):
    return constant(name, dims, INT32, struct.pack(f"<{len(values)}i", *values))


def convolution(name, source, settings, kernel):
    """Explicit zeros at the border, since SAME of TensorFlow puts them elsewhere when the stride is 2."""
    nodes, pad, stride = [], settings["pad"], settings["stride"]
    if pad:
        nodes = [
            int32s(name + "/pads", [4, 2], [0, 0, pad, pad, pad, pad, 0, 0]),
            node("Pad", name + "/padded", [source, name + "/pads"], T=type_of(FLOAT), Tpaddings=type_of(INT32)),
        ]
        source = name + "/padded"
    depthwise = settings["group"] > 1  # [outputs, 1, h, w] becomes [h, w, inputs, 1]
    kernel = kernel.transposed(2, 3, 0, 1) if depthwise else kernel.transposed(2, 3, 1, 0)
    op = "DepthwiseConv2dNative" if depthwise else "Conv2D"
    attributes = dict(T=type_of(FLOAT), strides=integers([1, stride, stride, 1]), padding=text("VALID"), data_format=text("NHWC"))
    return nodes + [floats(name + "/kernel", kernel), node(op, name, [source, name + "/kernel"], **attributes)]


def normalisation(name, source, weights):
    parts = ["scale", "shift", "mean", "variance"]
    constants = [floats(f"{name}/{part}", weights[part]) for part in parts]
    attributes = dict(T=type_of(FLOAT), U=type_of(FLOAT), epsilon=real(4, EPSILON), is_training=boolean(False), data_format=text("NHWC"))
    return constants + [node("FusedBatchNormV3", name, [source] + [f"{name}/{part}" for part in parts], **attributes)]


def nodes_of(kind, name, inputs, settings, weights):
    source, any_type = inputs[0], type_of(FLOAT)
    if kind == "linear":
        return [
            floats(name + "/factor", weights["scale"].reshaped()),
            floats(name + "/summand", weights["shift"].reshaped()),
            node("Mul", name + "/scaled", [source, name + "/factor"], T=any_type),
            node("AddV2", name, [name + "/scaled", name + "/summand"], T=any_type),
        ]
    if kind == "conv":
        return convolution(name, source, settings, weights["weight"])
    if kind == "norm":
        return normalisation(name, source, weights)
    if kind == "max_pool":
        window = integers([1, 2, 2, 1])
        return [node("MaxPool", name, [source], T=any_type, ksize=window, strides=window, padding=text("VALID"), data_format=text("NHWC"))]
    if kind == "mean":
        axes = int32s(name + "/axes", [2], [1, 2])
        return [axes, node("Mean", name, [source, name + "/axes"], T=any_type, Tidx=type_of(INT32), keep_dims=boolean(True))]
    if kind == "dense":
        matrix = weights["weight"].transposed(1, 0)
        return [
            int32s(name + "/shape", [2], [-1, matrix.shape[0]]),
            node("Reshape", name + "/flat", [source, name + "/shape"], T=any_type, Tshape=type_of(INT32)),
            floats(name + "/matrix", matrix),
            floats(name + "/bias", weights["bias"]),
            node("MatMul", name + "/product", [name + "/flat", name + "/matrix"], T=any_type, transpose_a=boolean(False), transpose_b=boolean(False)),
            node("BiasAdd", name, [name + "/product", name + "/bias"], T=any_type, data_format=text("NHWC")),
        ]
    op = {"relu": "Relu", "add": "AddV2", "softmax": "Softmax"}[kind]
    return [node(op, name, inputs, T=any_type)]


def graph(weights):
    dims = [1, SIZE, SIZE, 3]
    nodes = [node("Placeholder", INPUT[0], [], dtype=type_of(FLOAT), shape=data(7, shape_of(dims)))]
    for kind, name, inputs, settings in LAYERS:
        nodes += nodes_of(kind, name, inputs, settings, weights.get(name, {}))
    return b"".join(nodes) + data(4, integer(1, 440))


def tensor_info(name, dims):
    return data(1, name + ":0") + integer(2, FLOAT) + data(3, shape_of(dims))


def write(pb, saved_model, weights):
    """pb: file of the frozen graph; saved_model: folder. weights: of weights.read()"""
    frozen = graph(weights)
    with open(pb, "wb") as file:
        file.write(frozen)
    signature = data(1, data(1, "image") + data(2, tensor_info(INPUT[0], [1, SIZE, SIZE, 3])))
    signature += data(2, data(1, "scores") + data(2, tensor_info(OUTPUT, [1, len(LABELS)])))
    signature += data(3, "tensorflow/serving/predict")
    meta = data(1, data(4, "serve")) + data(2, frozen) + data(5, data(1, "serving_default") + data(2, signature))
    os.makedirs(saved_model, exist_ok=True)
    with open(os.path.join(saved_model, "saved_model.pb"), "wb") as file:
        file.write(integer(1, 1) + data(2, meta))
