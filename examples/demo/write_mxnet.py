"""Writes the demo's network for MXNet: the symbol as JSON, and the parameters."""
import json
import struct

from network import EPSILON, INPUT, LAYERS

LIST_MAGIC, ARRAY_MAGIC = 0x112, 0xF993FAC9
AUXILIARY = {"moving_mean", "moving_var"}


def pair(size):
    return f"({size}, {size})"


class Symbol:
    def __init__(self):
        self.nodes, self.places, self.parameters = [], {}, {}

    def node(self, op, name, inputs, **attributes):
        node = {"op": op, "name": name, "inputs": [[self.places[item], 0, 0] for item in inputs]}
        if attributes:
            node["attrs"] = {key: str(value) for key, value in attributes.items()}
        self.places[name] = len(self.nodes)
        self.nodes.append(node)

    def parameter(self, layer, part, values):
        name = f"{layer}_{part}"
        self.node("null", name, [])
        self.parameters[("aux:" if part in AUXILIARY else "arg:") + name] = values
        return name

    def layer(self, kind, name, inputs, settings, weights):
        if kind == "linear":
            self.node("_mul_scalar", name + "_scaled", inputs, scalar=weights["scale"].values[0])
            self.node("_plus_scalar", name, [name + "_scaled"], scalar=weights["shift"].values[0])
        elif kind == "conv":
            kernel = self.parameter(name, "weight", weights["weight"])
            window = dict(kernel=pair(settings["kernel"]), stride=pair(settings["stride"]), pad=pair(settings["pad"]))
            self.node("Convolution", name, [inputs[0], kernel], num_filter=settings["outputs"], num_group=settings["group"], no_bias=True, **window)
        elif kind == "norm":
            parts = {"gamma": "scale", "beta": "shift", "moving_mean": "mean", "moving_var": "variance"}
            names = [self.parameter(name, part, weights[ours]) for part, ours in parts.items()]
            self.node("BatchNorm", name, [inputs[0], *names], eps=EPSILON, fix_gamma=False, use_global_stats=True)
        elif kind == "max_pool":
            self.node("Pooling", name, inputs, pool_type="max", kernel=pair(2), stride=pair(2))
        elif kind == "mean":
            self.node("Pooling", name, inputs, pool_type="avg", global_pool=True, kernel=pair(1))
        elif kind == "dense":
            names = [self.parameter(name, part, weights[part]) for part in ("weight", "bias")]
            self.node("FullyConnected", name, [inputs[0], *names], num_hidden=settings["outputs"])
        elif kind == "relu":
            self.node("Activation", name, inputs, act_type="relu")
        else:
            self.node({"add": "elemwise_add", "softmax": "softmax"}[kind], name, inputs)


def record(values):
    """One array: dense storage, shape, on the CPU, 32-bit floats."""
    dims = struct.pack(f"<I{len(values.shape)}q", len(values.shape), *values.shape)
    return struct.pack("<Ii", ARRAY_MAGIC, 0) + dims + struct.pack("<iii", 1, 0, 0) + values.bytes()


def write(symbol_file, params_file, weights):
    """weights: of weights.read()"""
    symbol = Symbol()
    symbol.node("null", INPUT[0], [], __shape__=tuple(INPUT[1]))
    for kind, name, inputs, settings in LAYERS:
        symbol.layer(kind, name, inputs, settings, weights.get(name, {}))
    arguments = [i for i, node in enumerate(symbol.nodes) if node["op"] == "null"]
    with open(symbol_file, "w") as file:
        json.dump({"nodes": symbol.nodes, "arg_nodes": arguments, "heads": [[len(symbol.nodes) - 1, 0, 0]], "attrs": {"mxnet_version": ["int", 10700]}}, file, indent=1)
    with open(params_file, "wb") as file:
        file.write(struct.pack("<QQQ", LIST_MAGIC, 0, len(symbol.parameters)))
        file.writelines(record(values) for values in symbol.parameters.values())
        file.write(struct.pack("<Q", len(symbol.parameters)))
        for name in symbol.parameters:
            file.write(struct.pack("<Q", len(name)) + name.encode())
