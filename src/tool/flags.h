// The one flag table of all compilers (bmnetc, bmneto … and `bmnet compile`), in the syntax that scripts of the
// original tools use: one or two dashes, `=` or a blank before the value, later flags win.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/tensor.h"

namespace bmnet::tool {

enum class CompareMode { kOff, kWarn, kOn };

struct CompileFlags {
  std::string model, weight;
  std::string shapes, input_names, output_names, descs, net_name;
  int opt = 2;
  bool dyn = false;
  std::string outdir = "compilation";
  std::string target = "BM1684";
  std::string prec = "FP32";
  int max_n = 0;  // batch of every input without a shape in `shapes`; 0: the model's
  CompareMode cmp = CompareMode::kOn;
  std::string mode = "compile";
  bool enable_profile = false;
  bool decode = false;  // Darknet: decoded boxes as further outputs
  bool list_ops = false;
  bool show_args = false;
  int v = 0;
  std::string log_dir;
  bool dump_ref = false;
  uint64_t seed = 0;
  bool random_weights = false;                 // --weight random
  std::map<std::string, Tensor> fixed_inputs;  // no flag: inputs that are constants, for checks of suites
  bool help = false;
  std::string help_text;  // filled when help is asked for
};

// What a program's name and front end contribute to help texts.
struct CompilerProgram {
  std::string name;         // "bmneto"
  std::string description;  // "ONNX model -> BM1684 BModel"
  std::string examples;
};

// `-model x`, `--model=x` … to the form that CLI11 reads: every long flag gets two dashes, aliases their main name.
std::vector<std::string> normalize_arguments(const std::vector<std::string>& arguments);

// A positional argument is taken as --model. Errors are usage errors: unknown flag (with the nearest known one),
// missing value, value of the wrong kind, target that is not BM1684.
Result<CompileFlags> parse_compile_flags(const CompilerProgram& program, const std::vector<std::string>& arguments);

// "a,b" or "'a','b'" or [a,b]: names separated by commas; blanks and < > belong to names.
std::vector<std::string> parse_names(const std::string& text);

// One row of `descs`: [index, dtype, low, high), the random data that `cmp` feeds to an input.
struct InputDescription {
  int64_t index = 0;
  std::string dtype = "fp32";
  double low = 0, high = 1;
};
Result<std::vector<InputDescription>> parse_descs(const std::string& text);

// The known word nearest to `word` by edit distance, or empty when nothing is near.
std::string nearest(const std::string& word, const std::vector<std::string>& known);

}  // namespace bmnet::tool
