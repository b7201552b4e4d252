// Any JSON as a file of golden values or of timings: read, or refused with a message.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "target/bm1684/exec/vector_file.h"

namespace {

template <typename T>
void expect_reason(const bmnet::Result<T>& result) {
  if (!result && result.error().message.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto document = nlohmann::json::parse(data, data + size, nullptr, false);
  if (document.is_discarded()) return 0;
  expect_reason(bmnet::bm1684::parse_vectors(document, "fuzz.json"));
  expect_reason(bmnet::bm1684::parse_timings(document, "fuzz.json"));
  return 0;
}
