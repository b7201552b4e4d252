// Commands from fields, fields from commands, and both as text.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "target/bm1684/isa/names.h"

namespace bmnet::bm1684 {

struct FieldValue {
  FieldValue(const Field& field, uint64_t value) : field(&field), value(value) {}
  const Field* field;
  uint64_t value;
  bool operator==(const FieldValue&) const = default;
};

// Every field idle.
Command idle_command(Engine engine);

// `base` with the given fields. Refused (a bug of the caller): a value that does not fit, a field given twice.
Result<Command> encode(Command base, std::span<const FieldValue> values);
Result<Command> encode(Engine engine, std::initializer_list<FieldValue> values);

// The TIU command that the vendor's command writers make of the fields that an instruction uses. It computes the same
// as encode()'s; unused precisions, signs and ReLU differ with the kind of instruction. Only where bits have to equal
// the vendor's does this matter.
Result<Command> encode_as_vendor(std::span<const FieldValue> values);

// The fields that are not idle, in the order of the table; reserved ones included, bits outside of all fields not.
std::vector<FieldValue> decode(const Command& command, Engine engine);

// One line that says every bit of the command:
//   tiu.arith.add #3 @2 opt_res0_prec=fp32 res0_c=64 res0_addr=0x08000000
//   gdma.move #2 @0 direction=s2l src_start_addr=0x105100000
// engine, instruction, operation; own id, awaited id of the other engine; the fields that are not idle. Addresses and
// masks are hexadecimal; the two halves of GDMA addresses and masks stand as one. Bits outside of all fields follow as
// "word31=0x1".
std::string disassemble(const Command& command, Engine engine);

// The command back from such a line; what follows " ; " is a comment. Fields may stand in any order.
struct Instruction {
  Engine engine = Engine::kTiu;
  Command command = {};
  bool operator==(const Instruction&) const = default;
};
Result<Instruction> assemble(std::string_view line);

// The command at `index` of a stream of 128-byte commands; the caller has checked the size.
Command command_at(Bytes stream, size_t index);

}  // namespace bmnet::bm1684
