// `bmnet compare-devices`: a BModel on the simulator and on a vendor C model, command by command.
#include <fmt/format.h>

#include <cstring>

#include "runtime/session.h"
#include "tool/command_line.h"
#include "tool/commands.h"
#include "tool/compile.h"

namespace bmnet::tool {
namespace {

// Inputs that a net without data gets: small numbers that repeat.
void fill_input(Tensor& tensor) {
  auto* bytes = static_cast<uint8_t*>(tensor.raw());
  for (size_t i = 0; i < tensor.bytes(); ++i) bytes[i] = static_cast<uint8_t>(i * 37 % 251 % 100);
  if (tensor.dtype() != DType::kF32) return;
  for (size_t i = 0; i < tensor.data<float>().size(); ++i)
    tensor.data<float>()[i] = static_cast<float>(i * 37 % 251) / 251.0f - 0.5f;
}

Result<std::vector<NamedTensor>> inputs_of(const runtime::Session& session, size_t net, size_t stage,
                                           const std::string& file) {
  if (!file.empty()) return read_npz(file);
  BMNET_ASSIGN(const auto declarations, session.inputs(net, stage));
  std::vector<NamedTensor> inputs;
  for (const auto& declaration : declarations) {
    Tensor tensor(declaration.info);
    fill_input(tensor);
    inputs.push_back({declaration.name, std::move(tensor)});
  }
  return inputs;
}

Status compare_devices(const std::string& bmodel, const std::string& library, const std::string& input) {
  BMNET_ASSIGN(const auto session, runtime::Session::open(bmodel, {.device = "lockstep=" + library}));
  for (size_t net = 0; net < session->networks().size(); ++net) {
    const runtime::Network& network = *session->networks()[net];
    const size_t stages = input.empty() ? network.stages.size() : 1;
    for (size_t stage = 0; stage < stages; ++stage) {
      BMNET_ASSIGN(const auto inputs, inputs_of(*session, net, stage, input));
      BMNET_ASSIGN(const runtime::SessionRun run,
                   session->run(inputs, net, input.empty() ? stage : runtime::Session::kAnyStage));
      fmt::print("net '{}' stage {}: equal after each of {} TIU and {} GDMA commands\n", network.name, stage,
                 run.report.engines[0].commands, run.report.engines[1].commands);
    }
  }
  return {};
}

}  // namespace

int compare_devices_main(const Arguments& arguments) {
  CLI::App app("Runs a BModel on the simulator and on a vendor C model, and stops at the first command that differs.",
               "bmnet compare-devices");
  std::string bmodel, device, input;
  app.add_option("bmodel", bmodel, ".bmodel file")->required();
  app.add_option("--device", device, "cmodel=PATH of a vendor C model")->required();
  app.add_option("--input", input, "inputs by name from an .npz file; else made-up numbers, for every net and stage");
  app.footer("Example:\n  bmnet compare-devices out/compilation.bmodel --device cmodel=libcmodel.so");
  if (auto code = parse_arguments(app, arguments)) return *code;
  constexpr std::string_view kCModel = "cmodel=";
  if (!device.starts_with(kCModel)) {
    fmt::print(stderr, "bmnet compare-devices: error: --device {}: give cmodel=PATH\n", device);
    return kExitUsage;
  }
  const Status equal = compare_devices(bmodel, device.substr(kCModel.size()), input);
  if (equal) return kExitOk;
  report_error("compare-devices", equal.error());
  return kExitCompareFailed;
}

}  // namespace bmnet::tool
