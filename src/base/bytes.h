// Raw bytes in memory that somebody else owns.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bmnet {

using Bytes = std::span<const uint8_t>;

inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// bytes[offset, offset + size) when that lies inside `bytes`; safe for any 64-bit values.
constexpr bool contains(Bytes bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

}  // namespace bmnet
