// What only looks: position, commands, tables, tensors, memory.
#include <algorithm>

#include "base/number.h"
#include "base/text.h"
#include "debug/debugger.h"
#include "debug/words.h"
#include "device/diagnosis.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/machine.h"

namespace bmnet::debug {
namespace {

using bm1684::Engine;

constexpr Engine kEngines[] = {Engine::kTiu, Engine::kGdma};
constexpr size_t kLineWidth = 110;
constexpr uint64_t kMaxCount = 4096;

Engine other(Engine engine) { return engine == Engine::kTiu ? Engine::kGdma : Engine::kTiu; }

Debugger::Reply answer(const Result<std::string>& text) {
  if (text) return {*text};
  return {"error: " + printable(text.error().message) + "\n"};
}

// The words of a disassembled command on lines of bearable length.
std::string wrapped(std::string_view text) {
  std::string result;
  size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    if (column > 0 && column + word.size() + 1 > kLineWidth) {
      result += "\n  ";
      column = 2;
    }
    if (column > 0) result += ' ', ++column;
    result += word;
    column += word.size();
  }
  return result + '\n';
}

std::string mnemonic(const bm1684::Command& command, Engine engine) {
  const std::string text = bm1684::disassemble(command, engine);
  return text.substr(0, text.find(' '));
}

uint64_t awaited_id(const bm1684::Command& command, Engine engine) {
  return get(command, engine == Engine::kTiu ? bm1684::tiu::cmd_id_gdma : bm1684::gdma::eng0_sync_id);
}

}  // namespace

// --- where the run stands --------------------------------------------------------------------------------------------

std::string Debugger::position() const {
  const uint64_t cycle = earlier_cycles_ + state_.cycles;
  switch (standing_) {
    case Standing::kHostLayer: {
      const int32_t layer = map_->host_layer(stage_->source.sub_nets[sub_net_]);
      const std::string name =
          layer < 0 ? "" : fmt::format(": layer '{}'", printable(map_->layers()[static_cast<size_t>(layer)].name));
      return fmt::format("sub-net {} runs on the host{}; cycle {}\n", sub_net_, name, cycle);
    }
    case Standing::kEndOfSubNet:
      return fmt::format("end of sub-net {}, cycle {}\n", sub_net_, cycle);
    case Standing::kCommand:
    case Standing::kFailure: {
      if (!state_.commands) return "";
      std::string text =
          fmt::format("sub-net {}, group {}, cycle {}\n", sub_net_, in_stage({state_.group}).group, cycle);
      for (const Engine engine : kEngines) text += engine_line(engine);
      return text;
    }
    default:
      return "";
  }
}

std::string Debugger::engine_line(Engine engine) const {
  const EngineState& state = state_.of(engine);
  const std::vector<bm1684::Command>& commands = state_.commands->of(engine);
  if (state.next >= commands.size())
    return fmt::format("   {:<4} all {} commands of the group have ended\n", engine_title(engine), commands.size());
  const bool completes_next = standing_ == Standing::kCommand && next_.engine == engine;
  const bm1684::Command& command = commands[state.next];
  std::string text = fmt::format("{} {:<4} #{} of {}  {}{}", completes_next ? "=>" : "  ", engine_title(engine),
                                 state.next + 1, commands.size(), mnemonic(command, engine),
                                 layer_suffix(in_stage({state_.group, engine, state.next})));
  const std::string_view partner = engine_title(other(engine));
  if (state.fetched && state.ready) {
    text += fmt::format("  cycles {} to {}", earlier_cycles_ + state.start, earlier_cycles_ + state.end);
    if (state.wait) text += fmt::format(", after {} #{}", partner, state.wait);
  } else if (state.fetched) {
    text +=
        fmt::format("  waits for {} #{}, which has ended #{}", partner, state.wait, state_.of(other(engine)).published);
  }
  return text + '\n';
}

std::string Debugger::layer_suffix(const CommandPlace& place) const {
  const int32_t layer = map_->commands().layer_of(place);
  return layer < 0 ? "" : fmt::format("  layer '{}'", printable(map_->layers()[static_cast<size_t>(layer)].name));
}

// --- commands --------------------------------------------------------------------------------------------------------

// "": the one that ends next, else the last one; "tiu", "gdma", "last", "tiu:ID", "gdma:ID/GROUP".
Result<Debugger::Chosen> Debugger::choose(std::string_view name) const {
  const auto next_of = [&](Engine engine) -> Result<Chosen> {
    if (!state_.commands || state_.of(engine).next >= state_.commands->of(engine).size())
      return user_error("the {} has no command left", engine_title(engine));
    const uint32_t index = state_.of(engine).next;
    return Chosen{&state_.commands->of(engine)[index], in_stage({state_.group, engine, index})};
  };
  const auto at = [&](const CommandPlace& place) -> Result<Chosen> {
    for (size_t s = stage_->sub_nets.size(); s-- > 0;) {
      const uint32_t first = map_->commands().first_group(s);
      if (place.group < first || place.group - first >= stage_->sub_nets[s].size()) continue;
      const std::vector<bm1684::Command>& commands = stage_->sub_nets[s][place.group - first].of(place.engine);
      if (place.index < commands.size()) return Chosen{&commands[place.index], place};
    }
    return user_error("there is no {} command #{} in group {}", engine_title(place.engine), uint64_t{place.index} + 1,
                      place.group);
  };
  if (name == "tiu") return next_of(Engine::kTiu);
  if (name == "gdma") return next_of(Engine::kGdma);
  if (name == "last" || name.empty()) {
    if (name.empty() && standing_ == Standing::kCommand) return at(next_);
    if (name.empty() && standing_ == Standing::kFailure)
      if (auto waiting = next_of(Engine::kTiu); waiting && !state_.of(Engine::kGdma).ready) return waiting;
    if (name.empty() && standing_ == Standing::kFailure) return next_of(Engine::kGdma);
    if (!last_) return user_error("no command has run yet");
    return at(*last_);
  }
  const size_t colon = name.find(':');
  if (colon == std::string_view::npos) return user_error("'{}': expected tiu, gdma, last, tiu:ID or gdma:ID", name);
  CommandPlace place{.group = in_stage({state_.group}).group,
                     .engine = name.starts_with("tiu:") ? Engine::kTiu : Engine::kGdma};
  std::string_view id = name.substr(colon + 1);
  if (const size_t slash = id.find('/'); slash != std::string_view::npos) {
    BMNET_ASSIGN(const uint64_t group, parse_unsigned(id.substr(slash + 1)));
    if (group > UINT32_MAX) return user_error("there is no group {}", group);
    place.group = static_cast<uint32_t>(group);
    id = id.substr(0, slash);
  }
  BMNET_ASSIGN(const uint64_t number, parse_unsigned(id));
  if (number == 0 || number > UINT32_MAX) return user_error("ids count from 1");
  place.index = static_cast<uint32_t>(number - 1);
  return at(place);
}

Debugger::Reply Debugger::print(std::string_view arguments) {
  std::string_view rest = arguments;
  std::string_view name = take_word(rest);
  const bool names_command =
      name == "tiu" || name == "gdma" || name == "last" || name.starts_with("tiu:") || name.starts_with("gdma:");
  if (!names_command) rest = arguments, name = {};
  const auto chosen = choose(name);
  if (!chosen) return answer(tl::unexpected(chosen.error()));
  if (!rest.empty()) return answer(field_text(*chosen, rest));
  return {wrapped(bm1684::disassemble(*chosen->command, chosen->place.engine)) + operands(*chosen)};
}

std::string Debugger::operands(const Chosen& chosen) const {
  std::string text = fmt::format("   group {}{}\n", chosen.place.group, layer_suffix(chosen.place));
  const auto accesses = bm1684::accesses(*chosen.command, chosen.place.engine);
  if (!accesses) return text + "   illegal: " + printable(accesses.error().message) + "\n";
  for (const bm1684::Access& access : *accesses) text += "   " + describe(access) + "\n";
  if (const auto cost = bm1684::cycles(*chosen.command, chosen.place.engine))
    text += fmt::format("   {} cycles\n", *cost);
  return text;
}

Result<std::string> Debugger::field_text(const Chosen& chosen, std::string_view name) const {
  const Engine engine = chosen.place.engine;
  if (const bm1684::Field* field = bm1684::find_field(engine, name)) {
    const uint64_t value = get(*chosen.command, *field);
    std::string text = fmt::format("{} = {} ({:#x})", name, value, value);
    if (const bm1684::Name* code = bm1684::find_value(bm1684::codes_of(*field), value))
      text += fmt::format(" {}", code->name);
    return fmt::format("{}: {}\n", text, field->doc);
  }
  // Halves of addresses and masks stand as one in the text.
  std::string line = bm1684::disassemble(*chosen.command, engine);
  std::string_view words = line;
  while (!words.empty())
    if (const std::string_view word = take_word(words);
        word.starts_with(name) && word.substr(name.size()).starts_with('='))
      return fmt::format("{} = {}\n", name, word.substr(name.size() + 1));
  return user_error("the {} has no field '{}', or it is idle; `print` shows the others", engine_title(engine), name);
}

Debugger::Reply Debugger::list(std::string_view arguments) {
  uint64_t around = 5;
  if (!arguments.empty()) {
    const auto number = parse_unsigned(arguments);
    if (!number || *number == 0) return {fmt::format("error: list takes a number of commands, not '{}'\n", arguments)};
    around = std::min(*number, kMaxCount);
  }
  if (!state_.commands) return {"error: no command group runs here\n"};
  std::string text;
  for (const Engine engine : kEngines) {
    const std::vector<bm1684::Command>& commands = state_.commands->of(engine);
    const uint64_t next = state_.of(engine).next;
    const uint64_t begin = next > around ? next - around : 0;
    const uint64_t end = std::min<uint64_t>(commands.size(), next + around + 1);
    text += fmt::format("{}: {} commands\n", engine_title(engine), commands.size());
    for (uint64_t i = begin; i < end; ++i) {
      const CommandPlace place{state_.group, engine, static_cast<uint32_t>(i)};
      text += fmt::format("{} #{} @{}  {}{}\n", i == next ? "=>" : "  ", i + 1, awaited_id(commands[i], engine),
                          mnemonic(commands[i], engine), layer_suffix(in_stage(place)));
    }
  }
  return {text};
}

// --- tables ----------------------------------------------------------------------------------------------------------

Debugger::Reply Debugger::info(std::string_view arguments) {
  const auto is = [&](std::string_view name) { return !arguments.empty() && name.starts_with(arguments); };
  if (is("layers")) return {info_layers()};
  if (is("tensors")) return {info_tensors()};
  if (is("breaks") || is("watches")) return {info_breaks()};
  if (is("cycles")) return {info_cycles()};
  if (is("sub-nets")) return {info_sub_nets()};
  return {"error: info takes layers, tensors, breaks, cycles or sub-nets\n"};
}

std::string Debugger::info_layers() const {
  if (map_->layers().empty()) return "the file has no layer table\n";
  std::string text;
  for (size_t i = 0; i < map_->layers().size(); ++i) {
    const StageMap::Layer& layer = map_->layers()[i];
    std::string state = layer.on_host         ? (begun_[i] ? "has run on the host" : "on the host")
                        : layer.commands == 0 ? layer.note
                        : left_[i] == 0       ? "has ended"
                        : !begun_[i]
                            ? fmt::format("{} commands", layer.commands)
                            : fmt::format("{} of {} commands have run", layer.commands - left_[i], layer.commands);
    text += fmt::format("  {:<32} {:<14} {}\n", printable(layer.name), printable(layer.op), printable(state));
  }
  return text;
}

std::string Debugger::tensor_state(size_t index) const {
  const StageMap::Tensor& tensor = map_->tensors()[index];
  if (host_values_.contains(tensor.name)) return "on the host";
  if (!tensor.address) return "never leaves local memory";
  if (tensor.written_by >= 0) {
    const auto writer = static_cast<size_t>(tensor.written_by);
    if (!begun_[writer]) return "not computed yet";
    if (left_[writer] > 0) return "being computed";
    if (map_->layers()[writer].on_host) return "not copied from the host yet";
  }
  if (!overwritten_by_[index].empty()) return fmt::format("overwritten by '{}'", overwritten_by_[index]);
  return "";
}

std::string Debugger::info_tensors() const {
  std::string text;
  for (size_t i = 0; i < map_->tensors().size(); ++i) {
    const StageMap::Tensor& tensor = map_->tensors()[i];
    text += fmt::format("  {:<32} {:<8} {:<18} {:<12} {}\n", printable(tensor.name), tensor.type,
                        bmnet::to_string(tensor.shape), tensor.address ? fmt::format("{:#x}", *tensor.address) : "-",
                        printable(tensor_state(i)));
  }
  return text;
}

std::string Debugger::info_breaks() const {
  if (stops_.all().empty()) return "no stop points\n";
  std::string text;
  for (const StopPoint& point : stops_.all())
    text += fmt::format("  {} {} {}, {} hits\n", point.kind == StopPoint::Kind::kWatch ? "watch" : "break",
                        point.number, point.text, point.hits);
  return text;
}

std::string Debugger::info_cycles() const {
  const uint64_t cycles = earlier_cycles_ + state_.cycles;
  std::string text =
      fmt::format("cycle {} ({:.3f} ms at 550 MHz)\n", cycles, static_cast<double>(cycles) / bm1684::kClockHz * 1e3);
  for (const Engine engine : kEngines) {
    const auto i = static_cast<size_t>(engine);
    text += fmt::format("{:<4} {} commands, busy {} cycles ({:.0f} %)\n", engine_title(engine), executed_[i], busy_[i],
                        cycles ? 100.0 * static_cast<double>(busy_[i]) / static_cast<double>(cycles) : 0.0);
  }
  return text;
}

std::string Debugger::info_sub_nets() const {
  std::string text;
  for (size_t s = 0; s < stage_->sub_nets.size(); ++s) {
    constexpr std::string_view kModes[] = {"on the TPU", "on the host", "merge", "switch"};
    const auto mode = static_cast<size_t>(stage_->source.sub_nets[s].mode);
    std::string commands;
    for (size_t g = 0; g < stage_->sub_nets[s].size(); ++g)
      commands += fmt::format(", group {}: {} TIU and {} GDMA commands", map_->commands().first_group(s) + g,
                              stage_->sub_nets[s][g].tiu.size(), stage_->sub_nets[s][g].gdma.size());
    text += fmt::format("{} {}: {}{}\n", s == sub_net_ ? "=>" : "  ", s,
                        mode < std::size(kModes) ? kModes[mode] : "of unknown kind", commands);
  }
  return text;
}

// --- tensors and memory ----------------------------------------------------------------------------------------------

Debugger::Reply Debugger::tensor(std::string_view arguments) {
  if (arguments.empty()) return {info_tensors()};
  return answer(tensor_text(arguments));
}

Result<std::string> Debugger::tensor_text(std::string_view arguments) const {
  std::string_view name = unquoted(arguments), slice_text;
  if (const size_t bracket = arguments.rfind('['); map_->tensor_named(name) < 0 && bracket != std::string_view::npos) {
    name = unquoted(trimmed(arguments.substr(0, bracket)));
    slice_text = arguments.substr(bracket);
  }
  const int32_t index = map_->tensor_named(name);
  if (index < 0) return user_error("no tensor '{}'; `info tensors` lists them", name);
  const StageMap::Tensor& tensor = map_->tensors()[static_cast<size_t>(index)];
  if (!tensor.element) return unsupported("tensor '{}': values of type {}", name, tensor.type);
  std::optional<TensorView> view;
  std::string place = "on the host";
  if (const auto host = host_values_.find(tensor.name); host != host_values_.end()) {
    view = TensorView::of_host(host->second, *tensor.element);
  } else {
    if (!tensor.address) return user_error("tensor '{}' never leaves local memory; `x` shows memory there", name);
    BMNET_ASSIGN(const MemoryRange start, ddr_range(*tensor.address, tensor.bytes, memory_));
    BMNET_ASSIGN(view,
                 TensorView::create(start, tensor.shape, *tensor.element, {.interleave = tensor.interleave}, memory_));
    place = "at " + first_address(start);
    if (const std::string state = tensor_state(static_cast<size_t>(index)); !state.empty()) place += ", " + state;
  }
  BMNET_ASSIGN(const Slice slice, parse_slice(slice_text, view->shape()));
  constexpr int64_t kGlance = 4;  // rows when no slice is asked for
  return fmt::format("'{}' {} {} {}\n{}\n{}", printable(tensor.name), tensor.type, bmnet::to_string(view->shape()),
                     printable(place), summary(*view), table(*view, slice, slice_text.empty() ? kGlance : kMaxRows));
}

Debugger::Reply Debugger::examine(std::string_view arguments) {
  if (arguments.empty()) return {"error: x takes an address; `help x` tells more\n"};
  return answer(examine_text(arguments));
}

Result<std::string> Debugger::examine_text(std::string_view arguments) const {
  BMNET_ASSIGN(MemoryRange start, parse_range(take_word(arguments), memory_));
  const bool local = start.space == bm1684::Access::Space::kLocal;
  uint64_t count = 16;
  std::optional<Shape> shape;
  std::optional<Element> element;
  std::string_view slice_text;
  Layout layout{.interleave = 0};
  while (!arguments.empty()) {
    const std::string_view word = take_word(arguments);
    if (word[0] == '[') {
      if (shape) {
        slice_text = word;
      } else {
        BMNET_ASSIGN(shape, parse_shape(word));
      }
    } else if (const auto type = element_named(word)) {
      element = type;
    } else if (word == "aligned" || word == "compact") {
      layout.aligned = word == "aligned";
    } else if (word == "1n" || word == "2n" || word == "4n") {
      layout.interleave = word[0] - '0';
    } else {
      const auto number = parse_unsigned(word);
      if (!number || *number == 0 || *number > kMaxCount)
        return user_error("'{}': expected a count of 1 to {}, a shape, a type, aligned, compact, 1n, 2n or 4n", word,
                          kMaxCount);
      count = *number;
    }
  }
  const Element type = element.value_or(shape ? Element::kF32 : Element::kHex);
  if (shape) {
    if (layout.interleave == 0) layout.interleave = local ? 4 / element_bytes(type) : 1;
    BMNET_ASSIGN(const TensorView view, TensorView::create(start, *shape, type, layout, memory_));
    BMNET_ASSIGN(const Slice slice, parse_slice(slice_text, view.shape()));
    return summary(view) + "\n" + table(view, slice, kMaxRows);
  }
  start.bytes = count * static_cast<uint64_t>(element_bytes(type));
  BMNET_ASSIGN(start, parse_range(to_string(start), memory_));
  return run_of_values(start, type, memory_);
}

}  // namespace bmnet::debug
