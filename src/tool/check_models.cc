#include "tool/check_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/file.h"
#include "tool/compile.h"
#include "tool/device_compare.h"
#include "tool/golden.h"

namespace bmnet::tool {
namespace {

namespace fs = std::filesystem;

struct Verdict {
  bool passed = false;
  std::string text;
};

std::vector<fs::path> model_folders(const std::vector<std::string>& roots) {
  std::set<fs::path> found;
  for (const std::string& root : roots) {
    std::error_code error;
    if (fs::exists(fs::path(root) / "meta.json")) found.insert(root);
    for (fs::recursive_directory_iterator it(root, error), end; !error && it != end; it.increment(error))
      if (it->path().filename() == "meta.json") found.insert(it->path().parent_path());
  }
  return {found.begin(), found.end()};
}

// Model and weights of a folder: the folder itself where a front end recognises it as a whole, else the file one
// recognises and its weights.
Result<CompileFlags> find_model(const fs::path& folder, const FrontEnd*& front_end) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename() != "golden.npz" && entry.path().filename() != "meta.json")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  CompileFlags flags;
  if (auto whole = recognize(folder)) {
    front_end = *whole;
    flags.model = folder.string();
    return flags;
  }
  for (const fs::path& file : files) {
    auto recognised = recognize(file);
    if (!recognised) continue;
    front_end = *recognised;
    flags.model = file.string();
    // Other files of the same framework are twins of the network; weights that look like another framework's model
    // only count when nothing else can be the weights.
    std::string foreign;
    for (const fs::path& other : files) {
      const auto twin = recognize(other);
      if (!twin) flags.weight = other.string();
      if (twin && *twin != front_end) foreign = other.string();
    }
    if (flags.weight.empty()) flags.weight = foreign;
    return flags;
  }
  return unsupported("no file of a known format in {}", folder.string());
}

// Shapes of the golden inputs, so that dynamic dimensions are fixed: "name:[1,3,224,224]".
std::string shapes_of(const DataSet& set) {
  std::string text;
  for (const NamedTensor& input : set.inputs)
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", input.name, to_string(input.tensor.shape()));
  return text;
}

bool names_any_output(const op::Graph& graph, const DataSet& set) {
  return std::any_of(graph.output_names.begin(), graph.output_names.end(),
                     [&](const std::string& name) { return find_tensor(set.outputs, name) != nullptr; });
}

// Compiles with the model's own outputs; where the golden data names other values of the model, with those.
Result<Compilation> compile_for(const FrontEnd& front_end, CompileFlags flags, const DataSet& set) {
  Progress quiet(Progress::Style::kQuiet);
  BMNET_ASSIGN(Compilation compilation, compile_model(front_end, flags, quiet));
  if (names_any_output(compilation.source, set)) return compilation;
  for (const NamedTensor& output : set.outputs)
    flags.output_names += (flags.output_names.empty() ? "" : ",") + output.name;
  return compile_model(front_end, flags, quiet);
}

Result<Verdict> check_folder(const fs::path& folder) {
  BMNET_ASSIGN(const GoldenModel golden, read_golden_model(folder));
  const auto& sets = golden.sets;
  BMNET_ASSIGN(const Compilation compilation, compile_for(*golden.front_end, golden.flags, sets.begin()->second));

  Verdict verdict{true, ""};
  double worst = 0;
  std::string note;
  for (const auto& [name, set] : sets) {
    BMNET_ASSIGN(const DeviceOutputs device, run_on_device(compilation.compiled.model, set.inputs));
    BMNET_ASSIGN(const Judgement judgement, judge(compilation.source, set, device.outputs));
    worst = std::max(worst, judgement.difference.relative());
    if (judgement.difference.agrees()) continue;
    note = fmt::format("; {} at {}", name, judgement.to_text());
    if (!judgement.within_chip_bound()) verdict.passed = false;
  }
  const plan::Report& report = compilation.compiled.report;
  verdict.text = fmt::format("{} sets, worst {:.1e} of the maximum, {} cycles, {} CPU sub-nets{}", sets.size(), worst,
                             report.cycles, report.cpu_sub_nets, note);
  return verdict;
}

std::string short_name(const fs::path& folder) {
  return (folder.parent_path().filename() / folder.filename()).string();
}

}  // namespace

Result<GoldenModel> read_golden_model(const fs::path& folder) {
  GoldenModel golden;
  BMNET_ASSIGN(golden.flags, find_model(folder, golden.front_end));
  BMNET_ASSIGN(golden.sets, read_data_sets(folder / "golden.npz"));
  if (golden.sets.empty()) return user_error("golden.npz holds no data");
  golden.flags.shapes = shapes_of(golden.sets.begin()->second);
  return golden;
}

int check_models(const std::vector<std::string>& folders) {
  int passed = 0, failed = 0;
  const std::vector<fs::path> found = model_folders(folders);
  if (found.empty()) fmt::print("no model folders (with meta.json) in: {}\n", fmt::join(folders, " "));
  for (const fs::path& folder : found) {
    if (!fs::exists(folder / "golden.npz")) {
      fmt::print("{:<44} -     no golden data\n", short_name(folder));
      continue;
    }
    auto verdict = check_folder(folder);
    const bool ok = verdict && verdict->passed;
    ++(ok ? passed : failed);
    fmt::print("{:<44} {}  {}\n", short_name(folder), ok ? "pass" : "FAIL",
               verdict ? verdict->text : verdict.error().message);
    std::fflush(stdout);
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed || found.empty() ? kExitError : kExitOk;
}

}  // namespace bmnet::tool
