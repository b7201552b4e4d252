// The operators that the front ends know, from their mapping tables: the one source of --list_ops, `bmnet list-ops` and
// docs/reference/SUPPORT.md.
#pragma once

#include <string>

#include "tool/front_ends.h"

namespace bmnet::tool {

// Where the nn operators that an operator becomes run on the chip.
enum class Place { kNowhere, kTpu, kMixed, kCpu };  // kNowhere: it becomes nothing, or is refused

// `becomes` is a row's text: words that are no nn operators (kinds, remarks) do not count.
Place place_of(const std::string& becomes);
std::string_view place_name(Place place);  // "TPU", "TPU and CPU", "CPU", "-"

// Of one front end, or of all (null).
std::string operator_table(const FrontEnd* front_end);
// {"front_ends": [{"program", "framework", "operators": [{"name", …}]}], "nn": [{"name", "tpu", "constraints"}]}
std::string operator_json(const FrontEnd* front_end);

}  // namespace bmnet::tool
