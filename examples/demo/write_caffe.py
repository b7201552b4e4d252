"""Writes the demo's network for Caffe: the prototxt and the caffemodel. Field numbers as in the public caffe.proto."""
import numpy

from network import EPSILON, INPUT, LAYERS
from protobuf import data, varint

# Parameters of each kind in the prototxt.
PARAMETERS = {
    "linear": "power_param {{ scale: {scale!r} shift: {shift!r} }}",
    "conv": "convolution_param {{ num_output: {outputs} bias_term: false kernel_size: {kernel} stride: {stride} pad: {pad} group: {group} }}",
    "max_pool": "pooling_param {{ pool: MAX kernel_size: 2 stride: 2 }}",
    "mean": "pooling_param {{ pool: AVE global_pooling: true }}",
    "dense": "inner_product_param {{ num_output: {outputs} }}",
}
TYPES = {"linear": "Power", "conv": "Convolution", "relu": "ReLU", "add": "Eltwise", "max_pool": "Pooling", "mean": "Pooling", "dense": "InnerProduct", "softmax": "Softmax"}


def layer_text(kind, name, inputs, parameters):
    bottoms = " ".join(f'bottom: "{item}"' for item in inputs)
    return f'layer {{ name: "{name}" type: "{kind}" {bottoms} top: "{name}" {parameters} }}\n'


def text_of(kind, name, inputs, settings):
    if kind == "norm":  # two layers: the statistics, then scale and shift in place
        statistics = layer_text("BatchNorm", name, inputs, f"batch_norm_param {{ use_global_stats: true eps: {EPSILON} }}")
        scale = f'layer {{ name: "{name}/scale" type: "Scale" bottom: "{name}" top: "{name}" scale_param {{ bias_term: true }} }}\n'
        return statistics + scale
    return layer_text(TYPES[kind], name, inputs, PARAMETERS.get(kind, "").format(**settings))


def blob(values):
    values = numpy.ascontiguousarray(values, "<f4")
    shape = b"".join(varint(size) for size in values.shape)
    return data(5, values.tobytes()) + data(7, data(1, shape))


def layer_blobs(name, kind, blobs):
    return data(100, data(1, name) + data(2, kind) + b"".join(data(7, blob(one)) for one in blobs))


def blobs_of(kind, name, weights):
    if kind == "norm":
        statistics = layer_blobs(name, "BatchNorm", [weights["mean"], weights["variance"], numpy.ones(1)])
        return statistics + layer_blobs(name + "/scale", "Scale", [weights["scale"], weights["shift"]])
    blobs = [weights[item] for item in ("weight", "bias") if item in weights]
    return layer_blobs(name, TYPES[kind], blobs) if blobs else b""


def write(prototxt, caffemodel, weights):
    """weights: {layer: {weight: array}}"""
    name, shape = INPUT
    with open(prototxt, "w") as file:
        file.write('name: "shapes"\n')
        dims = " ".join(f"dim: {size}" for size in shape)
        file.write(f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n')
        file.writelines(text_of(*layer) for layer in LAYERS)
    with open(caffemodel, "wb") as file:
        file.write(data(1, "shapes"))
        for kind, layer, _, _ in LAYERS:
            file.write(blobs_of(kind, layer, weights.get(layer, {})))
