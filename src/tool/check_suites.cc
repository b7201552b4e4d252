#include "tool/check_suites.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "bmodel/writer.h"
#include "frontend/onnx/import.h"
#include "op/op.h"
#include "tool/compile.h"
#include "tool/device_compare.h"
#include "tool/golden.h"

namespace bmnet::tool {
namespace {

namespace fs = std::filesystem;

enum class Outcome : char { kPassed = 'p', kRefused = 'r', kFailed = 'f' };

struct Verdict {
  Outcome outcome = Outcome::kFailed;
  std::string text;
};

// Cases whose golden data follow another rule on purpose, with the reason.
struct Deviation {
  std::string_view stem, reason;
};
constexpr std::string_view kUnroundedSize = "expects positions by the unrounded output size; all frameworks round it";
constexpr std::array kDeviations = {
    Deviation{"resize_downsample_scales_cubic_align_corners", kUnroundedSize},
    Deviation{"resize_downsample_scales_linear_align_corners", kUnroundedSize},
    Deviation{"torch_topk", "sorted=False: the golden order is one of many; ours is sorted"},
};

Verdict failed(std::string text) { return {Outcome::kFailed, std::move(text)}; }
Verdict failed(const Error& error) {
  return failed(fmt::format("{}{}", error.kind == ErrorKind::kBug ? "internal error: " : "", error.message));
}

// The numbered data of a case under the names of the model's inputs.
void name_inputs(std::vector<NamedTensor>& inputs, const std::vector<std::string>& names) {
  for (NamedTensor& input : inputs)
    if (const size_t index = std::strtoull(input.name.c_str(), nullptr, 10); index < names.size())
      input.name = names[index];
}

class Case {
 public:
  Case(fs::path model, const SuiteOptions& options) : model_(std::move(model)) {
    flags_.model = model_.string();
    flags_.opt = options.opt;
    for (const std::string& entry : options.shapes)
      if (const std::string prefix = model_.stem().string() + "="; entry.starts_with(prefix))
        flags_.shapes = entry.substr(prefix.size());
  }

  Verdict check() {
    auto recognised = recognize(model_);
    if (!recognised) return failed(recognised.error());
    front_end_ = *recognised;
    const fs::path data = fs::path(model_).replace_extension(".npz");
    return fs::exists(data) ? check_with_data(data) : check_alone();
  }

 private:
  // Only what the compilation itself can tell.
  Verdict check_alone() {
    flags_.random_weights = front_end_->framework != "ONNX";
    Verdict verdict;
    const auto compilation = compile(verdict);
    if (!compilation) return verdict;
    if (const auto file = bmodel::write_memory(compilation->compiled.model); !file) return failed(file.error());
    return {Outcome::kPassed, fmt::format("{} cycles", compilation->compiled.report.cycles)};
  }

  Verdict check_with_data(const fs::path& path) {
    auto sets = read_data_sets(path);
    if (!sets) return refused(sets.error());
    data_ = (*sets)[""];
    if (front_end_->framework == "ONNX") {
      const auto names = frontend::onnx_input_names(model_);
      if (!names) return refused(names.error());
      name_inputs(data_.inputs, *names);
    } else {
      for (const NamedTensor& input : data_.inputs)
        flags_.shapes += fmt::format("{}{}", flags_.shapes.empty() ? "" : ",", to_string(input.tensor.shape()));
    }
    // Parameters that must be known when compiling (a shape, axes, k) are graph inputs in many cases. They are fixed
    // when the import asks for them: all but the first input, then all.
    Verdict verdict;
    auto compilation = compile(verdict);
    for (const size_t kept : {1, 0}) {
      if (!asks_for_constants(verdict)) break;
      for (size_t i = kept; i < data_.inputs.size(); ++i)
        flags_.fixed_inputs[data_.inputs[i].name] = data_.inputs[i].tensor;
      compilation = compile(verdict);
    }
    return compilation ? compare(*compilation) : verdict;
  }

  static bool asks_for_constants(const Verdict& verdict) {
    return verdict.outcome == Outcome::kRefused && (verdict.text.find("run time") != std::string::npos ||
                                                    verdict.text.find("dynamic shape") != std::string::npos);
  }

  // Nothing when it fails; then `verdict` tells why.
  std::optional<Compilation> compile(Verdict& verdict) {
    Progress quiet(Progress::Style::kQuiet);
    auto compilation = compile_model(*front_end_, flags_, quiet);
    verdict = compilation ? Verdict{Outcome::kPassed, ""} : refused(compilation.error());
    if (!compilation) return std::nullopt;
    return std::move(*compilation);
  }

  Verdict refused(const Error& error) const {
    if (error.kind == ErrorKind::kBug || error.kind == ErrorKind::kSystem) return failed(error);
    std::string text = error.message;  // without the file's name, so that equal reasons are equal
    if (const std::string prefix = model_.string() + ": "; text.starts_with(prefix)) text.erase(0, prefix.size());
    return {Outcome::kRefused, text};
  }

  Verdict compare(const Compilation& compilation) {
    const op::Graph& graph = compilation.source;
    if (const auto file = bmodel::write_memory(compilation.compiled.model); !file) return failed(file.error());
    std::vector<NamedTensor> inputs;
    for (size_t i = 0; i < graph.inputs.size(); ++i) {
      const op::Value& value = graph.values[graph.inputs[i]];
      const Tensor* given = find_tensor(data_.inputs, value.name);
      if (!given && front_end_->framework != "ONNX") given = find_tensor(data_.inputs, std::to_string(i));
      if (!given) return failed(fmt::format("no data for the input '{}'", value.name));
      auto tensor = op::evaluate("cast", {{"to", std::string(dtype_name(value.info.dtype))}}, std::span(given, 1));
      if (!tensor) return failed(tensor.error());
      if (tensor->front().shape() != value.info.shape)
        return failed(fmt::format("the input '{}' was imported as {} instead of {}", value.name,
                                  to_string(value.info.shape), to_string(given->shape())));
      inputs.push_back({value.name, tensor->front()});
    }
    if (auto wrong = check_shapes(graph); !wrong) return failed(wrong.error());
    runtime::SessionOptions options;
    options.detect_races = true;
    const auto device = run_on_device(compilation.compiled.model, inputs, options);
    if (!device) return failed(device.error());
    if (!device->report.races.empty()) return failed("race: " + device->report.races[0].message);
    op::Tolerance tolerance;
    for (const NamedTensor& output : data_.outputs)
      if (output.tensor.dtype() == DType::kF16) tolerance.relative = 1e-3;
    const auto judgement = judge(graph, data_, device->outputs, tolerance);
    if (!judgement) return failed(judgement.error());
    return {judgement->difference.agrees() || judgement->within_chip_bound() ? Outcome::kPassed : Outcome::kFailed,
            judgement->to_text()};
  }

  // Gives the golden outputs the graph's names and holds the shapes against each other.
  Status check_shapes(const op::Graph& graph) {
    for (NamedTensor& output : data_.outputs) {
      const size_t index = std::strtoull(output.name.c_str(), nullptr, 10);
      if (index >= graph.outputs.size())
        return user_error("{} outputs instead of {}", graph.outputs.size(), data_.outputs.size());
      output.name = graph.output_names[index];
      const Shape& shape = graph.values[graph.outputs[index]].info.shape;
      if (shape != output.tensor.shape() && op::content_of(graph, graph.outputs[index]) != op::Content::kSelection)
        return user_error("output {} has the shape {} instead of {}", index, to_string(shape),
                          to_string(output.tensor.shape()));
    }
    return {};
  }

  fs::path model_;
  CompileFlags flags_;
  const FrontEnd* front_end_ = nullptr;
  DataSet data_;
};

// The case in a process of its own.
Verdict check_apart(const fs::path& model, const SuiteOptions& options) {
  int ends[2];
  if (pipe(ends) != 0) return failed("no pipe");
  const pid_t child = fork();
  if (child < 0) return failed("no process");
  if (child == 0) {
    close(ends[0]);
    alarm(static_cast<unsigned>(options.time_limit));
    const Verdict verdict = Case(model, options).check();
    const std::string message = static_cast<char>(verdict.outcome) + verdict.text;
    for (size_t sent = 0; sent < message.size();) {
      const ssize_t count = write(ends[1], message.data() + sent, message.size() - sent);
      if (count <= 0) break;
      sent += static_cast<size_t>(count);
    }
    _exit(0);
  }
  close(ends[1]);
  std::string message;
  std::array<char, 4096> part;
  for (ssize_t count; (count = read(ends[0], part.data(), part.size())) > 0;)
    message.append(part.data(), static_cast<size_t>(count));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    return failed(WTERMSIG(status) == SIGALRM ? fmt::format("not done in {} s", options.time_limit)
                                              : fmt::format("crash: {}", strsignal(WTERMSIG(status))));
  if (message.empty()) return failed("ended without a result");
  return {static_cast<Outcome>(message[0]), message.substr(1)};
}

// Model files by the folder they stand in.
std::map<fs::path, std::set<fs::path>> find_cases(const std::vector<std::string>& roots, const std::string& only) {
  std::map<fs::path, std::set<fs::path>> suites;
  for (const std::string& root : roots) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
      const fs::path& path = it->path();
      if (!it->is_regular_file() || path.extension() == ".npz" || path.extension() == ".pb" ||
          path.string().find(only) == std::string::npos)
        continue;
      if (recognize(path)) suites[path.parent_path()].insert(path);
    }
  }
  return suites;
}

// Refusals differ in names and numbers: what stands in quotes is left out, and numbers are.
std::string reason_of(const std::string& text) {
  std::string reason;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') quoted = !quoted;
    if (quoted || c == '\'') continue;
    if (!std::isdigit(static_cast<unsigned char>(c)))
      reason += c;
    else if (reason.empty() || reason.back() != '#')
      reason += '#';
  }
  return reason;
}

struct Counts {
  int passed = 0, refused = 0, failed = 0, deviating = 0;
};

Counts check_suite(const fs::path& suite, const std::set<fs::path>& models, const SuiteOptions& options) {
  Counts counts;
  std::map<std::string, std::vector<std::string>> reasons;
  for (const fs::path& model : models) {
    const std::string stem = model.stem().string();
    Verdict verdict = check_apart(model, options);
    std::string_view word = "pass";
    const auto deviation = std::ranges::find(kDeviations, stem, &Deviation::stem);
    if (verdict.outcome == Outcome::kPassed) {
      ++counts.passed;
    } else if (verdict.outcome == Outcome::kRefused) {
      ++counts.refused, word = "refused";
      reasons[reason_of(verdict.text)].push_back(stem);
    } else if (deviation != kDeviations.end()) {
      ++counts.deviating, word = "deviates";
      verdict.text = deviation->reason;
    } else {
      ++counts.failed, word = "FAIL";
    }
    if (options.list || word == "FAIL" || word == "deviates") fmt::print("{:<52} {:<8} {}\n", stem, word, verdict.text);
    std::fflush(stdout);
  }
  fmt::print("{}: {} passed, {} refused, {} failed", suite.string(), counts.passed, counts.refused, counts.failed);
  if (counts.deviating) fmt::print(", {} deviate", counts.deviating);
  fmt::print("\n");
  for (const auto& [reason, stems] : reasons)
    fmt::print("  {:>3} refused: {} ({}{})\n", stems.size(), reason, stems[0], stems.size() > 1 ? ", …" : "");
  return counts;
}

}  // namespace

int check_suites(const std::vector<std::string>& folders, const SuiteOptions& options) {
  const auto suites = find_cases(folders, options.only);
  if (suites.empty()) fmt::print("no model files in: {}\n", fmt::join(folders, " "));
  Counts total;
  for (const auto& [suite, models] : suites) {
    const Counts counts = check_suite(suite, models, options);
    total.passed += counts.passed, total.refused += counts.refused, total.failed += counts.failed;
  }
  fmt::print("{} refused\n{} passed, {} failed\n", total.refused, total.passed, total.failed);
  return total.failed || suites.empty() ? kExitError : kExitOk;
}

}  // namespace bmnet::tool
