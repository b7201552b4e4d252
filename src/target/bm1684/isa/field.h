// A field of a command word, and how to read and write one.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bmnet::bm1684 {

// Both engines take 128-byte commands: 32 little-endian 32-bit words, word 0 first.
using Command = std::array<uint32_t, 32>;
inline constexpr int kCommandBytes = 128;

enum class Engine : uint8_t { kTiu = 0, kGdma = 1 };  // numbers as in the vendor's engine codes

enum class FieldKind : uint8_t { kFlag, kCode, kOpcode, kNumber, kAddress, kId, kMask, kReserved };

struct Field {
  std::string_view name;
  uint16_t lo;     // first bit
  uint16_t width;  // in bits, 1..64
  FieldKind kind;
  uint64_t idle;  // the value that vendor streams hold where the instruction does not use the field
  std::string_view doc;

  constexpr uint64_t max() const { return width == 64 ? ~0ull : (1ull << width) - 1; }
};

constexpr uint64_t get(const Command& command, const Field& field) {
  const unsigned word = field.lo / 32, shift = field.lo % 32;
  uint64_t value = command[word] >> shift;
  if (shift + field.width > 32) value |= static_cast<uint64_t>(command[word + 1]) << (32 - shift);
  if (shift + field.width > 64) value |= static_cast<uint64_t>(command[word + 2]) << (64 - shift);
  return value & field.max();
}

// Writes the low `field.width` bits of `value`; the caller has checked value <= field.max() (see encode in codec.h).
constexpr void set(Command& command, const Field& field, uint64_t value) {
  const unsigned word = field.lo / 32, shift = field.lo % 32;
  const uint64_t mask = field.max();
  value &= mask;
  command[word] = static_cast<uint32_t>((command[word] & ~(mask << shift)) | (value << shift));
  if (shift + field.width > 32) {
    const unsigned done = 32 - shift;
    command[word + 1] = static_cast<uint32_t>((command[word + 1] & ~(mask >> done)) | (value >> done));
    if (shift + field.width > 64) {
      const unsigned done2 = 64 - shift;
      command[word + 2] = static_cast<uint32_t>((command[word + 2] & ~(mask >> done2)) | (value >> done2));
    }
  }
}

}  // namespace bmnet::bm1684
