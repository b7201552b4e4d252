// What every device offers to the runtime: DDR memory and the launch of loaded command streams. Implementations:
// device/sim (the simulator) and device/cmodel (a vendor C model library). device_test.cc holds the one conformance
// suite.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "target/bm1684/isa/field.h"

namespace bmnet {

// Commands that share one id sequence: at its start both engines are idle and both counters are 0. Words stand in
// natural order (word 0 first), and the last command of each engine carries its end bit (TIU cmd_end, GDMA chain_end).
struct CommandGroup {
  std::vector<bm1684::Command> tiu;
  std::vector<bm1684::Command> gdma;

  const std::vector<bm1684::Command>& of(bm1684::Engine engine) const {
    return engine == bm1684::Engine::kTiu ? tiu : gdma;
  }
};

// The place of a command in a launch.
struct CommandPlace {
  uint32_t group = 0;
  bm1684::Engine engine = bm1684::Engine::kTiu;
  uint32_t index = 0;  // in the group's array of that engine
  bool operator==(const CommandPlace&) const = default;
};

class LaunchObserver;  // device/observer.h

struct LaunchOptions {
  bool trace = false;         // fill LaunchReport::trace
  bool detect_races = false;  // fill LaunchReport::races
  // A launch that would take longer on the chip is refused: a guard against damaged streams. 2^36 cycles are two
  // minutes.
  uint64_t cycle_limit = uint64_t{1} << 36;
  // Name of the layer that a command belongs to, for messages; empty result or empty function: unknown.
  std::function<std::string(const CommandPlace&)> layer_of = {};
  LaunchObserver* observer = nullptr;  // sees every command; the caller's, null: nobody
};

// When one command ran, in cycles of machine.h's kClockHz since the launch.
struct TraceRecord {
  CommandPlace place;
  uint64_t start = 0;
  uint64_t end = 0;
};

// `later` touched bytes of `earlier`, at least one of the two writing, though no id orders the two.
struct Race {
  CommandPlace earlier;
  CommandPlace later;
  std::string message;  // both commands with disassembly, and the place of the bytes
};

struct EngineStatistics {
  uint64_t commands = 0;
  uint64_t cycles = 0;  // busy
};

struct LaunchReport {
  uint64_t cycles = 0;  // from the start of the first command to the end of the last one, groups after each other
  std::array<EngineStatistics, 2> engines = {};  // indexed by bm1684::Engine
  uint64_t ddr_bytes_read = 0;
  uint64_t ddr_bytes_written = 0;
  uint64_t groups = 0;
  std::vector<TraceRecord> trace = {};  // in order of completion
  std::vector<Race> races = {};         // the first kMaxRaces
  uint64_t race_count = 0;
  static constexpr size_t kMaxRaces = 100;

  const EngineStatistics& of(bm1684::Engine engine) const { return engines[static_cast<size_t>(engine)]; }
  void append(LaunchReport next);  // a launch that ran after this one
};

// All functions may be called from several threads; launches run one after the other. Addresses are device addresses
// (DDR starts at bm1684::kDdrBase); an address range outside DDR is a user error and nothing is moved.
class Device {
 public:
  virtual ~Device() = default;

  virtual std::string name() const = 0;  // "simulator", "cmodel"
  virtual uint64_t ddr_bytes() const = 0;

  virtual Status write(uint64_t address, std::span<const std::byte> data) = 0;
  virtual Status read(uint64_t address, std::span<std::byte> data) = 0;
  virtual Status copy(uint64_t to, uint64_t from, uint64_t bytes) = 0;  // as memmove
  // Repeats `pattern` (1 to 4 bytes) over `bytes` bytes; a last partial pattern is cut.
  virtual Status fill(uint64_t address, uint64_t bytes, std::span<const std::byte> pattern) = 0;

  // Runs the groups in order and returns when the last command has finished. An illegal stream (bad address, ids that
  // never come, missing end, unknown instruction) ends in an error that names group, engine, command and reason; memory
  // is then what the commands before it left.
  virtual Result<LaunchReport> launch(std::span<const CommandGroup> groups, const LaunchOptions& options) = 0;
};

// A device whose DDR is host memory: the data functions in terms of one pointer.
class HostMemoryDevice : public Device {
 public:
  uint64_t ddr_bytes() const override { return ddr_bytes_; }
  Status write(uint64_t address, std::span<const std::byte> data) override;
  Status read(uint64_t address, std::span<std::byte> data) override;
  Status copy(uint64_t to, uint64_t from, uint64_t bytes) override;
  Status fill(uint64_t address, uint64_t bytes, std::span<const std::byte> pattern) override;

 protected:
  void set_ddr(std::byte* data, uint64_t bytes) { ddr_ = data, ddr_bytes_ = bytes; }

 private:
  Result<std::byte*> range(uint64_t address, uint64_t bytes) const;
  std::byte* ddr_ = nullptr;
  uint64_t ddr_bytes_ = 0;
};

// "simulator", "cmodel=PATH" (a library of the vendor's C model) or "lockstep=PATH" (both, compared command by command:
// lockstep.h), with `ddr_bytes` of DDR; 0 means the default, 4 GiB for the simulator and 1 GiB with a C model.
Result<std::unique_ptr<Device>> open_device(const std::string& specification, uint64_t ddr_bytes = 0);

}  // namespace bmnet
