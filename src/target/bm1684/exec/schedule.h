// When the two engines run their commands (docs/reference/ISA.md, "Two engines"): each in its own order, one at a time,
// and a command not before the other engine has finished the id that it waits for. Nothing else costs time.
#pragma once

#include <span>
#include <vector>

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {

struct TimedCommand {
  Engine engine = Engine::kTiu;
  uint64_t cycles = 0;
  uint32_t wait = 0;  // id of the other engine, counting from 1 in its own order; 0 = nothing
};

// In cycles from the start of the stream.
struct Schedule {
  struct Span {
    uint64_t start = 0, end = 0;
  };
  std::vector<Span> spans;  // one for each command, in the order given
  uint64_t total = 0;       // the last end
  uint64_t tiu_busy = 0, gdma_busy = 0;
};

// Commands in any interleaving that keeps each engine's own order. Ids count from 1 in each engine. Refuses a stream in
// which both engines wait forever.
Result<Schedule> schedule(std::span<const TimedCommand> commands);

}  // namespace bmnet::bm1684
