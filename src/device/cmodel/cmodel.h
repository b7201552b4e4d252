// A vendor C model library, loaded by path, as a device: the independent arbiter of the simulator. The library is the
// user's own; it executes commands one by one, and what it does on an illegal command is its own affair (it may end the
// process), so streams are checked with the simulator first.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "device/device.h"

namespace bmnet {

class CModel : public HostMemoryDevice {
 public:
  static constexpr uint64_t kDefaultDdrBytes = uint64_t{1} << 30;

  // The library keeps its state in globals: one C model device can be open in a process at a time.
  static Result<std::unique_ptr<CModel>> open(const std::string& library, uint64_t ddr_bytes = kDefaultDdrBytes);
  ~CModel() override;

  std::string name() const override { return "cmodel"; }
  // Order of execution and cycles are those of our scheduler; the values are the library's. Races are looked for as
  // well.
  Result<LaunchReport> launch(std::span<const CommandGroup> groups, const LaunchOptions& options) override;

  // One command outside of a launch; the caller's thread must be in bm1684::ChipFloatMode.
  Status execute(const bm1684::Command& command, bm1684::Engine engine);
  // Whether the library ends the process at what it takes for illegal (it does unless told otherwise).
  void enable_asserts(bool on);

  // Local memory (bm1684::kLocalBytes, lane major) and L2 (bm1684::kL2Bytes), for comparison with the simulator.
  std::span<std::byte> local_memory();
  std::span<std::byte> l2_memory();
  std::span<std::byte> ddr_memory();

 private:
  struct Library;
  CModel() = default;

  std::mutex launching_;
  std::unique_ptr<Library> library_;
};

}  // namespace bmnet
