// The simulator and a vendor C model side by side: every command runs on both, and a launch ends at the first one whose
// written bytes differ.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "device/cmodel/cmodel.h"
#include "device/device.h"
#include "device/sim/simulator.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet {

// Bytes that the two left different.
struct Difference {
  bm1684::Access::Space space = bm1684::Access::Space::kLocal;
  uint64_t offset =
      0;  // of the first differing byte in its memory; in local memory lane * kLaneBytes + byte in the lane
  std::vector<uint8_t> simulator, cmodel;  // the words from there on, at most 16 bytes

  std::string to_string() const;
};

class Lockstep : public Device {
 public:
  static constexpr uint64_t kDefaultDdrBytes = CModel::kDefaultDdrBytes;

  // `library`: path of the C model. Both begin with equal memories.
  static Result<std::unique_ptr<Lockstep>> open(const std::string& library, uint64_t ddr_bytes = kDefaultDdrBytes);

  std::string name() const override { return "lockstep"; }
  uint64_t ddr_bytes() const override { return simulator_->ddr_bytes(); }
  Status write(uint64_t address, std::span<const std::byte> data) override;
  Status read(uint64_t address, std::span<std::byte> data) override;
  Status copy(uint64_t to, uint64_t from, uint64_t bytes) override;
  Status fill(uint64_t address, uint64_t bytes, std::span<const std::byte> pattern) override;
  // A difference is an error that names the command, its layer, the operands and the bytes.
  Result<LaunchReport> launch(std::span<const CommandGroup> groups, const LaunchOptions& options) override;

  // One command on both, first on the simulator: what that refuses the C model does not see. `accesses` are the
  // command's; their written boxes are compared, with all between their first and last byte and kGuardBytes around.
  Status step(const bm1684::Command& command, bm1684::Engine engine, const std::vector<bm1684::Access>& accesses,
              std::optional<Difference>& difference);
  static constexpr uint64_t kGuardBytes = 256;
  // All of local memory, L2 and DDR.
  std::optional<Difference> compare_all();
  // Makes the C model's memories equal to the simulator's.
  void synchronize();
  // The same bytes into both, at a place of one memory (offset as in Difference).
  void put(bm1684::Access::Space space, uint64_t offset, std::span<const uint8_t> bytes);
  std::span<uint8_t> simulator_memory(bm1684::Access::Space space);
  std::span<uint8_t> cmodel_memory(bm1684::Access::Space space);

  CModel& cmodel() { return *cmodel_; }

 private:
  Lockstep() = default;
  std::optional<Difference> compare(bm1684::Access::Space space, uint64_t begin, uint64_t end, bool floats);

  std::mutex launching_;
  std::unique_ptr<Simulator> simulator_;
  std::unique_ptr<CModel> cmodel_;
};

}  // namespace bmnet
