# Pass tests: text graph in, FileCheck lines beside it.
import os

import lit.formats

config.name = "pass"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
# The packaged MLIR archives are not instrumented, while LLVM headers poison arena memory in instrumented code.
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.environ["BMNET_TEST_OUTPUT"]
for key in ("BMNET_LLVM_BIN", "BMNET_BIN"):
    config.environment["PATH"] = os.pathsep.join((os.environ[key], config.environment["PATH"]))
