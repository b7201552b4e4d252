#!/usr/bin/python3
"""Writes large models with random weights: a chain of dense layers, the same bytes every time.

Usage: generate_large.py FOLDER
makes FOLDER/large.onnx (500 MB), FOLDER/large_external.onnx with its weights in large_external.bin (500 MB) and
FOLDER/large.pt (TorchScript, 250 MB).
"""
import collections
import io
import os
import pickle
import sys
import types
import zipfile

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "demo"))
import onnx_file  # noqa: E402
from onnx_file import FLOAT, OPSET, node, value_info  # noqa: E402
from protobuf import data, integer  # noqa: E402

WIDTH = 2500  # 25 MB a layer
SEED = 7


def layers(count):
    random = numpy.random.Generator(numpy.random.PCG64(SEED))
    for index in range(count):
        weight = random.standard_normal((WIDTH, WIDTH), dtype="<f4")
        weight *= WIDTH**-0.5
        yield f"layer{index}.weight", weight


def dense_nodes(count):
    values = ["data"] + [f"dense{index}" for index in range(count)]
    return [node("MatMul", values[i + 1], [values[i], f"layer{i}.weight"], values[i + 1]) for i in range(count)], values[-1]


def write_onnx(path, count):
    nodes, output = dense_nodes(count)
    onnx_file.write(path, "large", "bmnet bench", nodes, dict(layers(count)), [("data", [1, WIDTH])], [(output, [1, WIDTH])])


def write_external_onnx(path, count):
    nodes, output = dense_nodes(count)
    weights_path = path.replace(".onnx", ".bin")
    tensors = []
    with open(weights_path, "wb") as file:
        for name, weight in layers(count):
            entries = {"location": os.path.basename(weights_path), "offset": str(file.tell()), "length": str(weight.nbytes)}
            tensor = b"".join(integer(1, size) for size in weight.shape) + integer(2, FLOAT) + data(8, name)
            tensor += b"".join(data(13, data(1, key) + data(2, value)) for key, value in entries.items())
            tensors.append(tensor + integer(14, 1))
            weight.tofile(file)
    graph = [data(1, one) for one in nodes] + [data(2, "large")] + [data(5, one) for one in tensors]
    graph += [data(11, value_info("data", [1, WIDTH])), data(12, value_info(output, [1, WIDTH]))]
    with open(path, "wb") as file:
        file.write(integer(1, 7) + data(2, "bmnet bench") + data(7, b"".join(graph)) + data(8, integer(2, OPSET)))


def known_as(module, name):
    """Something that pickle writes as `module.name`."""
    thing = type(name, (), {"__module__": module, "__qualname__": name})
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:end]), types.ModuleType(".".join(parts[:end])))
    setattr(sys.modules[module], name, thing)
    return thing


class TorchPickler(pickle.Pickler):
    """Tensors are rebuilt from storages, which stand in the archive as files of their own."""

    def __init__(self, file, module_type):
        super().__init__(file, protocol=2)
        self.module_type = module_type
        self.storage_type = known_as("torch", "FloatStorage")
        self.rebuild = known_as("torch._utils", "_rebuild_tensor_v2")
        self.dictionary = collections.OrderedDict

    def persistent_id(self, value):
        if isinstance(value, Storage):
            return ("storage", self.storage_type, value.key, "cpu", WIDTH * WIDTH)
        return None

    def reducer_override(self, value):
        if isinstance(value, Tensor):
            return self.rebuild, (value.storage, 0, (WIDTH, WIDTH), (WIDTH, 1), False, self.dictionary())
        return NotImplemented


class Storage:
    def __init__(self, key):
        self.key = key


class Tensor:
    def __init__(self, key):
        self.storage = Storage(key)


def write_torchscript(path, count):
    module_type = known_as("__torch__", "M")
    module = module_type()
    module.training = False
    for index in range(count):
        setattr(module, f"w{index}", Tensor(str(index)))
    stream = io.BytesIO()
    TorchPickler(stream, module_type).dump(module)
    code = ["class M(Module):", "  __parameters__ = []", "  __buffers__ = []", "  training : bool"]
    code += [f"  w{index} : Tensor" for index in range(count)]
    code += ["  def forward(self: __torch__.M,", "    x: Tensor) -> Tensor:"]
    code += [f"    x{index + 1} = torch.matmul({'x' if index == 0 else f'x{index}'}, self.w{index})" for index in range(count)]
    code += [f"    return x{count}"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:

        def add(name, content):
            entry = zipfile.ZipInfo(f"large/{name}")
            entry.extra = padding(archive, entry)
            archive.writestr(entry, content)

        add("data.pkl", stream.getvalue())
        add("code/__torch__.py", "\n".join(code) + "\n")
        add("constants.pkl", pickle.dumps((), protocol=2))
        add("version", "3\n")
        for index, (_, weight) in enumerate(layers(count)):
            add(f"data/{index}", weight.tobytes())


def padding(archive, entry):
    """Extra data that puts the content at a multiple of 64 bytes, as PyTorch's writer does."""
    start = archive.fp.tell() + 30 + len(entry.filename)
    size = (64 - (start + 4) % 64) % 64
    return b"FB" + size.to_bytes(2, "little") + b"Z" * size


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, write, count in [("large.onnx", write_onnx, 20), ("large_external.onnx", write_external_onnx, 20), ("large.pt", write_torchscript, 10)]:
        path = os.path.join(sys.argv[1], name)
        if not os.path.exists(path):
            write(path, count)


if __name__ == "__main__":
    main()
