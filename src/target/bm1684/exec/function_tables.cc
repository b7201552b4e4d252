#include "target/bm1684/exec/function_tables.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace bmnet::bm1684 {
namespace {

constexpr int kSeriesTerms = 64, kTableEntries = 256, kIotaEntries = 2048;
constexpr uint32_t kWarpSide = 256;  // the identity warp: a plane of x, then a plane of y
constexpr uint32_t kOverflow = 0xFFC00000;

using Words = std::vector<uint32_t>;

// The nearest float, ties to even, as a pattern; denormals kept whatever the thread flushes.
uint32_t nearest_float(double value) {
  const uint32_t sign = std::signbit(value) ? 0x80000000u : 0;
  if (value == 0) return sign;
  int exponent;
  const double fraction = std::frexp(std::fabs(value), &exponent);  // in [0.5, 1)
  const bool normal = exponent >= -125;
  const double scaled = std::ldexp(fraction, normal ? 24 : 149 + exponent);
  double integer = std::floor(scaled);
  const double rest = scaled - integer;
  if (rest > 0.5 || (rest == 0.5 && std::fmod(integer, 2) != 0)) integer += 1;
  const uint32_t mantissa = static_cast<uint32_t>(integer);
  return sign | (normal ? (static_cast<uint32_t>(exponent + 126) << 23) + mantissa - (1u << 23) : mantissa);
}

// The value of a non-negative pattern.
double value_of(uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 23);
  const uint32_t mantissa = bits & 0x7FFFFF;
  return std::ldexp(exponent == 0 ? mantissa : mantissa | 0x800000, std::max(exponent, 1) - 150);
}

template <typename Function>
Words table(int entries, Function&& value) {
  Words words;
  words.reserve(entries);
  for (int i = 0; i < entries; ++i) words.push_back(nearest_float(value(i)));
  return words;
}

// Index k mod 256 stands for the integer k in -103..88, the range where e^k is a finite float above zero.
bool is_hole(int index) { return index > 88 && index < 256 - 103; }
int integer_of(int index) { return index <= 88 ? index : index - 256; }

Words integers() {
  return table(kTableEntries, [](int i) { return is_hole(i) ? 0.0 : integer_of(i); });
}

Words exponentials() {
  return table(kTableEntries, [](int i) { return is_hole(i) ? 0.0 : std::exp(integer_of(i)); });
}

// 1/(i+1)!, each from the rounded one before.
Words exp_series() {
  Words words{nearest_float(1.0)};
  for (int i = 1; i < kSeriesTerms; ++i) words.push_back(nearest_float(value_of(words.back()) / (i + 1)));
  return words;
}

// The terms of the exponential series at even i, where the powers are odd, with alternating sign; zeros between.
Words sin_series() {
  Words words = exp_series();
  for (int i = 0; i < kSeriesTerms; ++i) {
    if (i % 2 == 1) words[i] = 0;
    if (i % 4 == 2) words[i] |= 0x80000000;
  }
  return words;
}

// (1*3*…*(2n-1)) / (2*4*…*2n) / (2n+1) at i = 2n, in float products; the odd product overflows near the end.
Words arcsin_series() {
  Words words(kSeriesTerms);
  float odd = 1, even = 1;
  for (int n = 0; n < kSeriesTerms / 2; ++n) {
    if (n > 0) {
      odd *= static_cast<float>(2 * n - 1);
      even *= static_cast<float>(2 * n);
    }
    words[2 * n] = std::isinf(odd) ? kOverflow : std::bit_cast<uint32_t>((odd / even) / static_cast<float>(2 * n + 1));
  }
  return words;
}

}  // namespace

void fill_function_tables(std::span<uint8_t, kL2Bytes> l2) {
  const auto put = [&](uint32_t offset, const Words& words) {
    std::memcpy(l2.data() + offset, words.data(), 4 * words.size());
  };
  const double ln2 = std::log(2.0);
  put(kTableIntByte, integers());
  put(kTableExp, exponentials());
  put(kTableExponentLn2, table(kTableEntries, [&](int i) { return (i - 127) * ln2; }));
  put(kTableTaylorExp, exp_series());
  put(kTableTaylorLog, table(kSeriesTerms, [](int i) { return (i % 2 ? -1.0 : 1.0) / (i + 1); }));
  put(kTableTaylorArcsin, arcsin_series());
  put(kTableUint8, table(kTableEntries, [](int i) { return i; }));
  put(kTableInt8, table(kTableEntries, [](int i) { return i < 128 ? i : i - 256; }));
  put(kTableTaylorSin, sin_series());
  put(kTableIota, table(kIotaEntries, [](int i) { return i; }));
  for (uint32_t i = 0; i < kWarpSide * kWarpSide; ++i) {
    l2[kTableWarp + i] = static_cast<uint8_t>(i % kWarpSide);
    l2[kTableWarp + kWarpSide * kWarpSide + i] = static_cast<uint8_t>(i / kWarpSide);
  }
}

}  // namespace bmnet::bm1684
