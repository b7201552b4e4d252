"""The Python modules: option syntax, a compilation, errors."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import bmnet
import bmneto

DEMO = ROOT / "examples" / "demo" / "shapes.onnx"


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

    def test_an_error_carries_message_and_code(self):
        with self.assertRaises(bmnet.CompileError) as caught:
            bmneto.compile(model="missing.onnx")
        self.assertEqual(caught.exception.code, 1)
        self.assertIn("missing.onnx: no such file", str(caught.exception))

    def test_runs_as_a_module(self):
        done = subprocess.run([sys.executable, "-m", "bmneto", "--help"], cwd=ROOT / "python", capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--shapes", done.stdout)


if __name__ == "__main__":
    unittest.main()
