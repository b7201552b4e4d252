#include "bmodel/coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "target/bm1684/isa/codec.h"

namespace bmnet::bmodel {
namespace {

using bm1684::Command;
using bm1684::Engine;
using bm1684::Field;
using bm1684::FieldKind;
using bm1684::Name;

std::string name_in(std::span<const Name> names, uint64_t value) {
  const Name* name = bm1684::find_value(names, value);
  return name ? std::string(name->name) : fmt::format("{}", value);
}

std::string instruction_of(const Command& command, Engine engine) {
  if (engine == Engine::kGdma)
    return "gdma." + name_in(bm1684::gdma_functions(), get(command, bm1684::gdma::special_func));
  const uint64_t family = get(command, bm1684::tiu::tsk_typ);
  std::string text = "tiu." + name_in(bm1684::families(), family);
  if (const auto operations = bm1684::operations(family); !operations.empty())
    text += "." + name_in(operations, get(command, bm1684::tiu::tsk_eu_typ));
  return text;
}

// All that the tables know, so that what is missing shows.
std::vector<std::string> known_instructions() {
  std::vector<std::string> all;
  for (const Name& family : bm1684::families()) {
    const auto operations = bm1684::operations(family.value);
    if (operations.empty()) all.push_back(fmt::format("tiu.{}", family.name));
    for (const Name& operation : operations) all.push_back(fmt::format("tiu.{}.{}", family.name, operation.name));
  }
  for (const Name& function : bm1684::gdma_functions()) all.push_back(fmt::format("gdma.{}", function.name));
  return all;
}

bool lists_values(const Field& field) {
  return field.kind == FieldKind::kFlag || field.kind == FieldKind::kCode || field.kind == FieldKind::kOpcode;
}

}  // namespace

void Coverage::add(const Model& model) {
  if (model.chip != "BM1684") return;
  for (const Net& net : model.nets)
    for (const Stage& stage : net.stages)
      for (const CmdGroup& group : stage.cmd_groups) {
        for (uint32_t i = 0; i < group.bdc_num; ++i) add(bm1684::command_at(group.bdc.bytes(), i), Engine::kTiu);
        for (uint32_t i = 0; i < group.gdma_num; ++i) add(bm1684::command_at(group.gdma.bytes(), i), Engine::kGdma);
      }
}

void Coverage::add(const Command& command, Engine engine) {
  ++commands_;
  ++instructions_[instruction_of(command, engine)];
  for (const Field& field : bm1684::fields_of(engine)) {
    const uint64_t value = get(command, field);
    FieldUse& use = fields_[static_cast<size_t>(engine)][field.lo];
    use.not_idle += value != field.idle;
    use.low = std::min(use.low, value), use.high = std::max(use.high, value);
    if (lists_values(field)) ++use.values[value];
  }
}

std::string Coverage::to_text() const {
  return fmt::format("{} commands\n", commands_) + instructions_text() + fields_text(Engine::kTiu) +
         fields_text(Engine::kGdma);
}

std::string Coverage::instructions_text() const {
  std::string text = "\ninstructions\n", missing;
  for (const auto& [name, count] : instructions_) text += fmt::format("  {:<32} {:>9}\n", name, count);
  for (const std::string& name : known_instructions())
    if (!instructions_.contains(name)) missing += " " + name;
  if (!missing.empty()) text += "  never:" + missing + "\n";
  return text;
}

std::string Coverage::fields_text(Engine engine) const {
  const auto& uses = fields_[static_cast<size_t>(engine)];
  if (uses.empty()) return {};
  std::string text = fmt::format("\nfields of {}: commands in which it is not idle, values\n", engine_name(engine));
  std::string idle;
  for (const Field& field : bm1684::fields_of(engine)) {
    const FieldUse& use = uses.at(field.lo);
    if (use.not_idle == 0) {
      idle += fmt::format(" {}", field.name);
      continue;
    }
    text += fmt::format("  {:<20} {:>9} ", field.name, use.not_idle);
    if (!lists_values(field))
      text += field.kind == FieldKind::kAddress || field.kind == FieldKind::kMask
                  ? fmt::format(" {:#x} to {:#x}", use.low, use.high)
                  : fmt::format(" {} to {}", use.low, use.high);
    for (const auto& [value, count] : use.values)
      text += fmt::format(" {} x{}", name_in(bm1684::codes_of(field), value), count);
    text += '\n';
  }
  return idle.empty() ? text : text + "  always idle:" + idle + "\n";
}

}  // namespace bmnet::bmodel
