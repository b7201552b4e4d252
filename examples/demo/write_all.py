"""Writes the demo's network in every format that has no committed file, from the weights in shapes.onnx.

    python3 write_all.py FOLDER

Needs nothing but Python. The eighth format, UModel, is made by the compiler: bmneto --mode=GenUmodel.
"""
import os
import sys

import weights
import write_darknet
import write_mxnet
import write_paddle
import write_pytorch
import write_tensorflow


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)

    def path(name):
        return os.path.join(folder, name)

    values = weights.read()
    write_tensorflow.write(path("shapes.pb"), path("saved_model"), values)
    write_mxnet.write(path("shapes-symbol.json"), path("shapes-0000.params"), values)
    write_pytorch.write(path("shapes.pt"), values)
    write_darknet.write(path("shapes.cfg"), path("shapes.weights"), values)
    write_paddle.write(path("paddle/shapes.pdmodel"), path("paddle/shapes.pdiparams"), path("paddle_separate"), values)


if __name__ == "__main__":
    main()
