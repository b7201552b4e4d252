"""The weights of the demo's network, stored once: in shapes.onnx. Needs nothing but Python."""
import array
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Array:
    """Numbers of a shape, row by row."""

    def __init__(self, shape, values):
        self.shape, self.values = list(shape), array.array("f", values)
        assert math.prod(self.shape) == len(self.values)

    def bytes(self):
        values = array.array("f", self.values)
        if sys.byteorder == "big":
            values.byteswap()
        return values.tobytes()

    def transposed(self, *axes):
        """axes[i] is the axis of this array that becomes axis i."""
        strides = [math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]
        shape = [self.shape[axis] for axis in axes]
        offsets = [0]
        for size, axis in zip(shape, axes):
            offsets = [offset + strides[axis] * i for offset in offsets for i in range(size)]
        return Array(shape, [self.values[offset] for offset in offsets])

    def reshaped(self, *shape):
        return Array(shape, self.values)


def fields(message):
    """(number, value) of every field of a protobuf message; groups and fixed 64-bit fields do not occur."""
    position = 0

    def varint():
        nonlocal position
        value = shift = 0
        while True:
            byte = message[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(message):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        size = varint() if key & 7 == 2 else 4
        yield key >> 3, message[position : position + size]
        position += size


def read(path=os.path.join(HERE, "shapes.onnx")):
    """{layer: {weight: Array}}: the initializers "layer.weight" of the file that write_onnx.py made."""
    weights = {}
    with open(path, "rb") as file:
        graph = next(value for number, value in fields(file.read()) if number == 7)
    for number, tensor in fields(graph):
        if number != 5:
            continue
        shape, name, values = [], "", array.array("f")
        for field, value in fields(tensor):
            if field == 1:
                shape.append(value)
            elif field == 8:
                name = value.decode()
            elif field == 9:
                values.frombytes(value)
        if sys.byteorder == "big":
            values.byteswap()
        layer, weight = name.rsplit(".", 1)
        weights.setdefault(layer, {})[weight] = Array(shape, values)
    return weights
