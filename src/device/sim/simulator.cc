#include "device/sim/simulator.h"

#include "device/stream.h"
#include "target/bm1684/exec/float_mode.h"
#include "target/bm1684/exec/function_tables.h"
#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/machine.h"

namespace bmnet {
namespace {

class SimulatorExecutor : public CommandExecutor {
 public:
  explicit SimulatorExecutor(bm1684::Memory& memory) : memory_(memory) {}
  Status execute(const bm1684::Command& command, bm1684::Engine engine) override {
    return bm1684::execute(command, engine, memory_);
  }

 private:
  bm1684::Memory& memory_;
};

}  // namespace

Result<std::unique_ptr<Simulator>> Simulator::create(uint64_t ddr_bytes) {
  if (ddr_bytes == 0 || ddr_bytes > kMaxDdrBytes)
    return user_error("simulator: {} bytes of DDR; 1 to {} are possible", ddr_bytes, kMaxDdrBytes);
  std::unique_ptr<Simulator> simulator(new Simulator);
  BMNET_ASSIGN(simulator->ddr_, Mapping::create(ddr_bytes));
  BMNET_ASSIGN(simulator->local_, Mapping::create(bm1684::kLocalBytes));
  BMNET_ASSIGN(simulator->l2_, Mapping::create(bm1684::kL2Bytes));
  BMNET_ASSIGN(simulator->dtcm_, Mapping::create(bm1684::kDtcmBytes));
  BMNET_ASSIGN(simulator->arrange_registers_, Mapping::create(sizeof(uint32_t[bm1684::kLanes][32])));
  bm1684::fill_function_tables(std::span<uint8_t, bm1684::kL2Bytes>(simulator->l2_.data(), bm1684::kL2Bytes));
  simulator->set_ddr(reinterpret_cast<std::byte*>(simulator->ddr_.data()), ddr_bytes);
  simulator->memory_ = {.local = simulator->local_.data(),
                        .l2 = simulator->l2_.data(),
                        .dtcm = simulator->dtcm_.data(),
                        .ddr = simulator->ddr_.data(),
                        .ddr_bytes = ddr_bytes,
                        .arrange_registers = reinterpret_cast<uint32_t(*)[32]>(simulator->arrange_registers_.data())};
  return simulator;
}

Result<LaunchReport> Simulator::launch(std::span<const CommandGroup> groups, const LaunchOptions& options) {
  const std::lock_guard lock(launching_);
  const bm1684::ChipFloatMode float_mode;
  SimulatorExecutor executor(memory_);
  return run_stream(groups, options, executor);
}

}  // namespace bmnet
