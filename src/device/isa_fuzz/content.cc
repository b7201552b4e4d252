#include "device/isa_fuzz/content.h"

#include <algorithm>
#include <cstring>

#include "target/bm1684/machine.h"

namespace bmnet::isa_fuzz {
namespace {

using Space = bm1684::Access::Space;

enum class Kind { kTameFloat, kWideFloat, kSpecialFloat, kSmallInteger, kRandom, kExtremeBytes, kExtremeHalves };

constexpr uint32_t kSpecial[] = {0x00000000, 0x80000000, 0x00000001, 0x807FFFFF, 0x00800000, 0x80800000,
                                 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001,
                                 0x3F800000, 0xBF800000, 0x4F000000, 0xCF000000, 0x4EFFFFFF, 0x00400000};
constexpr uint8_t kExtreme[] = {0x00, 0x01, 0x7F, 0x80, 0x81, 0xFF};

Kind choose_kind(Content content, Random& random) {
  switch (content) {
    case Content::kTameFloats:
      return Kind::kTameFloat;
    case Content::kBytes:
      return random.chance(60) ? Kind::kRandom : random.chance(50) ? Kind::kExtremeBytes : Kind::kExtremeHalves;
    case Content::kAny:
      break;
  }
  constexpr Kind kKinds[] = {Kind::kTameFloat, Kind::kTameFloat,    Kind::kTameFloat, Kind::kWideFloat,
                             Kind::kWideFloat, Kind::kSpecialFloat, Kind::kRandom,    Kind::kSmallInteger};
  return kKinds[random.pick(0, std::size(kKinds) - 1)];
}

uint32_t word_of(Kind kind, Random& random) {
  const uint64_t bits = random.next();
  const uint32_t low = static_cast<uint32_t>(bits);
  const auto with_exponent = [&](uint32_t exponent) { return (low & 0x807FFFFF) | exponent << 23; };
  switch (kind) {
    case Kind::kTameFloat:
      return with_exponent(118 + (bits >> 32) % 18);
    case Kind::kWideFloat:
      return with_exponent(1 + (bits >> 32) % 254);
    case Kind::kSpecialFloat:
      if ((bits >> 40) % 4 == 0) return kSpecial[(bits >> 32) % std::size(kSpecial)];
      return with_exponent((bits >> 48) % 8 == 0 ? 0 : 100 + (bits >> 32) % 54);
    case Kind::kSmallInteger: {
      const float value = static_cast<float>(static_cast<int>(bits % 513) - 256);
      uint32_t word;
      std::memcpy(&word, &value, sizeof word);
      return word;
    }
    case Kind::kRandom:
      return low;
    case Kind::kExtremeBytes: {
      uint32_t word = 0;
      for (int i = 0; i < 4; ++i) word |= uint32_t{kExtreme[(bits >> (8 * i)) % std::size(kExtreme)]} << 8 * i;
      return word;
    }
    case Kind::kExtremeHalves: {
      constexpr uint16_t kHalves[] = {0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF, 0x0400, 0x7C00, 0xFC00, 0x7BFF, 0x03FF};
      return kHalves[low % std::size(kHalves)] | uint32_t{kHalves[(bits >> 32) % std::size(kHalves)]} << 16;
    }
  }
  return low;
}

}  // namespace

void fill_operands(const Case& test, const std::vector<bm1684::Access>& accesses, Random& random, const Put& put) {
  std::vector<uint8_t> bytes;
  for (const bm1684::Access& access : accesses) {
    if (access.write || (access.space == Space::kL2 && access.end() > bm1684::kL2UserEnd)) continue;
    const Kind kind = choose_kind(test.content, random);
    const bool local = access.space == Space::kLocal;
    const uint64_t begin = access.begin & ~uint64_t{3}, end = (access.end() + 3) & ~uint64_t{3};
    bytes.resize(end - begin);
    for (uint64_t lane = 0; lane < (local ? bm1684::kLanes : 1); ++lane) {
      if (local && !(access.lanes >> lane & 1)) continue;
      for (size_t i = 0; i < bytes.size(); i += 4) {
        const uint32_t word = word_of(kind, random);
        std::memcpy(&bytes[i], &word, sizeof word);
      }
      put(access.space, lane * bm1684::kLaneBytes + begin, bytes);
    }
  }
  for (const Patch& patch : test.patches) put(patch.space, patch.offset, patch.bytes);
}

}  // namespace bmnet::isa_fuzz
