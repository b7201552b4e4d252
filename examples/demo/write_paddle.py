"""Writes the demo's network for PaddlePaddle, in both of its forms: program and parameters in one file each
(.pdmodel, .pdiparams), and a folder of __model__ and one file per parameter. Field numbers as in the public
framework.proto."""
import os
import struct

from network import EPSILON, INPUT, LABELS, LAYERS, OUTPUT
from protobuf import data, integer, real

FLOAT, TENSOR, FEED_LIST, FETCH_LIST = 5, 7, 9, 10


def attribute(name, value):
    fields = data(1, name)
    if isinstance(value, bool):
        return fields + integer(2, 6) + integer(10, int(value))
    if isinstance(value, int):
        return fields + integer(2, 0) + integer(3, value)
    if isinstance(value, float):
        return fields + integer(2, 1) + real(4, value)
    if isinstance(value, str):
        return fields + integer(2, 2) + data(5, value)
    return fields + integer(2, 3) + b"".join(integer(6, item) for item in value)


def variables(number, groups):
    return b"".join(data(number, data(1, parameter) + b"".join(data(2, name) for name in names)) for parameter, names in groups.items())


def op(kind, inputs, outputs, **attributes):
    """inputs, outputs: {parameter: name or list of names}"""
    groups = [{key: [names] if isinstance(names, str) else names for key, names in group.items()} for group in (inputs, outputs)]
    fields = variables(1, groups[0]) + variables(2, groups[1]) + data(3, kind)
    return data(4, fields + b"".join(data(4, attribute(*item)) for item in attributes.items()))


def description(shape):
    return integer(1, FLOAT) + b"".join(integer(2, size) for size in shape)


def variable(name, shape, persistable=False):
    kind = integer(1, TENSOR) + data(3, data(1, description(shape)))
    return data(3, data(1, name) + data(2, kind) + (integer(3, 1) if persistable else b""))


def list_variable(name, kind):
    return data(3, data(1, name) + data(2, integer(1, kind)) + integer(3, 1))


def ops_of(kind, name, inputs, settings, weights):
    source, result = inputs[0], {"Out": name}
    if kind == "linear":
        return [op("scale", {"X": source}, result, scale=weights["scale"].values[0], bias=weights["shift"].values[0], bias_after_scale=True)]
    if kind == "conv":
        window = dict(strides=[settings["stride"]] * 2, paddings=[settings["pad"]] * 2, dilations=[1, 1], groups=settings["group"])
        conv = "depthwise_conv2d" if settings["group"] > 1 else "conv2d"
        return [op(conv, {"Input": source, "Filter": name + ".weight"}, {"Output": name}, data_format="NCHW", **window)]
    if kind == "norm":
        parts = {"Scale": name + ".scale", "Bias": name + ".shift", "Mean": name + ".mean", "Variance": name + ".variance"}
        return [op("batch_norm", {"X": source, **parts}, {"Y": name}, epsilon=EPSILON, is_test=True, data_layout="NCHW")]
    if kind in ("max_pool", "mean"):
        window = dict(pooling_type="max" if kind == "max_pool" else "avg", ksize=[2, 2], strides=[2, 2], paddings=[0, 0])
        return [op("pool2d", {"X": source}, result, global_pooling=kind == "mean", **window)]
    if kind == "dense":
        flat, product = name + ".flat", name + ".product"
        return [
            op("flatten_contiguous_range", {"X": source}, {"Out": flat}, start_axis=1, stop_axis=3),
            op("matmul_v2", {"X": flat, "Y": name + ".weight"}, {"Out": product}, trans_x=False, trans_y=True),
            op("elementwise_add", {"X": product, "Y": name + ".bias"}, result, axis=-1),
        ]
    if kind == "add":
        return [op("elementwise_add", {"X": source, "Y": inputs[1]}, result, axis=-1)]
    if kind == "softmax":
        return [op("softmax", {"X": source}, result, axis=-1)]
    return [op("relu", {"X": source}, result)]


def program(parameters, weights):
    name, shape = INPUT
    block = integer(1, 0) + integer(2, 0)
    block += list_variable("feed", FEED_LIST) + list_variable("fetch", FETCH_LIST) + variable(name, shape)
    block += variable(OUTPUT, [1, len(LABELS)])
    block += b"".join(variable(key, values.shape, persistable=True) for key, values in parameters.items())
    block += op("feed", {"X": "feed"}, {"Out": name}, col=0)
    for layer in LAYERS:
        block += b"".join(ops_of(*layer, weights.get(layer[1], {})))
    block += op("fetch", {"X": OUTPUT}, {"Out": "fetch"}, col=0)
    return data(1, block) + data(4, integer(1, 2004002))


def stored(values):
    """A tensor as its file has it: version, no LoD, version, description, numbers."""
    about = description(values.shape)
    return struct.pack("<IQIi", 0, 0, 0, len(about)) + about + values.bytes()


def write(pdmodel, pdiparams, folder, weights):
    """weights: of weights.read()"""
    kinds = {layer[1]: layer[0] for layer in LAYERS}
    parameters = {f"{layer}.{part}": values for layer, parts in weights.items() if kinds[layer] != "linear" for part, values in parts.items()}
    whole = program(parameters, weights)
    for path in (pdmodel, os.path.join(folder, "__model__")):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(whole)
    with open(pdiparams, "wb") as file:
        file.writelines(stored(parameters[name]) for name in sorted(parameters))
    for name, values in parameters.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(stored(values))
