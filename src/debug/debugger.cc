#include "debug/debugger.h"

#include <algorithm>

#include "base/text.h"
#include "device/diagnosis.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet::debug {
namespace {

constexpr std::string_view kPrompt = "(bmnet) ";

// How an observer ends a run; the user never reads it.
tl::unexpected<Error> ended_by_user() { return user_error("the run was ended in the debugger"); }

}  // namespace

void Debugger::debug(const std::function<Result<runtime::SessionRun>()>& program) {
  do {
    start_run();
    const Result<runtime::SessionRun> run = program();
    if (wish_ != Wish::kGoOn) continue;
    if (run) {
      standing_ = Standing::kEnd;
      (void)talk(fmt::format("the net has ended after {} cycles\n", run->report.cycles));
    } else {
      standing_ = Standing::kFailure;
      (void)talk(fmt::format("the run has failed: {}\n", printable(run.error().message)));
    }
  } while (wish_ == Wish::kRestart);
}

void Debugger::start_run() {
  if (wish_ != Wish::kRestart) until_ = {};
  wish_ = Wish::kGoOn;
  standing_ = Standing::kNothing;
  state_ = {};
  earlier_cycles_ = 0;
  last_.reset();
  notes_.clear();
  executed_ = busy_ = {};
  host_values_.clear();
  stage_ = nullptr;
}

// At the first sub-net of a run.
void Debugger::start_stage(const runtime::LoadedStage& stage) {
  stage_ = &stage;
  if (!map_) map_.emplace(stage);
  begun_.assign(map_->layers().size(), false);
  left_.clear();
  for (const StageMap::Layer& layer : map_->layers()) left_.push_back(layer.commands);
  overwritten_by_.assign(map_->tensors().size(), "");
}

CommandPlace Debugger::in_stage(CommandPlace place) const {
  place.group += map_->commands().first_group(sub_net_);
  return place;
}

// Asks for lines until one lets the run go on. An error ends the run.
Status Debugger::talk(const std::string& reason) {
  std::string text = reason;
  for (const std::string& note : notes_) text += note;
  notes_.clear();
  console_->write(text + position());
  for (;;) {
    const std::optional<std::string> line = console_->read_line(kPrompt);
    if (!line) {
      wish_ = Wish::kQuit;
      return ended_by_user();
    }
    const Reply reply = execute(*line);
    console_->write(reply.text);
    if (!reply.resumes) continue;
    return wish_ == Wish::kGoOn ? Status() : ended_by_user();
  }
}

Status Debugger::sub_net_begins(const runtime::LoadedStage& stage, size_t index, const runtime::ReadTensor& read) {
  if (!stage_) start_stage(stage);
  sub_net_ = index;
  state_ = {};
  note_changes_by_host();
  const bmodel::SubNet& sub_net = stage.source.sub_nets[index];
  if (sub_net.mode != bmodel::SubNetMode::kCpu) return {};
  standing_ = Standing::kHostLayer;
  const int32_t layer = map_->host_layer(sub_net);
  std::string reason = console_->interrupted() ? "interrupted\n" : "";
  bool stop = !notes_.empty() || !reason.empty() || until_.kind == Until::Kind::kAtOnce ||
              (until_.kind == Until::Kind::kSteps && until_.steps == 0) ||
              (until_.kind == Until::Kind::kLayer && until_.layer == layer);
  for (StopPoint& point : stops_.all())
    if (point.kind == StopPoint::Kind::kLayer && point.layer == layer) {
      ++point.hits;
      reason += fmt::format("break {}: {}\n", point.number, point.text);
      stop = true;
    }
  if (stop) BMNET_TRY(talk(reason));
  if (layer >= 0) begin_layer(layer);
  return {};
}

Status Debugger::before(const CommandPlace& place, const LaunchState& state) {
  standing_ = Standing::kCommand;
  state_ = state;
  next_ = in_stage(place);
  const std::string reason = reasons_before(place);
  const bool stop = !reason.empty() || !notes_.empty() || until_.kind == Until::Kind::kAtOnce ||
                    (until_.kind == Until::Kind::kSteps && until_.steps == 0);
  if (stop) BMNET_TRY(talk(reason));
  note_written(place);
  return {};
}

std::string Debugger::reasons_before(const CommandPlace& place) {
  std::string text = console_->interrupted() ? "interrupted\n" : "";
  const int32_t layer = map_->commands().layer_of(next_);
  const bool begins = layer >= 0 && !begun_[static_cast<size_t>(layer)];
  if (until_.kind == Until::Kind::kLayer && begins && until_.layer == layer)
    text += fmt::format("layer '{}' begins\n", printable(map_->layers()[static_cast<size_t>(layer)].name));
  std::vector<bm1684::Access> operands;
  if (stops_.look_at_operands())
    if (auto known = bm1684::accesses(state_.commands->of(place.engine)[place.index], place.engine)) operands = *known;
  for (StopPoint& point : stops_.all()) {
    const bool hit = (point.kind == StopPoint::Kind::kLayer && begins && point.layer == layer) ||
                     (point.kind == StopPoint::Kind::kCommand && point.place == next_) ||
                     (point.kind == StopPoint::Kind::kAccess && touches(operands, point.range, false));
    if (!hit) continue;
    ++point.hits;
    text += fmt::format("break {}: {}\n", point.number, point.text);
  }
  return text;
}

// Finds the watches that the command is going to write.
void Debugger::note_written(const CommandPlace& place) {
  written_.clear();
  if (!stops_.look_at_operands()) return;
  const auto operands = bm1684::accesses(state_.commands->of(place.engine)[place.index], place.engine);
  if (!operands) return;
  for (const StopPoint& point : stops_.all())
    if (point.kind == StopPoint::Kind::kWatch && touches(*operands, point.range, true))
      written_.push_back(point.number);
}

Status Debugger::after(const CommandPlace& place, const LaunchState& state) {
  const EngineState& ran = state_.of(place.engine);
  const size_t engine = static_cast<size_t>(place.engine);
  ++executed_[engine];
  busy_[engine] += ran.end - ran.start;
  last_ = in_stage(place);
  state_ = state;
  if (until_.kind == Until::Kind::kSteps && until_.steps > 0 && until_.engine.value_or(place.engine) == place.engine)
    --until_.steps;
  if (const int32_t layer = map_->commands().layer_of(*last_); layer >= 0) end_command_of(layer);
  for (StopPoint& point : stops_.all()) {
    if (std::ranges::find(written_, point.number) == written_.end()) continue;
    ++point.hits;
    const std::span<const uint8_t> now = bytes_of(point.range, memory_);
    notes_.push_back(fmt::format("watch {}: {} written by {}{}\n{}", point.number, point.text,
                                 bm1684::disassemble(state.commands->of(place.engine)[place.index], place.engine),
                                 layer_suffix(*last_), changes(point, now)));
    point.content.assign(now.begin(), now.end());
  }
  return {};
}

// Between sub-nets the host writes operands.
void Debugger::note_changes_by_host() {
  for (StopPoint& point : stops_.all()) {
    if (point.kind != StopPoint::Kind::kWatch) continue;
    const std::span<const uint8_t> now = bytes_of(point.range, memory_);
    if (std::ranges::equal(now, point.content)) continue;
    ++point.hits;
    notes_.push_back(
        fmt::format("watch {}: {} written by the host\n{}", point.number, point.text, changes(point, now)));
    point.content.assign(now.begin(), now.end());
  }
}

void Debugger::begin_layer(int32_t layer) {
  if (begun_[static_cast<size_t>(layer)]) return;
  begun_[static_cast<size_t>(layer)] = true;
  // What lies where this layer writes is lost, unless it is another view of the same bytes.
  const std::vector<StageMap::Tensor>& tensors = map_->tensors();
  for (const StageMap::Tensor& written : tensors) {
    if (written.written_by != layer || !written.address) continue;
    for (size_t i = 0; i < tensors.size(); ++i) {
      const StageMap::Tensor& other = tensors[i];
      const bool ran = other.written_by < 0 || begun_[static_cast<size_t>(other.written_by)];
      if (other.written_by == layer || !ran || !other.address) continue;
      if (*other.address < *written.address + written.bytes && *written.address < *other.address + other.bytes)
        overwritten_by_[i] = written.name;
    }
  }
}

void Debugger::end_command_of(int32_t layer) {
  begin_layer(layer);
  --left_[static_cast<size_t>(layer)];
}

void Debugger::failed(const LaunchState& state, const Error& error) {
  standing_ = Standing::kFailure;
  state_ = state;
  (void)talk(fmt::format("the launch cannot go on: {}\n", printable(error.message)));
  if (wish_ == Wish::kGoOn) wish_ = Wish::kQuit;
}

Status Debugger::sub_net_ends(const runtime::LoadedStage& stage, size_t index, const runtime::ReadTensor& read) {
  const bmodel::SubNet& sub_net = stage.source.sub_nets[index];
  if (sub_net.mode == bmodel::SubNetMode::kCpu) {
    for (const bmodel::Tensor& output : sub_net.outputs) {
      BMNET_ASSIGN(host_values_[output.name], read(output.name));
    }
    if (until_.kind == Until::Kind::kSteps && until_.steps > 0 && !until_.engine) --until_.steps;
  }
  earlier_cycles_ += state_.cycles;
  state_.cycles = 0;
  standing_ = Standing::kEndOfSubNet;
  const bool last = index + 1 == stage.source.sub_nets.size();
  const bool steps_end = until_.kind == Until::Kind::kSteps && until_.steps == 0;
  // A step that ended the sub-net stops before what comes next, if something does.
  if (until_.kind != Until::Kind::kEndOfSubNet && notes_.empty() && !(steps_end && last)) return {};
  return talk("");
}

}  // namespace bmnet::debug
