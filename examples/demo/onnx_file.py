"""The messages of an ONNX file, opset 13. Field numbers as in the public onnx.proto."""
import numpy

from protobuf import data, integer, real

FLOAT = 1
OPSET = 13


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


def write(path, name, producer, nodes, weights, inputs, outputs):
    """nodes: of node(); weights: {name: array}; inputs, outputs: [(name, shape)]"""
    graph = [data(1, one) for one in nodes] + [data(2, name)]
    graph += [data(5, tensor(*weight)) for weight in weights.items()]
    graph += [data(11, value_info(*one)) for one in inputs] + [data(12, value_info(*one)) for one in outputs]
    with open(path, "wb") as file:
        file.write(integer(1, 7) + data(2, producer) + data(7, b"".join(graph)) + data(8, integer(2, OPSET)))
