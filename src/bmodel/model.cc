#include "bmodel/model.h"

#include <algorithm>
#include <ctime>
#include <iterator>

#include "base/status.h"
#include "target/bm1684/isa/field.h"

namespace bmnet::bmodel {
namespace {

struct TypeRow {
  const char* name;
  int bits;
};
constexpr TypeRow kTypes[] = {{"float32", 32},  {"float16", 16}, {"int8", 8},   {"uint8", 8},
                              {"int16", 16},    {"uint16", 16},  {"int32", 32}, {"uint32", 32},
                              {"bfloat16", 16}, {"int4", 4},     {"uint4", 4}};
static_assert(std::size(kTypes) == kDataTypes);

}  // namespace

Blob Blob::of(std::vector<uint8_t> content) {
  const auto owner = std::make_shared<const std::vector<uint8_t>>(std::move(content));
  return Blob(*owner, owner);
}

bool Blob::operator==(const Blob& other) const {
  if (bytes_.data() == other.bytes_.data() && bytes_.size() == other.bytes_.size()) return true;
  return std::ranges::equal(bytes_, other.bytes_);
}

const char* data_type_name(DataType type) {
  const auto index = static_cast<uint32_t>(type);
  return index < kDataTypes ? kTypes[index].name : "unknown";
}

int bits_per_element(DataType type) {
  const auto index = static_cast<uint32_t>(type);
  return index < kDataTypes ? kTypes[index].bits : 0;
}

CmdGroup CmdGroup::of(Blob bdc, Blob gdma) {
  CmdGroup group;
  group.bdc_num = static_cast<uint32_t>(bdc.size() / bm1684::kCommandBytes);
  group.gdma_num = static_cast<uint32_t>(gdma.size() / bm1684::kCommandBytes);
  group.bdc = std::move(bdc);
  group.gdma = std::move(gdma);
  return group;
}

uint64_t Stage::context_bytes() const {
  if (ctx_sizes.empty()) return ctx_size;
  uint64_t bytes = 0;
  for (uint64_t size : ctx_sizes) bytes += size;
  return bytes;
}

std::string time_text(int64_t unix_seconds) {
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = unix_seconds;
  tm utc = {};
  gmtime_r(&seconds, &utc);
  return fmt::format("{} {} {:2} {:02}:{:02}:{:02} {}\n", kDays[utc.tm_wday], kMonths[utc.tm_mon], utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, utc.tm_year + 1900);
}

}  // namespace bmnet::bmodel
