#include "device/sim/function_table.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "target/bm1684/machine.h"

namespace bmnet {
namespace {

constexpr int kWarpSide = 256;  // the identity warp: a plane of x, then a plane of y

// Stores formula(i) for i < count as fp32 from `offset` on.
template <typename Formula>
void store(std::span<uint8_t> l2, uint32_t offset, int count, Formula formula) {
  for (int i = 0; i < count; ++i) {
    const float value = static_cast<float>(formula(i));
    std::memcpy(l2.data() + offset + 4 * i, &value, 4);
  }
}

// Tables of e^k have entries for k = 0..88 at k and for k = -103..-1 at k + 256.
bool has_exponent(int index) { return index <= 88 || index >= 256 - 103; }
int exponent(int index) { return index <= 88 ? index : index - 256; }

// 1 / (i+1)!, every coefficient the rounded previous one divided by i + 1.
float inverse_factorial(int i) {
  float value = 1;
  for (int k = 2; k <= i + 1; ++k) value = static_cast<float>(static_cast<double>(value) / k);
  return value;
}

// Coefficient of x^(i+1) of arcsine; the products overflow near the end of the table.
float arcsine(int i) {
  if (i % 2) return 0;
  float odd = 1, even = 1;
  for (int k = 1; k <= i / 2; ++k) odd *= static_cast<float>(2 * k - 1), even *= static_cast<float>(2 * k);
  if (std::isinf(odd)) return -std::numeric_limits<float>::quiet_NaN();
  return odd / even / static_cast<float>(i + 1);
}

float sine(int i) { return i % 2 ? 0.0f : i % 4 ? -inverse_factorial(i) : inverse_factorial(i); }

}  // namespace

void write_function_tables(std::span<uint8_t> l2) {
  using namespace bm1684;
  store(l2, kTableIntByte, 256, [](int i) { return has_exponent(i) ? exponent(i) : 0; });
  store(l2, kTableExp, 256, [](int i) { return has_exponent(i) ? std::exp(static_cast<double>(exponent(i))) : 0.0; });
  store(l2, kTableExponentLn2, 256, [](int i) { return (i - 127) * std::log(2.0); });
  store(l2, kTableTaylorExp, 64, inverse_factorial);
  store(l2, kTableTaylorLog, 64, [](int i) { return (i % 2 ? -1.0 : 1.0) / (i + 1); });
  store(l2, kTableTaylorArcsin, 64, arcsine);
  store(l2, kTableUint8, 256, [](int i) { return i; });
  store(l2, kTableInt8, 256, [](int i) { return i < 128 ? i : i - 256; });
  store(l2, kTableTaylorSin, 64, sine);
  store(l2, kTableIota, 2048, [](int i) { return i; });
  for (int i = 0; i < kWarpSide * kWarpSide; ++i) {
    l2[kTableWarp + i] = static_cast<uint8_t>(i % kWarpSide);
    l2[kTableWarp + kWarpSide * kWarpSide + i] = static_cast<uint8_t>(i / kWarpSide);
  }
}

}  // namespace bmnet
