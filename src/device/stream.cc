#include "device/stream.h"

#include <algorithm>
#include <optional>

#include "device/diagnosis.h"
#include "device/observer.h"
#include "device/race.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/isa/fields.h"

namespace bmnet {
namespace {

using bm1684::Access;
using bm1684::Command;
using bm1684::Engine;

constexpr size_t kMaxCommands = 65535;  // of one engine in a group
constexpr Engine kEngines[] = {Engine::kTiu, Engine::kGdma};

Engine other(Engine engine) { return engine == Engine::kTiu ? Engine::kGdma : Engine::kTiu; }

struct Ids {
  uint64_t own;
  uint64_t wait;   // of the other engine
  bool published;  // when the command is done
};

Ids ids_of(const Command& command, Engine engine) {
  if (engine == Engine::kTiu)
    return {get(command, bm1684::tiu::cmd_id_tpu), get(command, bm1684::tiu::cmd_id_gdma),
            get(command, bm1684::tiu::cmd_id_en) != 0};
  return {get(command, bm1684::gdma::cmd_id), get(command, bm1684::gdma::eng0_sync_id), true};
}

bool enabled(const Command& command, Engine engine) {
  return engine == Engine::kTiu ? get(command, bm1684::tiu::cmd_en) : get(command, bm1684::gdma::pio_gdma_enable);
}

bool ends_stream(const Command& command, Engine engine) {
  return engine == Engine::kTiu ? get(command, bm1684::tiu::cmd_end) : get(command, bm1684::gdma::chain_end);
}

// One group while it runs.
class GroupRun {
 public:
  GroupRun(const CommandGroup& group, uint32_t number, uint64_t start, const LaunchOptions& options,
           CommandExecutor& executor, LaunchReport& report)
      : group_(group), number_(number), options_(options), executor_(executor), report_(report) {
    for (EngineRun& run : runs_) run.free_at = start;
    last_end_ = start;
    if (options.detect_races) races_.emplace(group, number, options, report);
  }

  // Returns when both engines are idle.
  Result<uint64_t> run() {
    for (Engine engine : kEngines) BMNET_TRY(check_ends(engine));
    for (;;) {
      for (Engine engine : kEngines) BMNET_TRY(fetch(engine));
      std::optional<Engine> next;
      for (Engine engine : kEngines)
        if (ready(engine) && (!next || at(engine).end < at(*next).end)) next = engine;
      if (!next) break;
      BMNET_TRY(complete(*next));
    }
    if (at(Engine::kTiu).fetched || at(Engine::kGdma).fetched) return deadlock();
    return std::max(at(Engine::kTiu).free_at, at(Engine::kGdma).free_at);
  }

  // The group ended with `error`: tells the observer, unless it was the one who ended it.
  void tell(const Error& error) const {
    if (options_.observer && !stopped_) options_.observer->failed(state(), error);
  }

 private:
  struct EngineRun {
    uint32_t next = 0;  // index of the command that waits or runs
    bool fetched = false;
    Ids ids{};
    uint64_t cost = 0;
    uint64_t end = 0;  // valid when ready
    uint64_t free_at = 0;
    uint64_t published = 0;
    uint64_t seen = 0;                   // greatest id of the other engine waited for so far
    std::vector<uint64_t> finish_times;  // by id, from 1
  };

  EngineRun& at(Engine engine) { return runs_[static_cast<size_t>(engine)]; }
  const EngineRun& at(Engine engine) const { return runs_[static_cast<size_t>(engine)]; }
  CommandPlace place(Engine engine) const { return {number_, engine, at(engine).next}; }
  const Command& command(Engine engine) const { return group_.of(engine)[at(engine).next]; }

  tl::unexpected<Error> trapped(Engine engine, Error error) const {
    return trap(place(engine), command(engine), options_, std::move(error));
  }

  Status check_ends(Engine engine) const {
    const std::vector<Command>& commands = group_.of(engine);
    if (commands.size() > kMaxCommands)
      return user_error("group {}: {} {} commands; the 16 bits of an id allow {}", number_, commands.size(),
                        engine_title(engine), kMaxCommands);
    for (size_t i = 0; i < commands.size(); ++i) {
      const bool last = i + 1 == commands.size();
      if (ends_stream(commands[i], engine) == last) continue;
      const CommandPlace where{number_, engine, static_cast<uint32_t>(i)};
      return trap(where, commands[i], options_,
                  {ErrorKind::kUser, last ? "the stream is not ended by its last command's end bit"
                                          : fmt::format("the stream ends before its {} commands", commands.size())});
    }
    return {};
  }

  // Makes the next command of `engine` the waiting one.
  Status fetch(Engine engine) {
    EngineRun& run = at(engine);
    if (run.fetched || run.next == group_.of(engine).size()) return {};
    const Command& next = command(engine);
    if (!enabled(next, engine)) return trapped(engine, {ErrorKind::kUser, "the command's enable bit is 0"});
    run.ids = ids_of(next, engine);
    if (run.ids.own != run.next + 1)
      return trapped(engine, {ErrorKind::kUser, fmt::format("id {} where the running count of the group is {}",
                                                            run.ids.own, run.next + 1)});
    Result<uint64_t> cost = executor_.cycles(next, engine);
    if (!cost) return trapped(engine, std::move(cost).error());
    run.cost = *cost;
    run.fetched = true;
    return {};
  }

  // Whether the waiting command may run; then its end is known.
  bool ready(Engine engine) {
    if (!may_run(engine)) return false;
    at(engine).end = start_of(engine) + at(engine).cost;
    return true;
  }

  bool may_run(Engine engine) const { return at(engine).fetched && at(other(engine)).published >= at(engine).ids.wait; }

  // Of a command that may run.
  uint64_t start_of(Engine engine) const {
    const EngineRun& run = at(engine);
    const uint64_t awaited = run.ids.wait ? at(other(engine)).finish_times[run.ids.wait - 1] : 0;
    return std::max(run.free_at, awaited);
  }

  Status complete(Engine engine) {
    EngineRun& run = at(engine);
    const Command& done = command(engine);
    if (run.cost > options_.cycle_limit || run.end > options_.cycle_limit)
      return trapped(engine,
                     {ErrorKind::kUser, fmt::format("the launch passes the limit of {} cycles", options_.cycle_limit)});
    const CommandPlace where = place(engine);
    if (options_.observer) BMNET_TRY(observed(options_.observer->before(where, state())));
    run.seen = std::max(run.seen, run.ids.wait);
    BMNET_TRY(account(engine));
    if (Status status = executor_.execute(done, engine); !status) return trapped(engine, std::move(status).error());
    if (options_.trace) report_.trace.push_back({where, run.end - run.cost, run.end});
    EngineStatistics& statistics = report_.engines[static_cast<size_t>(engine)];
    ++statistics.commands;
    statistics.cycles += run.cost;
    if (run.ids.published) {
      run.published = run.ids.own;
      run.finish_times.resize(run.published, run.end);  // ids that were not published count as finished now
    }
    run.free_at = run.end;
    run.fetched = false;
    ++run.next;
    last_end_ = run.end;
    if (options_.observer) BMNET_TRY(observed(options_.observer->after(where, state())));
    return {};
  }

  LaunchState state() const {
    LaunchState state{.commands = &group_, .group = number_, .engines = {}, .cycles = last_end_};
    for (Engine engine : kEngines) {
      const EngineRun& run = at(engine);
      EngineState& seen = state.engines[static_cast<size_t>(engine)];
      seen = {.next = run.next, .fetched = run.fetched, .published = run.published};
      if (!run.fetched) continue;
      seen.wait = run.ids.wait;
      seen.ready = may_run(engine);
      if (seen.ready) seen.start = start_of(engine), seen.end = seen.start + run.cost;
    }
    return state;
  }

  Status observed(Status status) {
    stopped_ = !status;
    return status;
  }

  // Bytes moved and races of the waiting command.
  Status account(Engine engine) {
    if (engine == Engine::kTiu && !races_) return {};
    Result<std::vector<Access>> touched = executor_.accesses(command(engine), engine);
    if (!touched) return trapped(engine, std::move(touched).error());
    for (const Access& access : *touched)
      if (access.space == Access::Space::kDdr) {
        uint64_t bytes = access.run_bytes;
        for (const Access::Axis& axis : access.axes) bytes *= axis.count;
        (access.write ? report_.ddr_bytes_written : report_.ddr_bytes_read) += bytes;
      }
    if (races_) races_->add(place(engine), *touched, at(engine).seen);
    return {};
  }

  tl::unexpected<Error> deadlock() const {
    std::string message = fmt::format("group {}: deadlock", number_);
    for (Engine engine : kEngines) {
      const EngineRun& run = at(engine);
      if (run.fetched)
        message += fmt::format("\n  {} waits for {} id {}: {}", describe(place(engine), options_),
                               engine_title(other(engine)), run.ids.wait, bm1684::disassemble(command(engine), engine));
      else
        message += fmt::format("\n  {} has ended with id {}", engine_title(engine), run.published);
    }
    return tl::unexpected(Error{ErrorKind::kUser, std::move(message)});
  }

  const CommandGroup& group_;
  uint32_t number_;
  const LaunchOptions& options_;
  CommandExecutor& executor_;
  LaunchReport& report_;
  std::array<EngineRun, 2> runs_;
  std::optional<RaceDetector> races_;
  uint64_t last_end_ = 0;  // of the commands that have finished
  bool stopped_ = false;   // by the observer
};

}  // namespace

Result<LaunchReport> run_stream(std::span<const CommandGroup> groups, const LaunchOptions& options,
                                CommandExecutor& executor) {
  LaunchReport report;
  for (const CommandGroup& group : groups) {
    GroupRun run(group, static_cast<uint32_t>(report.groups), report.cycles, options, executor, report);
    const Result<uint64_t> end = run.run();
    if (!end) return run.tell(end.error()), tl::unexpected(end.error());
    report.cycles = *end;
    ++report.groups;
  }
  return report;
}

}  // namespace bmnet
