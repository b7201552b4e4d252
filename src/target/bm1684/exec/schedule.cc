#include "target/bm1684/exec/schedule.h"

#include <algorithm>

namespace bmnet::bm1684 {
namespace {

constexpr std::string_view kEngineNames[] = {"TIU", "GDMA"};

// One engine's commands and how far it has come.
struct Queue {
  std::vector<size_t> commands;          // places in the stream
  std::vector<uint64_t> finished = {0};  // when id 0, 1, 2, … was done

  size_t next() const { return finished.size() - 1; }
  bool done() const { return next() == commands.size(); }
};

}  // namespace

Result<Schedule> schedule(std::span<const TimedCommand> commands) {
  Schedule result;
  result.spans.resize(commands.size());
  Queue queues[2];
  for (size_t i = 0; i < commands.size(); ++i) {
    queues[static_cast<int>(commands[i].engine)].commands.push_back(i);
    (commands[i].engine == Engine::kTiu ? result.tiu_busy : result.gdma_busy) += commands[i].cycles;
  }
  while (!queues[0].done() || !queues[1].done()) {
    bool moved = false;
    for (int engine = 0; engine < 2; ++engine) {
      Queue &own = queues[engine], &other = queues[1 - engine];
      while (!own.done()) {
        const size_t place = own.commands[own.next()];
        const TimedCommand& command = commands[place];
        if (command.wait >= other.finished.size()) break;
        Schedule::Span& span = result.spans[place];
        span.start = std::max(own.finished.back(), other.finished[command.wait]);
        span.end = span.start + command.cycles;
        own.finished.push_back(span.end);
        result.total = std::max(result.total, span.end);
        moved = true;
      }
    }
    if (moved) continue;
    const int stuck = queues[0].done() ? 1 : 0;
    const size_t place = queues[stuck].commands[queues[stuck].next()];
    return user_error("{} command {} waits for id {} of the {}, which never finishes", kEngineNames[stuck],
                      queues[stuck].next() + 1, commands[place].wait, kEngineNames[1 - stuck]);
  }
  return result;
}

}  // namespace bmnet::bm1684
