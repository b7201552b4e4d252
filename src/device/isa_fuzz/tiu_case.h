// What the generators of TIU commands share.
#pragma once

#include <algorithm>

#include "device/isa_fuzz/generator.h"
#include "target/bm1684/isa/codec.h"
#include "target/bm1684/machine.h"

namespace bmnet::isa_fuzz {

using bm1684::Command;
using bm1684::Engine;
using bm1684::Field;
namespace tiu = bm1684::tiu;

struct Dims {
  uint64_t n = 1, c = 1, h = 1, w = 1;
  uint64_t elements() const { return n * c * h * w; }
};

class TiuCase {
 public:
  TiuCase(Random& random, uint64_t type) : random_(random) {
    case_.command = bm1684::idle_command(Engine::kTiu);
    set(tiu::tsk_typ, type);
    // What no instruction reads without saying so.
    if (random_.chance(20)) set(tiu::opt_relu, 1);
    if (random_.chance(10)) set(tiu::opd1_c, random_.pick(1, 100));
    if (random_.chance(10)) set(tiu::tsk_lane_num, random_.next());
  }

  void set(const Field& field, uint64_t value) { bm1684::set(case_.command, field, value); }
  uint64_t get(const Field& field) const { return bm1684::get(case_.command, field); }
  void set_flag(const Field& field, unsigned percent) { set(field, random_.chance(percent)); }

  // A place for an operand of at most 64 KiB a lane; operands in different slots (0 to 4) do not meet.
  uint64_t address(int slot, uint64_t alignment) {
    constexpr uint64_t kSlotBytes = 0x18000, kSpread = 0x8000;
    const uint64_t step = random_.chance(70) ? std::max<uint64_t>(alignment, 128) : alignment;
    const uint64_t lane = random_.chance(30) ? 0 : random_.pick(0, bm1684::kLanes - 1);
    return bm1684::kLocalBase + lane * bm1684::kLaneBytes + static_cast<uint64_t>(slot) * kSlotBytes +
           random_.pick(0, (kSpread - 1) / step) * step;
  }
  void place(const Field& field, int slot, uint64_t alignment) { set(field, address(slot, alignment)); }
  uint64_t lane_of(const Field& field) const { return (get(field) - bm1684::kLocalBase) / bm1684::kLaneBytes; }

  // An fp32 constant of any kind.
  uint64_t float_constant() {
    if (random_.chance(20)) return random_.one_of({0, 0x80000000, 1, 0x7F800000, 0xFF800000, 0x7F7FFFFF, 0x00800000});
    return (random_.next() & 0x807FFFFF) | random_.pick(100, 150) << 23;
  }
  // Turns an operand into a constant in some cases; else gives it a place.
  void place_or_constant(const Field& address, const Field& is_constant, int slot, unsigned percent) {
    set_flag(is_constant, percent);
    set(address, get(is_constant) ? float_constant() : this->address(slot, 4));
  }

  void result_shape(const Dims& d) {
    set(tiu::res0_n, d.n), set(tiu::res0_c, d.c), set(tiu::res0_h, d.h), set(tiu::res0_w, d.w);
  }
  // Sizes with at most `limit` elements.
  Dims dims(uint64_t n, uint64_t c, uint64_t h, uint64_t w, uint64_t limit) {
    Dims d{random_.size(n), random_.size(c), random_.size(h), random_.size(w)};
    while (d.elements() > limit) {
      uint64_t& largest = std::max({std::ref(d.n), std::ref(d.c), std::ref(d.h), std::ref(d.w)},
                                   [](const auto& a, const auto& b) { return a.get() < b.get(); });
      largest = (largest + 1) / 2;
    }
    return d;
  }

  Random& random() { return random_; }
  Case finish(Content content = Content::kAny) {
    case_.content = content;
    return std::move(case_);
  }
  void patch(bm1684::Access::Space space, uint64_t offset, std::vector<uint8_t> bytes) {
    case_.patches.push_back({space, offset, std::move(bytes)});
  }

 private:
  Random& random_;
  Case case_;
};

}  // namespace bmnet::isa_fuzz
