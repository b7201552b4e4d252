"""The Python modules: option syntax, a compilation with each, errors."""

import importlib
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import bmnet
import bmneto

FOLDER = ROOT / "examples" / "demo"
DEMO = FOLDER / "shapes.onnx"

# The demo's network for each module: options of compile(); files stand in the folder that write_all.py fills.
MODELS = {
    "bmnetc": {"model": FOLDER / "shapes.prototxt", "weight": FOLDER / "shapes.caffemodel"},
    "bmnetd": {"model": "shapes.cfg", "weight": "shapes.weights"},
    "bmnetm": {"model": "shapes-symbol.json", "weight": "shapes-0000.params", "shapes": [[1, 3, 64, 64]], "input_names": ["data"]},
    "bmneto": {"model": DEMO, "shapes": [[1, 3, 64, 64]], "input_names": ["data"], "output_names": ["prob"]},
    "bmnetp": {"model": "shapes.pt", "shapes": [[1, 3, 64, 64]]},
    "bmnett": {"model": "shapes.pb", "shapes": [[1, 64, 64, 3]], "input_names": ["data"], "output_names": ["prob"]},
    "bmnetu": {"weight": "shapes_bmneto.fp32umodel", "model": None, "prec": "FP32"},
    "bmpaddle": {"model": "paddle", "shapes": [[1, 3, 64, 64]], "input_names": ["data"], "output_names": ["prob"]},
}

# What every one of them has in common: names and defaults of the original tools.
COMMON = {"target": "BM1684", "opt": 2, "dyn": False, "cmp": True, "mode": "compile", "enable_profile": False, "net_name": "demo", "descs": [[0, "fp32", 0, 1]]}


class Options(unittest.TestCase):
    def test_shapes_are_nested_lists(self):
        self.assertEqual(bmnet.arguments(shapes=[[1, 3, 4, 4], [1, 2]]), ["--shapes=[[1,3,4,4],[1,2]]"])

    def test_names_are_joined_by_commas(self):
        self.assertEqual(bmnet.arguments(input_names=["a", "b"]), ["--input_names=a,b"])

    def test_descriptions_keep_their_brackets(self):
        self.assertEqual(bmnet.arguments(descs=[[0, "int", 0, 128]]), ["--descs=[[0,int,0,128]]"])

    def test_booleans_are_words(self):
        self.assertEqual(bmnet.arguments(cmp=False), ["--cmp=false"])

    def test_none_means_the_default(self):
        self.assertEqual(bmnet.arguments(net_name=None), [])


class Compile(unittest.TestCase):
    def test_makes_a_bmodel(self):
        with tempfile.TemporaryDirectory() as folder:
            bmneto.compile(model=DEMO, outdir=folder, target="BM1684", shapes=[[1, 3, 64, 64]], opt=1)
            self.assertTrue((pathlib.Path(folder) / "compilation.bmodel").is_file())

    def test_every_module_compiles_its_format(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            subprocess.run([sys.executable, FOLDER / "write_all.py", folder], check=True)
            bmneto.compile(model=DEMO, mode="GenUmodel", outdir=folder)
            for name, options in MODELS.items():
                with self.subTest(name):
                    options = {key: folder / value if key in ("model", "weight") and value else value for key, value in options.items()}
                    module = importlib.import_module(name)
                    module.compile(outdir=folder / name, **COMMON, **options)
                    written = {path.name for path in (folder / name).iterdir()}
                    self.assertEqual(written, {"compilation.bmodel", "io_info.dat", "input_ref_data.dat", "output_ref_data.dat"})

    def test_every_module_is_a_program(self):
        for name in MODELS:
            with self.subTest(name):
                done = subprocess.run([sys.executable, "-m", name, "--help"], cwd=ROOT / "python", capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0)
                for flag in ("--model", "--shapes", "--outdir", *(f"--{option}" for option in COMMON)):
                    self.assertIn(flag, done.stdout)

    def test_an_error_carries_message_and_code(self):
        with self.assertRaises(bmnet.CompileError) as caught:
            bmneto.compile(model="missing.onnx")
        self.assertEqual(caught.exception.code, 1)
        self.assertIn("missing.onnx: no such file", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
