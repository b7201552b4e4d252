// Functions of every element, composed of instructions. All tensors are aligned and of one shape.
//
// Accuracy is relative to the result unless said otherwise, for finite operands; measured by math_test.cc.
#pragma once

#include "tile/builder.h"

namespace bmnet::bm1684 {

class Math {
 public:
  explicit Math(tile::Builder& build) : build_(build) {}

  using Local = tile::Local;
  using Operand = tile::Operand;

  void mul(const Local& d, const Operand& a, const Operand& b) { build_.scalar(tile::Scalar::kMul, d, a, b); }
  void add(const Local& d, const Operand& a, const Operand& b) { build_.scalar(tile::Scalar::kAdd, d, a, b); }
  void sub(const Local& d, const Operand& a, const Operand& b) { build_.scalar(tile::Scalar::kSub, d, a, b); }
  void div(const Local& d, const Operand& a, const Operand& b) { build_.scalar(tile::Scalar::kDivide, d, a, b); }
  void mac(const Local& d, const Operand& a, const Operand& b) {
    build_.scalar(tile::Scalar::kMul, d, a, b, true);
  }  // d += a * b
  void max(const Local& d, const Operand& a, const Operand& b) { build_.max(d, a, b); }
  void min(const Local& d, const Operand& a, const Operand& b) { build_.select_greater(d, a, b, b, a); }
  // d = a > b ? c : e
  void select(const Local& d, const Operand& a, const Operand& b, const Operand& c, const Operand& e) {
    build_.select_greater(d, a, b, c, e);
  }
  void bit_and(const Local& d, const Local& a, uint32_t mask) {
    build_.arith(tile::Arith::kAnd, d, a, Operand::pattern(mask));
  }
  void bit_or(const Local& d, const Local& a, const Operand& b) { build_.arith(tile::Arith::kOr, d, a, b); }
  // Positive: to the left.
  void shift(const Local& d, const Local& a, int32_t bits) {
    build_.arith(tile::Arith::kShift, d, a, Operand::pattern(static_cast<uint32_t>(bits)));
  }
  void clamp(const Local& d, const Operand& a, float low, float high);
  void abs(const Local& d, const Local& x) { bit_and(d, x, 0x7FFFFFFF); }
  void rsqrt(const Local& d, const Local& x) { build_.sfu(tile::Sfu::kRsqrt, d, x); }
  void taylor(const Local& d, const Local& x, int terms, uint32_t table) {
    build_.sfu(tile::Sfu::kTaylor, d, x, terms, table);
  }

  // e^x for x in [-87.3, 88.0], clamped outside: 3e-7. d may be x.
  void exp(const Local& d, const Local& x, const Local& t0, const Local& t1);
  // Natural logarithm: 1e-6; -inf at 0, NaN below. d is not x.
  void log(const Local& d, const Local& x, const Local& t0, const Local& t1);
  // 3e-7 absolute. d is not x. Abramowitz and Stegun, formula 7.1.26.
  void erf(const Local& d, const Local& x, const Local& t0, const Local& t1, const Local& t2, const Local& t3);
  // sin(x + phase), 1e-6 absolute for |x| < 1000. d is not x.
  void sin(const Local& d, const Local& x, float phase, const Local& t0);
  // Half to even. d is not x.
  void round(const Local& d, const Local& x, const Local& t0);
  // 1 / (1 + e^-x). d may be x.
  void sigmoid(const Local& d, const Local& x, const Local& t0, const Local& t1);

 private:
  tile::Builder& build_;
};

}  // namespace bmnet::bm1684
