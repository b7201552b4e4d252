"""Writes the demo's network for PyTorch: a TorchScript archive, as torch.jit.save makes them, without PyTorch. An archive
is a zip file of a pickled module, its code in a subset of Python, and the bytes of its tensors."""
import math
import pickle
import struct
import zipfile

from network import EPSILON, INPUT, LAYERS, OUTPUT

ROOT = "shapes"
ALIGNMENT = 64  # of tensors in the file


def identifier(name):
    return name.replace("/", "_")


class Module:
    """The attributes of the module and the lines of its forward."""

    def __init__(self, weights):
        self.tensors, self.lines = {}, []
        for kind, name, inputs, settings in LAYERS:
            parts = {part: f"{identifier(name)}_{part}" for part in weights.get(name, {}) if kind != "linear"}
            self.tensors.update({attribute: weights[name][part] for part, attribute in parts.items()})
            arguments = {part: "self." + attribute for part, attribute in parts.items()}
            self.lines.append(f"{identifier(name)} = {self.call(kind, [identifier(item) for item in inputs], settings, arguments)}")

    @staticmethod
    def call(kind, inputs, settings, weights):
        x = inputs[0]
        if kind == "linear":
            return f"torch.add(torch.mul({x}, {settings['scale']!r}), {settings['shift']!r}, alpha=1)"
        if kind == "conv":
            stride, pad = [settings["stride"]] * 2, [settings["pad"]] * 2
            return f"torch._convolution({x}, {weights['weight']}, None, {stride}, {pad}, [1, 1], False, [0, 0], {settings['group']}, False, False, True, True)"
        if kind == "norm":
            parts = ", ".join(weights[part] for part in ("scale", "shift", "mean", "variance"))
            return f"torch.batch_norm({x}, {parts}, False, 0.10000000000000001, {EPSILON!r}, True)"
        if kind == "max_pool":
            return f"torch.max_pool2d({x}, [2, 2], [2, 2], [0, 0], [1, 1], False)"
        if kind == "mean":
            return f"torch.adaptive_avg_pool2d({x}, [1, 1])"
        if kind == "dense":
            return f"torch.linear(torch.flatten({x}, 1, -1), {weights['weight']}, {weights['bias']})"
        if kind == "add":
            return f"torch.add({x}, {inputs[1]}, alpha=1)"
        return {"relu": f"torch.relu({x})", "softmax": f"torch.softmax({x}, 1)"}[kind]

    def code(self):
        names = "".join(f'"{name}", ' for name in self.tensors)
        declarations = "".join(f"  {name} : Tensor\n" for name in self.tensors)
        body = "".join(f"    {line}\n" for line in self.lines)
        return (
            f"class Shapes(Module):\n  __parameters__ = [{names}]\n  __buffers__ = []\n{declarations}  training : bool\n"
            f"  def forward(self: __torch__.Shapes,\n    {INPUT[0]}: Tensor) -> Tensor:\n{body}    return {OUTPUT}\n"
        )

    def pickled(self):
        """Opcodes by hand, since the classes exist only inside PyTorch."""
        parts = [b"\x80\x02", pickle.GLOBAL, b"__torch__\nShapes\n", pickle.EMPTY_TUPLE, pickle.NEWOBJ, pickle.EMPTY_DICT, pickle.MARK]
        for i, (name, values) in enumerate(self.tensors.items()):
            parts += [text(name), tensor(i, values)]
        parts += [text("training"), pickle.NEWFALSE, pickle.SETITEMS, pickle.BUILD, pickle.STOP]
        return b"".join(parts)


def text(value):
    return pickle.BINUNICODE + struct.pack("<I", len(value)) + value.encode()


def number(value):
    return pickle.BININT + struct.pack("<i", value)


def numbers(values):
    return pickle.MARK + b"".join(number(value) for value in values) + pickle.TUPLE


def tensor(index, values):
    """torch._utils._rebuild_tensor_v2((storage reference), 0, shape, strides, False, OrderedDict())"""
    strides = [math.prod(values.shape[axis + 1 :]) for axis in range(len(values.shape))]
    storage = pickle.MARK + text("storage") + pickle.GLOBAL + b"torch\nFloatStorage\n" + text(str(index)) + text("cpu")
    storage += number(len(values.values)) + pickle.TUPLE + pickle.BINPERSID
    hooks = pickle.GLOBAL + b"collections\nOrderedDict\n" + pickle.EMPTY_TUPLE + pickle.REDUCE
    arguments = pickle.MARK + storage + number(0) + numbers(values.shape) + numbers(strides) + pickle.NEWFALSE + hooks + pickle.TUPLE
    return pickle.GLOBAL + b"torch._utils\n_rebuild_tensor_v2\n" + arguments + pickle.REDUCE


def add(archive, name, content):
    """An entry whose content stands at a multiple of ALIGNMENT, always with the same date."""
    entry = zipfile.ZipInfo(f"{ROOT}/{name}")
    header = archive.fp.tell() + 30 + len(entry.filename)
    padding = -(header + 4) % ALIGNMENT
    entry.extra = struct.pack("<2sH", b"FB", padding) + b"Z" * padding
    archive.writestr(entry, content)


def write(path, weights):
    """weights: of weights.read()"""
    module = Module(weights)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        add(archive, "data.pkl", module.pickled())
        add(archive, "code/__torch__.py", module.code())
        for i, values in enumerate(module.tensors.values()):
            add(archive, f"data/{i}", values.bytes())
        add(archive, "constants.pkl", b"\x80\x02).")
        add(archive, "version", "3\n")
