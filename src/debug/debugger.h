// The debugger of BModels on the simulator: stops a run between commands, shows where both engines stand, and lets a
// user look at commands, tensors and memories.
//
// The debugger watches a run as its observer: at a stop it asks its console for lines and answers them until one of
// them lets the run go on. It changes nothing: values and cycles are those of an ordinary run.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "debug/console.h"
#include "debug/stage_map.h"
#include "debug/stop_points.h"
#include "runtime/observer.h"
#include "runtime/session.h"
#include "target/bm1684/exec/memory.h"

namespace bmnet::debug {

class Debugger : public runtime::RunObserver {
 public:
  // `memory` is that of the device which runs; both must outlive the debugger.
  Debugger(const bm1684::Memory& memory, Console& console) : memory_(memory), console_(&console) {}

  // Runs `program` (which runs a net, observed by this debugger), from the start again as often as the user wants,
  // until the user leaves or the input ends.
  void debug(const std::function<Result<runtime::SessionRun>()>& program);

  // The answer to one line while the run stands still. An illegal line gives one line that says why. `resumes`: the
  // run is to go on (or to start again, or to end) now.
  struct Reply {
    std::string text;
    bool resumes = false;
  };
  Reply execute(std::string_view line);

  // Words that can stand at the end of this line.
  std::vector<std::string> complete(std::string_view line) const;

  Status sub_net_begins(const runtime::LoadedStage& stage, size_t index, const runtime::ReadTensor& read) override;
  Status before(const CommandPlace& place, const LaunchState& state) override;
  Status after(const CommandPlace& place, const LaunchState& state) override;
  void failed(const LaunchState& state, const Error& error) override;
  Status sub_net_ends(const runtime::LoadedStage& stage, size_t index, const runtime::ReadTensor& read) override;

  struct Command;

 private:
  using Engine = bm1684::Engine;
  // What the run stands before.
  enum class Standing { kNothing, kCommand, kHostLayer, kEndOfSubNet, kFailure, kEnd };
  // Until when it goes on.
  struct Until {
    enum class Kind { kAtOnce, kSteps, kStopPoint, kEndOfSubNet, kLayer } kind = Kind::kAtOnce;
    uint64_t steps = 0;
    std::optional<Engine> engine;  // kSteps: whose commands count
    int32_t layer = -1;
  };
  enum class Wish { kGoOn, kRestart, kQuit };
  // A command as `print` and `list` name it; null: there is none.
  struct Chosen {
    const bm1684::Command* command = nullptr;
    CommandPlace place;
  };

  // debugger.cc: the run.
  void start_run();
  void start_stage(const runtime::LoadedStage& stage);
  Status talk(const std::string& reason);
  std::string reasons_before(const CommandPlace& place);
  void note_written(const CommandPlace& place);
  void note_changes_by_host();
  void begin_layer(int32_t layer);
  void end_command_of(int32_t layer);
  CommandPlace in_stage(CommandPlace place) const;

  // debugger_commands.cc: what lets the run go on, stop points, help.
  Reply step(std::string_view arguments);
  Reply run(std::string_view arguments);
  Reply go_on(std::string_view arguments);
  Reply finish(std::string_view arguments);
  Reply restart(std::string_view arguments);
  Reply quit(std::string_view arguments);
  Reply add_break(std::string_view arguments);
  Reply add_watch(std::string_view arguments);
  Reply remove(std::string_view arguments);
  Reply help(std::string_view arguments);
  Reply resume(Until until);
  std::string similar_layers(std::string_view name) const;
  Result<int32_t> layer_ahead(std::string_view name) const;
  Result<StopPoint> parse_break(std::string_view arguments) const;
  Result<StopPoint> parse_watch(std::string_view arguments) const;

  // debugger_views.cc: what only looks.
  Reply print(std::string_view arguments);
  Reply list(std::string_view arguments);
  Reply info(std::string_view arguments);
  Reply tensor(std::string_view arguments);
  Reply examine(std::string_view arguments);
  std::string position() const;
  std::string engine_line(Engine engine) const;
  std::string layer_suffix(const CommandPlace& place) const;
  std::string operands(const Chosen& chosen) const;
  Result<Chosen> choose(std::string_view name) const;
  Result<std::string> field_text(const Chosen& chosen, std::string_view field) const;
  std::string info_layers() const;
  std::string info_tensors() const;
  std::string info_breaks() const;
  std::string info_cycles() const;
  std::string info_sub_nets() const;
  std::string tensor_state(size_t index) const;
  Result<std::string> tensor_text(std::string_view arguments) const;
  Result<std::string> examine_text(std::string_view arguments) const;

  static std::span<const Command> commands();
  static Result<const Command*> command_named(std::string_view name);

  const bm1684::Memory& memory_;
  Console* console_;

  // The stage: kept between runs.
  const runtime::LoadedStage* stage_ = nullptr;
  std::optional<StageMap> map_;
  StopPoints stops_;
  std::string last_line_;  // again at an empty line

  // The run.
  Standing standing_ = Standing::kNothing;
  Until until_;
  Wish wish_ = Wish::kGoOn;
  LaunchState state_;  // of the sub-net that runs or ran last
  CommandPlace next_;  // kCommand: completes next; groups counted over the stage
  size_t sub_net_ = 0;
  uint64_t earlier_cycles_ = 0;  // of the sub-nets before
  std::optional<CommandPlace> last_;
  std::vector<std::string> notes_;                      // of watches: told at the next stop
  std::vector<int> written_;                            // numbers of the watches that the running command writes
  std::array<uint64_t, 2> executed_ = {}, busy_ = {};   // by engine: commands, cycles
  std::vector<bool> begun_;                             // by layer
  std::vector<uint64_t> left_;                          // by layer: commands that have not run
  std::vector<std::string> overwritten_by_;             // by tensor
  std::map<std::string, ::bmnet::Tensor> host_values_;  // results of layers on the host
};

}  // namespace bmnet::debug
