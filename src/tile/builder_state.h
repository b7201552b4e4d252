// Inner part of the builder: one command under construction.
#pragma once

#include "target/bm1684/isa/codec.h"
#include "tile/builder.h"

namespace bmnet::tile {

// Collects fields with range checks; the first violation is kept.
class CommandDraft {
 public:
  CommandDraft(bm1684::Engine engine, std::string_view what) : what_(what) {
    op.engine = engine;
    op.command = bm1684::idle_command(engine);
  }

  CommandDraft& put(const bm1684::Field& field, int64_t value) {
    if (value < 0 || static_cast<uint64_t>(value) > field.max())
      fail(fmt::format("{}: {} = {} does not fit {} bits", what_, field.name, value, field.width));
    else
      bm1684::set(op.command, field, static_cast<uint64_t>(value));
    return *this;
  }

  void require(bool holds, std::string_view rule) {
    if (!holds) fail(fmt::format("{}: {}", what_, rule));
  }

  // The tensor lies inside its lanes.
  void require_inside(const Local& tensor) {
    int64_t last = 0;
    const int64_t rows = ceil_div(tensor.lane + tensor.shape[1], bm1684::kLanes);
    const Dims extents = {tensor.shape[0], rows, tensor.shape[2], tensor.shape[3]};
    for (int i = 0; i < 4; ++i) last += (extents[i] - 1) * tensor.strides[i];
    require(tensor.lane >= 0 && tensor.lane < bm1684::kLanes && tensor.offset % 4 == 0,
            "operand starts at a bad place");
    require(tensor.offset + (last + 1) * 4 <= bm1684::kLaneBytes, "operand runs out of its lane");
  }

  void fail(std::string message) {
    if (status) status = bug("tile: {}", message);
  }

  Op op;
  Status status;

 private:
  std::string_view what_;
};

}  // namespace bmnet::tile
