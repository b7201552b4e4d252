// Runs command streams by the rule of the chip: each engine executes its own commands in order, one at a time; a
// command starts when the other engine has published the id it waits for; on finishing, an engine publishes the
// command's own id.
#pragma once

#include <span>

#include "device/device.h"
#include "target/bm1684/exec/instruction.h"

namespace bmnet {

// What a device does with one command. Cost and accesses are those of the chip unless a test says otherwise.
class CommandExecutor {
 public:
  virtual ~CommandExecutor() = default;
  virtual Status execute(const bm1684::Command& command, bm1684::Engine engine) = 0;
  virtual Result<uint64_t> cycles(const bm1684::Command& command, bm1684::Engine engine) {
    return bm1684::cycles(command, engine);
  }
  virtual Result<std::vector<bm1684::Access>> accesses(const bm1684::Command& command, bm1684::Engine engine) {
    return bm1684::accesses(command, engine);
  }
};

// Executes all groups on `executor` in the order in which the commands complete on the chip, which respects every order
// the ids state. Between groups both engines are drained and the ids reset.
Result<LaunchReport> run_stream(std::span<const CommandGroup> groups, const LaunchOptions& options,
                                CommandExecutor& executor);

}  // namespace bmnet
