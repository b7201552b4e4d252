// What lets the run go on, stop points, help.
#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "debug/debugger.h"
#include "debug/words.h"
#include "device/diagnosis.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet::debug {

struct Debugger::Command {
  std::string_view name, alias, arguments, help, more;
  Reply (Debugger::*run)(std::string_view arguments);
  bool looks_at_net = false;  // needs a net that has begun
};

namespace {

constexpr uint64_t kMaxWatched = 64 << 20;

Debugger::Reply refused(const Error& error) { return {"error: " + printable(error.message) + "\n"}; }

}  // namespace

std::span<const Debugger::Command> Debugger::commands() {
  static constexpr Command kCommands[] = {
      {"step", "s", "[N] [tiu|gdma]", "run one command, or N; with an engine, only its commands count",
       "Commands run in the order in which they end on the chip, whichever engine they are on. A layer on the host "
       "counts as one.",
       &Debugger::step},
      {"continue", "c", "", "go on to the next stop point, or to the end", "", &Debugger::go_on},
      {"run", "r", "[to LAYER]", "as continue; after the end, from the start again. to LAYER: up to its first command",
       "", &Debugger::run},
      {"finish", "fin", "", "go on to the end of the sub-net", "", &Debugger::finish},
      {"restart", "", "", "from the start again, stopping before the first command", "", &Debugger::restart},
      {"break", "b", "LAYER | tiu:ID | gdma:ID | address RANGE",
       "stop before a layer, a command, or whatever touches bytes",
       "The id is that of the group that runs; tiu:ID/GROUP names another. RANGE is LANE:OFFSET[,BYTES] in local "
       "memory "
       "or ADDRESS[,BYTES].",
       &Debugger::add_break, true},
      {"watch", "w", "TENSOR | RANGE [TYPE]", "stop after a command that wrote these bytes; shows old and new values",
       "RANGE is LANE:OFFSET[,BYTES] in local memory or ADDRESS[,BYTES]. TYPE: fp32, int32, int16, uint16, int8, "
       "uint8, "
       "hex.",
       &Debugger::add_watch, true},
      {"delete", "d", "[N]", "forget stop point N, or all", "", &Debugger::remove},
      {"print", "p", "[tiu|gdma|last|tiu:ID|gdma:ID] [FIELD]",
       "a command with all its fields and operands, or one field", "Without a name: the command that ends next.",
       &Debugger::print, true},
      {"list", "l", "[N]", "the N (5) commands of each engine around where it stands", "", &Debugger::list, true},
      {"tensor", "t", "NAME [SLICE]", "values of a tensor in DDR or on the host",
       "SLICE as in NumPy, without steps: [0,3,:,2:5].", &Debugger::tensor, true},
      {"x", "", "ADDRESS [COUNT|SHAPE] [TYPE] [aligned|compact] [1n|2n|4n]",
       "memory, as a run of values or as a tensor",
       "ADDRESS is LANE:OFFSET in local memory, or an address as the GDMA counts. With a SHAPE such as [1,64,7,7] in "
       "local memory, channels go from lane to lane, aligned (the default: channels start at multiples of 128 bytes) "
       "or "
       "compact; 2n and 4n (the default there for int16 and int8): batch items interleaved in words. A SLICE may "
       "follow "
       "the shape.",
       &Debugger::examine, true},
      {"info", "i", "layers|tensors|breaks|cycles|sub-nets", "tables", "", &Debugger::info, true},
      {"help", "h", "[COMMAND]", "this list, or more about one command", "", &Debugger::help},
      {"quit", "q", "", "leave the debugger", "", &Debugger::quit},
  };
  return kCommands;
}

// By name, alias or a beginning that only one name has.
Result<const Debugger::Command*> Debugger::command_named(std::string_view name) {
  const Command* found = nullptr;
  for (const Command& command : commands()) {
    if (command.name == name || (!command.alias.empty() && command.alias == name)) return &command;
    if (!command.name.starts_with(name)) continue;
    if (found) return user_error("'{}' may be '{}' or '{}'", name, found->name, command.name);
    found = &command;
  }
  if (!found) return user_error("unknown command '{}'; `help` lists all", name);
  return found;
}

Debugger::Reply Debugger::execute(std::string_view line) {
  std::string_view rest = trimmed(line);
  if (rest.empty()) {
    if (!console_->interactive() || last_line_.empty()) return {};
    rest = last_line_;
  } else {
    last_line_ = rest;
    rest = last_line_;
  }
  const std::string_view name = take_word(rest);
  const auto command = command_named(name);
  if (!command) return refused(command.error());
  if ((*command)->looks_at_net && !map_) return {"error: no net has begun to run\n"};
  return (this->*(*command)->run)(rest);
}

std::vector<std::string> Debugger::complete(std::string_view line) const {
  std::vector<std::string> words;
  const size_t blank = line.rfind(' ');
  const std::string_view begun = blank == std::string_view::npos ? line : line.substr(blank + 1);
  const auto offer = [&](std::string_view word) {
    if (word.starts_with(begun)) words.emplace_back(word);
  };
  if (blank == std::string_view::npos) {
    for (const Command& command : commands()) offer(command.name);
    return words;
  }
  const auto command = command_named(take_word(line));
  if (!command || !map_) return words;
  const std::string_view name = (*command)->name;
  if (name == "info")
    for (const char* word : {"layers", "tensors", "breaks", "cycles", "sub-nets"}) offer(word);
  if (name == "break" || name == "run")
    for (const StageMap::Layer& layer : map_->layers()) offer(layer.name);
  if (name == "watch" || name == "tensor")
    for (const StageMap::Tensor& tensor : map_->tensors()) offer(tensor.name);
  return words;
}

// --- going on --------------------------------------------------------------------------------------------------------

Debugger::Reply Debugger::resume(Until until) {
  if (standing_ == Standing::kFailure) return {"error: the run cannot go on; `run` starts it again, `quit` leaves\n"};
  if (standing_ == Standing::kEnd) return {"error: the run has ended; `run` starts it again, `quit` leaves\n"};
  until_ = until;
  return {"", true};
}

Debugger::Reply Debugger::step(std::string_view arguments) {
  Until until{.kind = Until::Kind::kSteps, .steps = 1, .engine = {}};
  while (!arguments.empty()) {
    const std::string_view word = take_word(arguments);
    if (word == "tiu" || word == "gdma") {
      until.engine = word == "tiu" ? Engine::kTiu : Engine::kGdma;
      continue;
    }
    const auto number = parse_unsigned(word);
    if (!number || *number == 0) return {fmt::format("error: step takes a number and tiu or gdma, not '{}'\n", word)};
    until.steps = *number;
  }
  return resume(until);
}

Debugger::Reply Debugger::go_on(std::string_view arguments) {
  if (!arguments.empty()) return {"error: continue takes no arguments; `run to LAYER` goes to a layer\n"};
  return resume({.kind = Until::Kind::kStopPoint, .engine = {}});
}

Debugger::Reply Debugger::run(std::string_view arguments) {
  Until until{.kind = Until::Kind::kStopPoint, .engine = {}};
  const bool again = standing_ == Standing::kFailure || standing_ == Standing::kEnd;
  if (!arguments.empty()) {
    if (take_word(arguments) != "to" || arguments.empty()) return {"error: expected `run` or `run to LAYER`\n"};
    const auto layer = layer_ahead(unquoted(arguments));
    if (!layer) return refused(layer.error());
    if (!again && begun_[static_cast<size_t>(*layer)])
      return {fmt::format("error: layer '{}' has begun already; `restart` goes back to the start\n", arguments)};
    until = {.kind = Until::Kind::kLayer, .engine = {}, .layer = *layer};
  }
  if (!again) return resume(until);
  until_ = until;
  wish_ = Wish::kRestart;
  return {"", true};
}

Debugger::Reply Debugger::finish(std::string_view arguments) {
  if (!arguments.empty()) return {"error: finish takes no arguments\n"};
  return resume({.kind = Until::Kind::kEndOfSubNet, .engine = {}});
}

Debugger::Reply Debugger::restart(std::string_view arguments) {
  if (!arguments.empty()) return {"error: restart takes no arguments\n"};
  until_ = {};
  wish_ = Wish::kRestart;
  return {"", true};
}

Debugger::Reply Debugger::quit(std::string_view arguments) {
  if (!arguments.empty()) return {"error: quit takes no arguments\n"};
  wish_ = Wish::kQuit;
  return {"", true};
}

// What to say of a name that no layer has: layers with the text in their names, if there are any.
std::string Debugger::similar_layers(std::string_view name) const {
  std::string found;
  for (const StageMap::Layer& layer : map_->layers())
    if (!name.empty() && layer.name.find(name) != std::string::npos && found.size() < 60)
      found += fmt::format("{}'{}'", found.empty() ? "" : ", ", layer.name);
  return found.empty() ? "`info layers` lists them" : "there are " + found;
}

// --- stop points -----------------------------------------------------------------------------------------------------

// A layer before which a run can stop.
Result<int32_t> Debugger::layer_ahead(std::string_view name) const {
  if (!map_ || map_->layers().empty()) return user_error("the file has no layer table: layers have no names");
  const int32_t index = map_->layer_named(name);
  if (index < 0) return user_error("no layer '{}'; {}", name, similar_layers(name));
  const StageMap::Layer& layer = map_->layers()[static_cast<size_t>(index)];
  if (layer.commands == 0 && !layer.on_host)
    return user_error("layer '{}' has no commands of its own ({})", name, layer.note);
  return index;
}

Result<StopPoint> Debugger::parse_break(std::string_view arguments) const {
  const std::string_view name = unquoted(arguments);
  if (map_->layer_named(name) >= 0) {
    BMNET_ASSIGN(const int32_t layer, layer_ahead(name));
    return StopPoint{
        .kind = StopPoint::Kind::kLayer, .text = fmt::format("layer '{}'", printable(name)), .layer = layer};
  }
  if (arguments.starts_with("tiu:") || arguments.starts_with("gdma:")) {
    BMNET_ASSIGN(const Chosen chosen, choose(arguments));
    return StopPoint{.kind = StopPoint::Kind::kCommand,
                     .text = fmt::format("{} #{} of group {}", engine_title(chosen.place.engine),
                                         chosen.place.index + 1, chosen.place.group),
                     .place = chosen.place};
  }
  std::string_view rest = arguments;
  const bool said = take_word(rest) == "address";
  const bool number = !arguments.empty() && arguments[0] >= '0' && arguments[0] <= '9';
  if (!said && !number)
    return user_error("no layer '{}' ({}), nor tiu:ID, gdma:ID or address RANGE", name, similar_layers(name));
  BMNET_ASSIGN(const MemoryRange range, parse_range(said ? rest : arguments, memory_));
  if (range.bytes > kMaxWatched) return user_error("{} bytes; at most {} can be watched", range.bytes, kMaxWatched);
  return StopPoint{.kind = StopPoint::Kind::kAccess, .text = "address " + to_string(range), .range = range};
}

Debugger::Reply Debugger::add_break(std::string_view arguments) {
  if (arguments.empty()) return {info_breaks()};
  auto point = parse_break(arguments);
  if (!point) return refused(point.error());
  const std::string text = point->text;
  const bool late = point->kind == StopPoint::Kind::kLayer && begun_[static_cast<size_t>(point->layer)];
  const int number = stops_.add(std::move(*point), memory_);
  return {fmt::format("break {}: {}{}\n", number, text, late ? " (has begun already: stops in the next run)" : "")};
}

Result<StopPoint> Debugger::parse_watch(std::string_view arguments) const {
  StopPoint point{.kind = StopPoint::Kind::kWatch};
  if (const int32_t index = map_->tensor_named(unquoted(arguments)); index >= 0) {
    const StageMap::Tensor& tensor = map_->tensors()[static_cast<size_t>(index)];
    if (!tensor.address) return user_error("tensor '{}' never leaves local memory: watch a range there", tensor.name);
    BMNET_ASSIGN(point.range, ddr_range(*tensor.address, tensor.bytes, memory_));
    point.element = tensor.element.value_or(Element::kHex);
    point.text = fmt::format("tensor '{}'", printable(tensor.name));
  } else {
    std::string_view rest = arguments;
    const std::string_view place = take_word(rest);
    if (place.empty() || place[0] < '0' || place[0] > '9')
      return user_error("no tensor '{}' (`info tensors` lists them), nor a range such as 3:0x1000,64", arguments);
    BMNET_ASSIGN(point.range, parse_range(place, memory_));
    if (!rest.empty()) {
      const auto element = element_named(rest);
      if (!element) return user_error("'{}' is no type: fp32, int32, int16, uint16, int8, uint8 or hex", rest);
      point.element = *element;
    }
    point.text = to_string(point.range);
  }
  if (point.range.bytes > kMaxWatched)
    return user_error("{} bytes; at most {} can be watched", point.range.bytes, kMaxWatched);
  return point;
}

Debugger::Reply Debugger::add_watch(std::string_view arguments) {
  if (arguments.empty()) return {info_breaks()};
  auto point = parse_watch(arguments);
  if (!point) return refused(point.error());
  const std::string text =
      fmt::format("{}: {} bytes at {}", point->text, point->range.bytes, first_address(point->range));
  const int number = stops_.add(std::move(*point), memory_);
  return {fmt::format("watch {}: {}\n", number, text)};
}

Debugger::Reply Debugger::remove(std::string_view arguments) {
  if (arguments.empty()) {
    stops_.clear();
    return {"no stop points are left\n"};
  }
  const auto number = parse_unsigned(arguments);
  if (!number || *number > 1'000'000 || !stops_.remove(static_cast<int>(*number)))
    return {fmt::format("error: no stop point {}; `info breaks` lists them\n", arguments)};
  return {};
}

Debugger::Reply Debugger::help(std::string_view arguments) {
  if (!arguments.empty()) {
    const auto command = command_named(arguments);
    if (!command) return refused(command.error());
    const Command& c = **command;
    std::string text = fmt::format("{} {}\n  {}\n", c.name, c.arguments, c.help);
    if (!c.alias.empty()) text += fmt::format("  short: {}\n", c.alias);
    if (!c.more.empty()) text += fmt::format("  {}\n", c.more);
    return {text};
  }
  std::string text;
  for (const Command& c : commands()) {
    std::string_view arguments = c.arguments;
    const bool fits = arguments.size() <= 42;
    text += fmt::format("{:<8} {:<4} {:<42} {}\n", c.name, c.alias,
                        fits ? std::string(arguments) : fmt::format("{} …", take_word(arguments)), c.help);
  }
  return {text + "A beginning of a name is enough. `help COMMAND` tells more. Ctrl-C stops a running program.\n"};
}

}  // namespace bmnet::debug
