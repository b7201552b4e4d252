// Numbers in text, whatever the locale.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace bmnet {

// The whole text as one number; "inf" and "nan" are numbers. Nothing when it is none or does not fit.
template <typename T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [rest, status] = std::from_chars(text.data(), end, value);
  if (status != std::errc() || rest != end) return std::nullopt;
  return value;
}

// The same for a finite number.
inline std::optional<double> parse_finite(std::string_view text) {
  const auto value = parse_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

// The whole text as "0x1f", "0X1F" or "31". Errors: it is none of these or does not fit.
inline Result<uint64_t> parse_unsigned(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = text.substr(hex ? 2 : 0);
  const char* end = digits.data() + digits.size();
  uint64_t value = 0;
  const auto [rest, status] = std::from_chars(digits.data(), end, value, hex ? 16 : 10);
  if (status != std::errc() || rest != end) return user_error("'{}' is not a number", text);
  return value;
}

}  // namespace bmnet
