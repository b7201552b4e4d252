// Any bytes as a .bmodel file that a user loads and runs on the simulator: every stage of every net ends with outputs
// or with one message, whatever its commands, addresses, shapes and sub-nets are.
#include <algorithm>
#include <cstdlib>

#include "bmodel/reader.h"
#include "device/sim/simulator.h"
#include "runtime/session.h"
#include "target/bm1684/machine.h"

namespace bmnet::runtime {
namespace {

// What keeps one execution far below a millisecond.
constexpr uint64_t kDdrBytes = bm1684::kContextStart - bm1684::kDdrBase + (4 << 20);
constexpr size_t kMaxCommands = 32;        // of a model
constexpr int64_t kMaxElements = 1 << 13;  // of all tensors of a model
constexpr uint64_t kMaxCycles = 1 << 10;   // of a launch

void expect(const Error& error) {
  if (error.message.empty()) std::abort();
}

int64_t elements_of(const std::vector<bmodel::Tensor>& tensors) {
  int64_t sum = 0;
  for (const bmodel::Tensor& tensor : tensors) {
    int64_t elements = 1;
    for (const uint64_t dim : tensor.shapes[0])
      elements = std::min<int64_t>(elements * static_cast<int64_t>(dim), kMaxElements + 1);
    sum += elements;
  }
  return sum;
}

bool is_small(const bmodel::Model& model) {
  if (model.chip != "BM1684") return false;
  size_t commands = 0;
  int64_t elements = 0;
  for (const bmodel::Net& net : model.nets)
    for (const bmodel::Stage& stage : net.stages) {
      elements += elements_of(stage.inputs) + elements_of(stage.outputs);
      for (const bmodel::SubNet& sub_net : stage.sub_nets) {
        elements += elements_of(sub_net.inputs) + elements_of(sub_net.outputs);
        for (const bmodel::CmdGroup& group : sub_net.cmd_groups)
          commands += (group.bdc.size() + group.gdma.size()) / bm1684::kCommandBytes;
      }
    }
  return commands <= kMaxCommands && elements <= kMaxElements;
}

std::shared_ptr<DeviceContext> open_context() {
  auto context = DeviceContext::open(Simulator::create(kDdrBytes).value()).value();
  context->launch_options().detect_races = true;
  context->launch_options().trace = true;
  context->launch_options().cycle_limit = kMaxCycles;
  return context;
}

void run_stage(Session& session, size_t net, size_t stage) {
  const auto declared = session.inputs(net, stage);
  if (!declared) return expect(declared.error());
  std::vector<NamedTensor> inputs;
  for (const TensorDeclaration& declaration : *declared) inputs.push_back({declaration.name, Tensor(declaration.info)});
  if (const auto run = session.run(inputs, net, stage); !run) expect(run.error());
}

void load_and_run(Bytes file) {
  const Result<bmodel::Model> model = bmodel::read_memory(file, "fuzz");
  if (!model || !is_small(*model)) return;
  static const std::shared_ptr<DeviceContext> context = open_context();
  const std::unique_ptr<Session> session = Session::on(context);
  if (const Status loaded = session->load(*model, "fuzz"); !loaded) return expect(loaded.error());
  for (size_t net = 0; net < session->networks().size(); ++net)
    for (size_t stage = 0; stage < session->networks()[net]->stages.size(); ++stage) run_stage(*session, net, stage);
}

}  // namespace
}  // namespace bmnet::runtime

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  bmnet::runtime::load_and_run({data, size});
  return 0;
}
