// Random numbers that are the same on every host.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace bmnet::isa_fuzz {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {  // splitmix64
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // Both ends included.
  uint64_t pick(uint64_t low, uint64_t high) { return low + next() % (high - low + 1); }
  bool chance(unsigned percent) { return next() % 100 < percent; }
  uint64_t one_of(std::initializer_list<uint64_t> values) { return values.begin()[next() % values.size()]; }
  // Mostly small, sometimes up to `high`.
  uint64_t size(uint64_t high) { return pick(1, chance(80) ? (high + 3) / 4 : high); }

 private:
  uint64_t state_;
};

}  // namespace bmnet::isa_fuzz
