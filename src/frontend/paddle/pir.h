// Programs of Paddle 3: JSON text (inference.json) instead of a protobuf.
//
// {"base_code":{"magic":"pir",…},"program":{"regions":[{"blocks":[{"ops":[…]}]}]}}. An operator is {"#":"1.conv2d",
// "I":[{"%":1},…],"O":[{"%":5,"TT":type}],"A":[{"N":name,"AT":{"#":"0.a_i32","D":1}}]}: values have numbers, 0 stands
// for a missing operand, "0." is the built-in and "1." the operators' dialect. A parameter is {"#":"p","O":{…},
// "A":[…,name]}. Operands stand by position, and attributes that may be computed are operands too.
#pragma once

#include <span>
#include <string_view>

#include "base/status.h"
#include "frontend/paddle/framework.pb.h"

namespace bmnet::frontend::paddle {

// Whether a file that begins so is such a program.
bool looks_like_json_program(std::string_view head);

// The same program with the operators, parameters and attributes of the older format. Operators that have no
// counterpart there keep their name "pd_op.x". Errors: no JSON, no program, references to values that do not exist.
Result<paddle_file::ProgramDesc> read_json_program(std::string_view text);

// ---- the table: how an operator is called in the older format

struct PirRow {
  std::string_view name;        // without "pd_op."
  std::string_view type;        // of the older operator
  std::string_view operands;    // its parameters by position; "a|b": b where the operand is a list; "@a": attribute a
  std::string_view results;     // likewise
  std::string_view attributes;  // "new=old" where they differ, blank between
};
std::span<const PirRow> pir_rows();
// Null when unknown.
const PirRow* find_pir_row(std::string_view name);

}  // namespace bmnet::frontend::paddle
