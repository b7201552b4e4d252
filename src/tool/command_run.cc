// `bmnet run`: a BModel on a device, with data from a context folder, an npz file, a picture, or zeros.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "op/compare.h"
#include "runtime/session.h"
#include "target/bm1684/machine.h"
#include "tool/command_line.h"
#include "tool/commands.h"
#include "tool/compile.h"
#include "tool/run_inputs.h"
#include "tool/tensor_files.h"
#include "tool/trace.h"

namespace bmnet::tool {
namespace {

namespace fs = std::filesystem;

struct RunArguments {
  RunInputs inputs;
  std::string labels, output, device = "simulator", trace, dump;
  bool check = false;
  size_t top = 5;
};

void declare(CLI::App& app, RunArguments& a) {
  declare_inputs(app, a.inputs);
  app.add_option("--labels", a.labels, "file with a class name per line: print the top classes of the first output");
  app.add_option("--top", a.top, "how many classes")->capture_default_str();
  app.add_option("--output", a.output, "write the outputs to this .npz file");
  app.add_option("--dump-tensors,--dump_tensors", a.dump,
                 "write every named tensor, taken when its layer has ended, to an .npz file a net in this folder");
  app.add_option("--device", a.device, "simulator, or cmodel=PATH of a vendor C model")->capture_default_str();
  app.add_option("--trace", a.trace, "write what both engines did to this file (Chrome/Perfetto trace)");
  app.add_flag("--check", a.check, "report commands whose order nothing guarantees (races)");
  app.footer(
      "With --context_dir the outputs are compared with output_ref_data.dat.\n"
      "Examples:\n  bmnet run --context_dir out\n  bmnet run net.bmodel --image cat.jpg --mean 104,117,123 --labels "
      "labels.txt\n  bmnet run net.bmodel --seed 1 --dump-tensors tensors");
}

using runtime::Session;

void print_cost(const runtime::SessionRun& run) {
  const LaunchReport& r = run.report;
  fmt::print("cycles {} ({:.3f} ms at 550 MHz), TIU {} GDMA {}; {:.3f} s on this host\n", r.cycles,
             static_cast<double>(r.cycles) / bm1684::kClockHz * 1e3, r.engines[0].cycles, r.engines[1].cycles,
             run.seconds);
}

bool print_races(const LaunchReport& report) {
  for (const Race& race : report.races) fmt::print("race: {}\n", race.message);
  if (report.race_count > report.races.size()) fmt::print("… {} races in all\n", report.race_count);
  return report.race_count == 0;
}

// Integers must be equal; floats agree within 0.01, relative above 1 (the rule of bmrt_test).
constexpr op::Tolerance kContextTolerance{1e-2, 1e-2};

// What a run leaves besides its outputs.
struct Records {
  std::vector<TraceProcess> traces;
  std::optional<runtime::TensorDump> dump;
};

Status record(const runtime::Network& network, size_t stage, const LaunchReport& report, const RunArguments& a,
              Records& records) {
  if (!a.trace.empty()) {
    BMNET_ASSIGN(TraceProcess trace, trace_of(network, stage, report));
    records.traces.push_back(std::move(trace));
  }
  if (records.dump) {
    BMNET_ASSIGN(const std::string text, write_tensors(a.dump, network, stage, *records.dump));
    fmt::print("{}", text);
  }
  return {};
}

Result<int> run_context(Session& session, const RunArguments& a, Records& records) {
  const fs::path folder = a.inputs.context_dir;
  bool all_agree = true;
  for (size_t net = 0; net < session.networks().size(); ++net) {
    const runtime::Network& network = *session.networks()[net];
    for (size_t stage = 0; stage < network.stages.size(); ++stage) {
      BMNET_ASSIGN(const auto feeds, read_context(session, folder, ContextFile::kInputs, net, stage));
      BMNET_ASSIGN(const auto golden, read_context(session, folder, ContextFile::kOutputs, net, stage));
      BMNET_ASSIGN(const runtime::SessionRun run, session.run(feeds, net, stage));
      op::CompareReport report;
      bool identical = true;
      for (size_t i = 0; i < golden.size(); ++i) {
        const Tensor& got = run.outputs[i].tensor;
        identical = identical && got.bytes() == golden[i].tensor.bytes() &&
                    std::memcmp(got.raw(), golden[i].tensor.raw(), got.bytes()) == 0;
        report.add(golden[i].name, "output", op::compare(golden[i].tensor, got, kContextTolerance));
      }
      const char* verdict = identical         ? "identical to the reference"
                            : report.agrees() ? "within tolerance of the reference"
                                              : "DIFFERS from the reference";
      fmt::print("net '{}' stage {}: {}\n", network.name, stage, verdict);
      print_cost(run);
      BMNET_TRY(record(network, stage, run.report, a, records));
      if (!identical) fmt::print("{}", report.to_text());
      all_agree = print_races(run.report) && report.agrees() && all_agree;
    }
  }
  return all_agree ? kExitOk : kExitCompareFailed;
}

Status print_top(const Tensor& scores, const RunArguments& a) {
  if (scores.dtype() != DType::kF32)
    return unsupported("--labels needs an f32 output, the first one is {}", dtype_name(scores.dtype()));
  std::vector<std::string> labels;
  std::ifstream stream(a.labels);
  if (!stream) return system_error("{}: cannot be read", a.labels);
  for (std::string line; std::getline(stream, line);) labels.push_back(line);
  const auto values = scores.data<float>();
  std::vector<size_t> order(values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t x, size_t y) { return values[x] > values[y] || (values[x] == values[y] && x < y); });
  for (size_t rank = 0; rank < std::min(a.top, order.size()); ++rank)
    fmt::print("  {:>6.2f} %  {}\n", 100 * values[order[rank]],
               order[rank] < labels.size() ? labels[order[rank]] : fmt::format("class {}", order[rank]));
  return {};
}

Result<int> run_once(Session& session, const RunArguments& a, Records& records) {
  BMNET_ASSIGN(const std::vector<NamedTensor> inputs, make_inputs(session, a.inputs));
  BMNET_ASSIGN(const runtime::SessionRun run, session.run(inputs));
  BMNET_ASSIGN(const size_t stage, stage_for(session, inputs));
  BMNET_TRY(record(*session.networks()[0], stage, run.report, a, records));
  if (!a.labels.empty() && !run.outputs.empty()) BMNET_TRY(print_top(run.outputs[0].tensor, a));
  for (const NamedTensor& output : run.outputs)
    fmt::print("output '{}' {} {}\n", output.name, to_string(output.tensor.shape()), dtype_name(output.tensor.dtype()));
  print_cost(run);
  if (!a.output.empty()) BMNET_TRY(write_npz(a.output, run.outputs));
  return print_races(run.report) ? kExitOk : kExitCompareFailed;
}

Result<int> run(const RunArguments& a) {
  BMNET_ASSIGN(const fs::path bmodel, bmodel_of(a.inputs));
  BMNET_ASSIGN(const auto session,
               Session::open(bmodel, {.device = a.device, .trace = !a.trace.empty(), .detect_races = a.check}));
  Records records;
  if (!a.dump.empty()) session->context().observe(&records.dump.emplace(session->context().device()));
  BMNET_ASSIGN(const int code,
               a.inputs.context_dir.empty() ? run_once(*session, a, records) : run_context(*session, a, records));
  if (!a.trace.empty()) BMNET_TRY(write_file_atomically(a.trace, trace_json(records.traces)));
  return code;
}

}  // namespace

int run_main(const Arguments& arguments) {
  CLI::App app("Runs a BModel on the simulator or another device.", "bmnet run");
  RunArguments a;
  declare(app, a);
  if (auto code = parse_arguments(app, arguments)) return *code;
  const auto code = run(a);
  return code ? *code : report_error("run", code.error());
}

}  // namespace bmnet::tool
