#include "bench/sim/profiled_simulator.h"

#include "bench/report.h"
#include "device/stream.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/isa/names.h"

namespace bmnet::bench {
namespace {

using bm1684::Command;
using bm1684::Engine;

std::string label(const Command& command, Engine engine) {
  std::string text(bm1684::instruction_name(command, engine));
  const auto append = [&](const bm1684::Name* name) {
    if (name) text += fmt::format(" {}", name->name);
  };
  if (engine == Engine::kGdma) {
    append(find_value(bm1684::gdma_functions(), get(command, bm1684::gdma::special_func)));
    append(find_value(codes_of(bm1684::gdma::direction), get(command, bm1684::gdma::direction)));
  } else {
    const uint64_t family = get(command, bm1684::tiu::tsk_typ);
    append(find_value(bm1684::operations(family), get(command, bm1684::tiu::tsk_eu_typ)));
    if (get(command, bm1684::tiu::opt_winograd)) text += " winograd";
    append(find_value(codes_of(bm1684::tiu::opt_opd0_prec), get(command, bm1684::tiu::opt_opd0_prec)));
  }
  return text;
}

class TimedExecutor : public CommandExecutor {
 public:
  TimedExecutor(bm1684::Memory& memory, ProfiledSimulator::Costs& costs) : memory_(memory), costs_(costs) {}

  Status execute(const Command& command, Engine engine) override {
    const Stopwatch watch;
    BMNET_TRY(bm1684::execute(command, engine, memory_));
    const double seconds = watch.seconds();
    BMNET_ASSIGN(const uint64_t cycles, bm1684::cycles(command, engine));
    ProfiledSimulator::Cost& cost = costs_[label(command, engine)];
    ++cost.commands, cost.seconds += seconds, cost.cycles += cycles;
    return {};
  }

 private:
  bm1684::Memory& memory_;
  ProfiledSimulator::Costs& costs_;
};

}  // namespace

Result<std::unique_ptr<ProfiledSimulator>> ProfiledSimulator::create(Costs& costs) {
  BMNET_ASSIGN(std::unique_ptr<Simulator> simulator, Simulator::create());
  return std::unique_ptr<ProfiledSimulator>(new ProfiledSimulator(std::move(simulator), costs));
}

Result<LaunchReport> ProfiledSimulator::launch(std::span<const CommandGroup> groups, const LaunchOptions& options) {
  const bm1684::ChipFloatMode float_mode;
  TimedExecutor executor(simulator_->memory(), costs_);
  return run_stream(groups, options, executor);
}

}  // namespace bmnet::bench
