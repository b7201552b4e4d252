#include "tool/compile.h"

#include <fmt/core.h>

#include "base/file.h"
#include "base/text.h"
#include "bmodel/writer.h"
#include "frontend/umodel/import.h"
#include "op/host/host.h"
#include "pass/optimize.h"
#include "tool/command_line.h"
#include "tool/device_compare.h"
#include "tool/doctor.h"
#include "tool/operator_list.h"
#include "tool/reference_data.h"
#include "tool/reports.h"

namespace bmnet::tool {
namespace {

namespace fs = std::filesystem;

int fail(const CompilerProgram& program, const Error& error, int code) {
  fmt::print(stderr, "{}: error: {}\n", program.name, printable(error.message));
  return code;
}

Status prepare_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder))
    return system_error("{}: cannot make the output folder: {}", folder.string(), error.message());
  return {};
}

// One line an input and output, for people: the order and types of the .dat files.
std::string io_info(const op::Graph& graph) {
  std::string text;
  for (op::ValueId id : graph.inputs)
    text += fmt::format("input {} {} {}\n", graph.values[id].name, dtype_name(graph.values[id].info.dtype),
                        to_string(graph.values[id].info.shape));
  for (size_t i = 0; i < graph.outputs.size(); ++i) {
    const TensorInfo& info = graph.values[graph.outputs[i]].info;
    text += fmt::format("output {} {} {}\n", graph.output_names[i], dtype_name(info.dtype), to_string(info.shape));
  }
  return text;
}

std::vector<NamedTensor> named_inputs(const op::Graph& graph, const std::vector<Tensor>& tensors) {
  std::vector<NamedTensor> named;
  for (size_t i = 0; i < tensors.size(); ++i) named.push_back({graph.values[graph.inputs[i]].name, tensors[i]});
  return named;
}

// Reference data, and the comparison when asked for. Gives whether the device agreed.
Result<bool> check(const Compilation& compilation, const CompileFlags& flags, const fs::path& folder,
                   Progress& progress) {
  if (flags.cmp == CompareMode::kOff && !flags.dump_ref) return true;
  BMNET_ASSIGN(const auto descriptions, parse_descs(flags.descs));
  BMNET_ASSIGN(const std::vector<Tensor> inputs, random_inputs(compilation.source, descriptions, flags.seed));
  progress.begin_stage("computing the reference");
  BMNET_ASSIGN(op::Interpreter interpreter, op::host::make_interpreter(compilation.source));
  const std::vector<NamedTensor> feeds = named_inputs(compilation.source, inputs);
  BMNET_ASSIGN(const std::vector<Tensor> reference, interpreter.run(feeds));
  BMNET_TRY(write_dat(folder / "input_ref_data.dat", inputs));
  BMNET_TRY(write_dat(folder / "output_ref_data.dat", reference));
  if (flags.cmp == CompareMode::kOff) return true;

  progress.begin_stage("running on the simulator");
  BMNET_ASSIGN(const DeviceOutputs device, run_on_device(compilation.compiled.model, feeds));
  BMNET_ASSIGN(const op::CompareReport report, compare_outputs(compilation.source, reference, device.outputs));
  progress.end_stage();
  if (report.agrees()) return true;
  fmt::print(stderr, "The device's outputs differ from the reference:\n{}", report.to_text());
  BMNET_ASSIGN(const op::CompareReport layers, compare_layers(compilation.graph, feeds));
  fmt::print(stderr, "Layer by layer, worst first:\n{}", layers.to_text());
  return false;
}

Status write_outputs(const Compilation& compilation, const CompileFlags& flags, const fs::path& folder) {
  BMNET_TRY(bmodel::write_file(folder / "compilation.bmodel", compilation.compiled.model));
  BMNET_TRY(write_file_atomically(folder / "io_info.dat", io_info(compilation.source)));
  if (flags.enable_profile)
    BMNET_TRY(write_file_atomically(folder / "compiler_profile_0.txt", plan::to_string(compilation.compiled.report)));
  return {};
}

Result<int> compile_command(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress) {
  if (flags.dyn)
    return unsupported(
        "--dyn: dynamic networks are not supported; compile once for every shape and join the files with tpu_model "
        "--combine");
  const fs::path folder = flags.outdir;
  if (flags.mode == "check") {
    BMNET_ASSIGN(const Diagnosis diagnosis, diagnose(front_end, flags, progress));
    progress.end_stage();
    fmt::print("{}", printable(to_text(diagnosis)));
    return diagnosis.compiles() ? kExitOk : kExitError;
  }
  if (flags.mode == "GenUmodel") {
    BMNET_ASSIGN(const nn::Model model, import_model(front_end, flags));
    BMNET_TRY(prepare_folder(folder));
    const fs::path path = folder / fmt::format("{}_{}.fp32umodel", model.name(), front_end.program);
    BMNET_TRY(model.save(path));
    fmt::print("Stored {}.\n", path.string());
    return kExitOk;
  }
  if (flags.mode != "compile") return user_error("--mode takes compile, GenUmodel or check, not '{}'", flags.mode);
  BMNET_ASSIGN(const Compilation compilation, compile_model(front_end, flags, progress));
  BMNET_TRY(prepare_folder(folder));
  progress.begin_stage("writing");
  BMNET_TRY(write_outputs(compilation, flags, folder));
  BMNET_ASSIGN(const bool agreed, check(compilation, flags, folder, progress));
  progress.end_stage();
  fmt::print("{}", compile_banner(compilation, folder / "compilation.bmodel", flags.v >= 3));
  return agreed || flags.cmp == CompareMode::kWarn ? kExitOk : kExitCompareFailed;
}

}  // namespace

Result<ImportedGraphs> import_graphs(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress) {
  progress.begin_stage("importing");
  BMNET_ASSIGN(nn::Model model, import_model(front_end, flags));
  BMNET_ASSIGN(op::Graph source, model.to_graph());
  progress.begin_stage("optimising");
  BMNET_TRY(pass::optimize(model, flags.opt));
  BMNET_ASSIGN(op::Graph graph, model.to_graph());
  return ImportedGraphs{std::move(model), std::move(source), std::move(graph)};
}

Result<Compilation> compile_model(const FrontEnd& front_end, const CompileFlags& flags, Progress& progress) {
  BMNET_ASSIGN(ImportedGraphs imported, import_graphs(front_end, flags, progress));
  progress.begin_stage("planning");
  BMNET_ASSIGN(plan::Compiled compiled, plan::compile(imported.graph, {.opt_level = flags.opt}));
  return Compilation{std::move(imported.source), std::move(imported.graph), std::move(compiled)};
}

int run_compiler(const FrontEnd* front_end, const CompilerProgram& program, const std::vector<std::string>& arguments) {
  auto flags = parse_compile_flags(program, arguments);
  if (!flags) return fail(program, flags.error(), kExitUsage);
  if (flags->help) return fmt::print("{}", flags->help_text), kExitOk;
  if (flags->show_args) fmt::print("{}", show_arguments(*flags));
  if (flags->list_ops) return fmt::print("{}", operator_table(front_end)), kExitOk;
  // The original's parameter file is the UModel here.
  if (flags->model.empty() && frontend::is_umodel(flags->weight)) std::swap(flags->model, flags->weight);
  if (!front_end) {
    auto recognised = recognize(flags->model);
    if (!recognised) return fail(program, recognised.error(), kExitError);
    front_end = *recognised;
  }
  Progress progress(Progress::style_for(stderr));
  const auto code = compile_command(*front_end, *flags, progress);
  progress.end_stage();
  return code ? *code : fail(program, code.error(), kExitError);
}

int compiler_main(std::string_view program, int argc, char** argv) {
  end_when_out_of_memory(argv[0]);
  const FrontEnd* front_end = front_end_of_program(program);
  const CompilerProgram about{std::string(program), fmt::format("{} model -> BModel for BM1684", front_end->framework),
                              std::string(front_end->examples)};
  return run_compiler(front_end, about, {argv + 1, argv + argc});
}

}  // namespace bmnet::tool
