#include "tile/program.h"

#include <fmt/format.h>

#include <iterator>
#include <span>

#include "target/bm1684/exec/instruction.h"
#include "target/bm1684/isa/names.h"

namespace bmnet::tile {
namespace {

using bm1684::Engine;
using bm1684::Field;

}  // namespace

std::string to_string(const Op& op, const Program& program) {
  std::string text = op.engine == Engine::kTiu ? fmt::format("tiu {}", bm1684::instruction_name(op.command, op.engine))
                                               : std::string("gdma");
  for (const Field& field : bm1684::fields_of(op.engine)) {
    const uint64_t value = bm1684::get(op.command, field);
    if (value == field.idle || &field == &bm1684::tiu::tsk_typ) continue;
    if (field.kind == bm1684::FieldKind::kAddress)
      fmt::format_to(std::back_inserter(text), " {}=0x{:x}", field.name, value);
    else
      fmt::format_to(std::back_inserter(text), " {}={}", field.name, value);
  }
  const auto buffer = [&](std::string_view side, BufferId id, int64_t offset) {
    if (id >= 0) fmt::format_to(std::back_inserter(text), " {}=%{}+{}", side, program.buffers[id].name, offset);
  };
  buffer("source", op.source, op.source_offset);
  buffer("destination", op.destination, op.destination_offset);
  return text;
}

std::string to_string(const Program& program) {
  static constexpr std::string_view kKinds[] = {"activation", "scratch", "coefficient"};
  std::string text;
  for (const Buffer& buffer : program.buffers)
    fmt::format_to(std::back_inserter(text), "{} %{} {} bytes\n", kKinds[static_cast<int>(buffer.kind)], buffer.name,
                   buffer.bytes);
  for (const Op& op : program.ops)
    fmt::format_to(std::back_inserter(text), "[{}] {}\n", op.layer, to_string(op, program));
  return text;
}

}  // namespace bmnet::tile
