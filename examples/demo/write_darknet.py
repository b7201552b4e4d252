"""Writes the demo's network for Darknet: cfg and weights. Darknet merges what the others keep apart: a convolution, its
normalisation and its activation are one section, so is a sum with its activation."""
import struct

from network import EPSILON, LAYERS, SIZE
from weights import Array

DARKNET_EPSILON = 1e-6  # fixed there


def section(kind, **settings):
    return f"[{kind}]\n" + "".join(f"{key}={value}\n" for key, value in settings.items()) + "\n"


def numbers(*arrays):
    return b"".join(values.bytes() for values in arrays)


def follower(name, kind):
    """The layer of a kind that reads a layer's result."""
    return next((layer[1] for layer in LAYERS if layer[0] == kind and layer[2][0] == name), None)


class Network:
    def __init__(self, weights):
        self.weights, self.text, self.data, self.places = weights, "", b"", {}

    def add(self, names, kind, **settings):
        """One section that computes all layers of `names`."""
        place = len(set(self.places.values()))
        self.places.update((name, place) for name in names if name)
        self.text += section(kind, **settings)

    def layer(self, kind, name, inputs, settings):
        weights = self.weights.get(name, {})
        if name in self.places:  # merged into a section before
            return
        if kind == "linear":  # of every channel alone
            scale, shift = weights["scale"].values[0], weights["shift"].values[0]
            self.data += numbers(Array([3], [shift] * 3), Array([3], [scale] * 3))
            self.add([name], "convolutional", filters=3, groups=3, size=1, stride=1, pad=0, activation="linear")
        elif kind == "conv":
            norm = follower(name, "norm")
            parts = self.weights[norm]
            variance = Array(parts["variance"].shape, [value + EPSILON - DARKNET_EPSILON for value in parts["variance"].values])
            self.data += numbers(parts["shift"], parts["scale"], parts["mean"], variance, weights["weight"])
            relu = follower(norm, "relu")
            window = dict(size=settings["kernel"], stride=settings["stride"], padding=settings["pad"], groups=settings["group"])
            self.add([name, norm, relu], "convolutional", batch_normalize=1, filters=settings["outputs"], activation="relu" if relu else "linear", **window)
        elif kind == "add":
            back = self.places[inputs[1]] - len(set(self.places.values()))
            self.add([name, follower(name, "relu")], "shortcut", **{"from": back}, activation="relu")
        elif kind == "max_pool":
            self.add([name], "maxpool", size=2, stride=2, padding=0)
        elif kind == "mean":
            self.add([name], "avgpool")
        elif kind == "dense":
            self.data += numbers(weights["bias"], weights["weight"])
            self.add([name], "connected", output=settings["outputs"], activation="linear")
        elif kind == "softmax":
            self.add([name], "softmax", groups=1)


def write(cfg, weights_file, weights):
    """weights: of weights.read()"""
    network = Network(weights)
    network.text = section("net", batch=1, subdivisions=1, width=SIZE, height=SIZE, channels=3)
    for layer in LAYERS:
        network.layer(*layer)
    with open(cfg, "w") as file:
        file.write(network.text)
    with open(weights_file, "wb") as file:  # version 0.2.5, no pictures seen
        file.write(struct.pack("<iiiQ", 0, 2, 5, 0) + network.data)
