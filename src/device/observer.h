// Sees a launch from inside, command by command: what a debugger, a dump of tensors or a comparison of devices hangs
// on to. LaunchOptions::observer names one; without it a launch pays nothing but a test of that pointer.
#pragma once

#include <array>
#include <cstdint>

#include "device/device.h"

namespace bmnet {

// Where one engine stands in the running group.
struct EngineState {
  uint32_t next = 0;            // index of the command that waits or runs; how many there are when all have finished
  bool fetched = false;         // the fields below `published` describe `next`
  uint64_t published = 0;       // greatest id of its own that the engine has published
  uint64_t wait = 0;            // id of the other engine that `next` waits for; 0: none
  bool ready = false;           // that id is published, so that `start` and `end` are known
  uint64_t start = 0, end = 0;  // of `next`, in cycles since the start of the launch
};

struct LaunchState {
  const CommandGroup* commands = nullptr;   // the running group
  uint32_t group = 0;                       // its number in the launch
  std::array<EngineState, 2> engines = {};  // indexed by bm1684::Engine
  uint64_t cycles = 0;                      // since the start of the launch: when the last finished command ended

  const EngineState& of(bm1684::Engine engine) const { return engines[static_cast<size_t>(engine)]; }
};

// Called from the thread that launches, between the commands: memory is then what the commands before have left, and
// may be read.
class LaunchObserver {
 public:
  virtual ~LaunchObserver() = default;

  // `place` is the next command in the order of completion. An error ends the launch with that error.
  virtual Status before(const CommandPlace& place, const LaunchState& state) { return {}; }
  // It has run. The engine's next command is not fetched yet.
  virtual Status after(const CommandPlace& place, const LaunchState& state) { return {}; }
  // The launch ends with a trap or a deadlock. Not called for the errors of before() and after().
  virtual void failed(const LaunchState& state, const Error& error) {}
};

}  // namespace bmnet
