#include "target/bm1684/lower/math.h"

#include <limits>

namespace bmnet::bm1684 {
namespace {

// An integer below 2^23 in the low bits of this pattern is the float 2^23 + integer.
constexpr uint32_t kIntegerBase = 0x4B000000;
constexpr float kIntegerOffset = 8388608.0f;  // 2^23
constexpr float kExponentBias = 127.0f;
constexpr float kRoundingMagic = 12582912.0f;  // 1.5 * 2^23: adding it drops the fraction, half to even
constexpr float kLog2E = 1.44269504088896340736f;
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;  // their sum is ln 2; integer * high is exact
constexpr float kLn2 = 0.69314718055994530942f;

}  // namespace

void Math::clamp(const Local& d, const Operand& a, float low, float high) {
  max(d, a, low);
  min(d, d, high);
}

// x = k ln 2 + r with |r| <= ln 2 / 2; e^x = 2^k (1 + taylor(r)). 2^k is made from its bits.
void Math::exp(const Local& d, const Local& x, const Local& t0, const Local& t1) {
  clamp(d, x, -87.3f, 88.0f);
  mul(t0, d, kLog2E);
  add(t0, t0, kExponentBias + 0.5f);
  build_.sfu(tile::Sfu::kToInt, t0, t0);  // k + 127, in 1..254
  bit_or(t1, t0, Operand::pattern(kIntegerBase));
  sub(t1, t1, kIntegerOffset + kExponentBias);  // k
  shift(t0, t0, 23);                            // 2^k
  mac(d, t1, -kLn2High);
  mac(d, t1, -kLn2Low);
  taylor(t1, d, 7, kTableTaylorExp);
  mul(t1, t1, t0);
  add(d, t1, t0);
}

// x = 2^k m with m in [0.707, 1.414]; log x = k ln 2 + taylor(m - 1).
void Math::log(const Local& d, const Local& x, const Local& t0, const Local& t1) {
  constexpr float kSqrt2 = 1.41421356f;
  shift(t0, x, -23);
  bit_or(t0, t0, Operand::pattern(kIntegerBase));
  sub(t0, t0, kIntegerOffset + kExponentBias);
  bit_and(d, x, 0x007FFFFF);
  bit_or(d, d, Operand::pattern(0x3F800000));
  select(t1, d, kSqrt2, 1.0f, 0.0f);
  add(t0, t0, t1);
  select(t1, d, kSqrt2, 0.5f, 1.0f);
  mul(d, d, t1);
  sub(d, d, 1.0f);
  taylor(t1, d, 15, kTableTaylorLog);
  mul(d, t0, kLn2);
  add(d, d, t1);
  select(d, x, 0.0f, d, -std::numeric_limits<float>::infinity());
  select(d, 0.0f, x, std::numeric_limits<float>::quiet_NaN(), d);
}

void Math::erf(const Local& d, const Local& x, const Local& t0, const Local& t1, const Local& t2, const Local& t3) {
  static constexpr float kA[] = {0.254829592f, -0.284496736f, 1.421413741f, -1.453152027f, 1.061405429f};
  abs(t0, x);
  mul(t1, t0, 0.3275911f);
  add(t1, t1, 1.0f);
  div(t1, 1.0f, t1);
  mul(d, t0, t0);
  sub(d, 0.0f, d);
  exp(d, d, t2, t3);
  mul(t2, t1, kA[4]);
  for (int i = 3; i >= 0; --i) {
    add(t2, t2, kA[i]);
    mul(t2, t2, t1);
  }
  mul(d, d, t2);
  sub(d, 1.0f, d);
  bit_and(t0, x, 0x80000000);
  bit_or(d, d, t0);
}

void Math::sin(const Local& d, const Local& x, float phase, const Local& t0) {
  constexpr float kTwoPiHigh = 6.28125f, kTwoPiLow = 1.9353071795864769e-3f;
  add(d, x, phase);
  mul(t0, d, 0.15915494309189535f);
  add(t0, t0, kRoundingMagic);
  sub(t0, t0, kRoundingMagic);
  mac(d, t0, -kTwoPiHigh);
  mac(d, t0, -kTwoPiLow);
  taylor(d, d, 20, kTableTaylorSin);
}

void Math::round(const Local& d, const Local& x, const Local& t0) {
  add(d, x, kRoundingMagic);
  sub(d, d, kRoundingMagic);
  abs(t0, x);
  select(d, t0, kIntegerOffset / 2, x, d);  // larger numbers are integers or keep their halves
}

void Math::sigmoid(const Local& d, const Local& x, const Local& t0, const Local& t1) {
  sub(d, 0.0f, x);
  exp(d, d, t0, t1);
  add(d, d, 1.0f);
  div(d, 1.0f, d);
}

}  // namespace bmnet::bm1684
