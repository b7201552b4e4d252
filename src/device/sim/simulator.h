// The simulator: every value and every cycle of a BM1684 in host memory.
#pragma once

#include <memory>
#include <mutex>

#include "device/device.h"
#include "device/sim/mapping.h"
#include "target/bm1684/exec/memory.h"

namespace bmnet {

class Simulator : public HostMemoryDevice {
 public:
  static constexpr uint64_t kDefaultDdrBytes = uint64_t{4} << 30;
  static constexpr uint64_t kMaxDdrBytes = uint64_t{255} << 32;  // what 40-bit addresses reach

  // Pages of DDR that nobody wrote cost nothing. All memories start as zero but for the function tables in L2.
  static Result<std::unique_ptr<Simulator>> create(uint64_t ddr_bytes = kDefaultDdrBytes);

  std::string name() const override { return "simulator"; }
  Result<LaunchReport> launch(std::span<const CommandGroup> groups, const LaunchOptions& options) override;

  // The memories, for inspection between launches.
  bm1684::Memory& memory() { return memory_; }

 private:
  Simulator() = default;

  std::mutex launching_;
  Mapping ddr_, local_, l2_, dtcm_, arrange_registers_;
  bm1684::Memory memory_;
};

}  // namespace bmnet
