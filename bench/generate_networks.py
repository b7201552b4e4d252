#!/usr/bin/python3
"""Writes well-known networks as ONNX (opset 13) with random weights: the size of the real ones without their files.

Usage: generate_networks.py FOLDER    makes FOLDER/resnet50.onnx and FOLDER/mobilenet_v2.onnx, the same bytes every time.
"""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "examples", "demo"))
import onnx_file  # noqa: E402
from onnx_file import node  # noqa: E402

SEED = 50
CLASSES = 1000


class Network:
    """Layers appended one after the other; each returns the name of its result. Weights keep activations finite."""

    def __init__(self, name):
        self.name, self.nodes, self.weights, self.channels = name, [], {}, {"data": 3}
        self.random = numpy.random.RandomState(SEED)

    def append(self, kind, inputs, channels, **attributes):
        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(node(kind, output, inputs, output, **attributes))
        self.channels[output] = channels
        return output

    def weight(self, name, values):
        self.weights[name] = values.astype("<f4")
        return name

    def conv(self, source, outputs, kernel, stride=1, group=1):
        """Convolution and batch normalisation."""
        inputs, label = self.channels[source], f"conv_{len(self.nodes)}"
        shape, fan_in = [outputs, inputs // group, kernel, kernel], inputs // group * kernel * kernel
        weight = self.weight(label + ".weight", self.random.standard_normal(shape) * (2 / fan_in) ** 0.5)
        result = self.append("Conv", [source, weight], outputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4, group=group)
        ranges = {"scale": (0.8, 1.2), "shift": (-0.1, 0.1), "mean": (-0.1, 0.1), "variance": (0.8, 1.2)}
        norm = [self.weight(f"{label}.{part}", self.random.uniform(*ends, outputs)) for part, ends in ranges.items()]
        return self.append("BatchNormalization", [result, *norm], outputs, epsilon=1e-5)

    def relu(self, source):
        return self.append("Relu", [source], self.channels[source])

    def relu6(self, source):
        ends = [self.weight("zero", numpy.zeros(())), self.weight("six", numpy.full((), 6))]
        return self.append("Clip", [source, *ends], self.channels[source])

    def add(self, left, right):
        return self.append("Add", [left, right], self.channels[left])

    def classify(self, source):
        width = self.channels[source]
        mean = self.append("GlobalAveragePool", [source], width)
        flat = self.append("Flatten", [mean], width, axis=1)
        weight = self.weight("dense.weight", self.random.standard_normal([CLASSES, width]) * width**-0.5)
        bias = self.weight("dense.bias", self.random.uniform(-0.1, 0.1, CLASSES))
        return self.append("Gemm", [flat, weight, bias], CLASSES, transB=1)

    def write(self, folder, output):
        path = os.path.join(folder, self.name + ".onnx")
        onnx_file.write(path, self.name, "bmnet bench", self.nodes, self.weights, [("data", [1, 3, 224, 224])], [(output, [1, CLASSES])])


def resnet50():
    net = Network("resnet50")
    value = net.relu(net.conv("data", 64, 7, 2))
    value = net.append("MaxPool", [value], 64, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, count in enumerate([3, 4, 6, 3]):
        width = 64 << stage
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            branch = net.relu(net.conv(value, width, 1))
            branch = net.relu(net.conv(branch, width, 3, stride))
            branch = net.conv(branch, width * 4, 1)
            shortcut = net.conv(value, width * 4, 1, stride) if block == 0 else value
            value = net.relu(net.add(branch, shortcut))
    return net, net.classify(value)


def mobilenet_v2():
    net = Network("mobilenet_v2")
    value = net.relu6(net.conv("data", 32, 3, 2))
    for expansion, width, count, first_stride in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for block in range(count):
            stride, inner = first_stride if block == 0 else 1, net.channels[value] * expansion
            branch = value if expansion == 1 else net.relu6(net.conv(value, inner, 1))
            branch = net.conv(net.relu6(net.conv(branch, inner, 3, stride, group=inner)), width, 1)
            value = net.add(branch, value) if stride == 1 and net.channels[value] == width else branch
    return net, net.classify(net.relu6(net.conv(value, 1280, 1)))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    os.makedirs(sys.argv[1], exist_ok=True)
    for make in (resnet50, mobilenet_v2):
        net, output = make()
        net.write(sys.argv[1], output)


if __name__ == "__main__":
    main()
