#include "bmodel/disasm.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "bmodel/layer_table.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet::bmodel {
namespace {

using bm1684::Command;
using bm1684::Engine;

constexpr std::string_view kGroup = "group ";
constexpr std::string_view kNet = "net ";

// Names come from files: they must not break the line or the comment.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  return text;
}

class Disassembler {
 public:
  std::string run(const Model& model) && {
    for (size_t n = 0; n < model.nets.size(); ++n)
      for (size_t s = 0; s < model.nets[n].stages.size(); ++s) {
        const std::string heading = fmt::format("{}{} '{}', stage {}", kNet, n, printable(model.nets[n].name), s);
        if (model.chip == "BM1684")
          stage(model.nets[n].stages[s], heading);
        else
          add("{}: commands of {}, which only that chip can read\n", heading, printable(model.chip));
      }
    return std::move(text_);
  }

 private:
  template <typename... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  void stage(const Stage& stage, const std::string& heading) {
    const Result<LayerTable> layers = decode_layer_table(stage.net_profile.bytes());
    layers_ = layers ? *layers : LayerTable();
    uint32_t group_index = 0;
    for (size_t i = 0; i < stage.sub_nets.size(); ++i) {
      const SubNet& sub_net = stage.sub_nets[i];
      add("{}, sub-net {}: {}\n", heading, i, kind_of(sub_net));
      if (sub_net.mode != SubNetMode::kTpu || sub_net.is_dynamic) continue;
      for (const CmdGroup& group : sub_net.cmd_groups) this->group(group, group_index++);
    }
  }

  static std::string kind_of(const SubNet& sub_net) {
    switch (sub_net.mode) {
      case SubNetMode::kTpu:
        return sub_net.is_dynamic ? "tpu, dynamic" : "tpu";
      case SubNetMode::kCpu:
        return fmt::format("cpu, layer type {}", sub_net.cpu_params.empty() ? -1 : sub_net.cpu_params[0].op_type);
      case SubNetMode::kMerge:
        return "merge";
      case SubNetMode::kSwitch:
        return "switch";
    }
    return "unknown";
  }

  void group(const CmdGroup& group, uint32_t group_index) {
    add("{}{}: {} tiu, {} gdma\n", kGroup, group_index, group.bdc_num, group.gdma_num);
    uint32_t tiu = 0, gdma = 0;
    while (tiu < group.bdc_num || gdma < group.gdma_num) {
      if (gdma_is_next(group, tiu, gdma)) {
        command(bm1684::command_at(group.gdma.bytes(), gdma), Engine::kGdma, group_index, gdma);
        ++gdma;
      } else {
        command(bm1684::command_at(group.bdc.bytes(), tiu), Engine::kTiu, group_index, tiu);
        ++tiu;
      }
    }
  }

  // A TIU command comes after the GDMA command it waits for, else before.
  static bool gdma_is_next(const CmdGroup& group, uint32_t tiu, uint32_t gdma) {
    if (tiu == group.bdc_num || gdma == group.gdma_num) return tiu == group.bdc_num;
    const uint64_t id = get(bm1684::command_at(group.gdma.bytes(), gdma), bm1684::gdma::cmd_id);
    return id <= get(bm1684::command_at(group.bdc.bytes(), tiu), bm1684::tiu::cmd_id_gdma);
  }

  void command(const Command& command, Engine engine, uint32_t group_index, uint32_t index) {
    add("  {}", bm1684::disassemble(command, engine));
    const int64_t layer = layers_.layer_of(group_index, static_cast<uint32_t>(engine), index);
    if (layer >= 0) add(" ; {}", printable(layers_.layers[static_cast<size_t>(layer)].name));
    text_ += '\n';
  }

  std::string text_;
  LayerTable layers_;
};

using Streams = std::array<std::vector<uint8_t>, 2>;  // by engine

void append(std::vector<uint8_t>& stream, const Command& command) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(command.data());
  stream.insert(stream.end(), bytes, bytes + bm1684::kCommandBytes);
}

}  // namespace

std::string disassemble(const Model& model) { return Disassembler().run(model); }

Result<std::vector<CmdGroup>> assemble(std::string_view text) {
  std::vector<Streams> groups;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(kGroup)) groups.emplace_back();
    if (line.empty() || line.starts_with(kGroup) || line.starts_with(kNet)) continue;
    if (groups.empty()) return user_error("line {}: a command before the first group", number);
    const Result<bm1684::Instruction> instruction = bm1684::assemble(line);
    if (!instruction) return with_context(fmt::format("line {}", number), instruction.error());
    append(groups.back()[static_cast<size_t>(instruction->engine)], instruction->command);
  }
  std::vector<CmdGroup> result;
  for (Streams& streams : groups)
    result.push_back(CmdGroup::of(Blob::of(std::move(streams[0])), Blob::of(std::move(streams[1]))));
  return result;
}

}  // namespace bmnet::bmodel
