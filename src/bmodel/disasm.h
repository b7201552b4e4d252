// The commands of a BModel as text, and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "bmodel/model.h"

namespace bmnet::bmodel {

// Headings "net 0 'name', stage 0, sub-net 0: tpu" and "group 0: 220 tiu, 108 gdma", then one indented line per command
// (target/bm1684/isa/codec.h), both engines in one order in which the chip may run them, followed by " ; " and the
// layer of the user's model where the file knows it (layer_table.h). Expects a model that check.h accepts; other chips
// give a heading only.
std::string disassemble(const Model& model);

// The command groups of such a text, in order. Refused with the number of the line: what is neither heading nor
// command, a command before the first group.
Result<std::vector<CmdGroup>> assemble(std::string_view text);

}  // namespace bmnet::bmodel
