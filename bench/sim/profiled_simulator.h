// The simulator with a clock around every command.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "device/sim/simulator.h"

namespace bmnet::bench {

class ProfiledSimulator : public Device {
 public:
  struct Cost {
    uint64_t commands = 0;
    double seconds = 0;   // of the host
    uint64_t cycles = 0;  // of the chip
  };
  using Costs = std::map<std::string, Cost>;  // by instruction, operation and precision: "conv fp32"

  // `costs` outlives the device; launches add to it.
  static Result<std::unique_ptr<ProfiledSimulator>> create(Costs& costs);

  std::string name() const override { return simulator_->name(); }
  uint64_t ddr_bytes() const override { return simulator_->ddr_bytes(); }
  Status write(uint64_t address, std::span<const std::byte> data) override { return simulator_->write(address, data); }
  Status read(uint64_t address, std::span<std::byte> data) override { return simulator_->read(address, data); }
  Status copy(uint64_t to, uint64_t from, uint64_t bytes) override { return simulator_->copy(to, from, bytes); }
  Status fill(uint64_t address, uint64_t bytes, std::span<const std::byte> pattern) override {
    return simulator_->fill(address, bytes, pattern);
  }
  Result<LaunchReport> launch(std::span<const CommandGroup> groups, const LaunchOptions& options) override;

 private:
  ProfiledSimulator(std::unique_ptr<Simulator> simulator, Costs& costs)
      : simulator_(std::move(simulator)), costs_(costs) {}

  std::unique_ptr<Simulator> simulator_;
  Costs& costs_;
};

}  // namespace bmnet::bench
