// Judges an output against its reference as bmrt_test does.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "runtime/include/bmdef.h"

namespace bmnet::bmrt_test {

struct Tolerance {
  double floats = 0.01;  // relative where the reference is above 1 in magnitude, else absolute
  long integers = 0;
};

// The first element that is too far off, told in a sentence; nothing when all are near. Two NaNs count as equal. Both
// arrays have the same length.
std::optional<std::string> first_difference(Bytes actual, Bytes expected, bm_data_type_t type, Tolerance tolerance);

// Element `index` as text.
std::string element_text(Bytes bytes, size_t index, bm_data_type_t type);

}  // namespace bmnet::bmrt_test
