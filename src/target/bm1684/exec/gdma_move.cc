#include "target/bm1684/exec/gdma_move.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace bmnet::bm1684::gdma_exec {
namespace {

// The innermost loop at one position of the outer ones.
struct Run {
  const uint8_t* source;
  uint8_t* destination;
  int64_t source_stride, destination_stride;
  const int64_t *source_table, *destination_table;  // instead of the strides, if not null
  size_t count;
};

template <typename T>
void copy_strided(const Run& run) {
  const uint8_t* source = run.source;
  uint8_t* destination = run.destination;
  const int64_t from = run.source_stride, to = run.destination_stride;
  if (from == 0) {  // a fill
    T value;
    std::memcpy(&value, source, sizeof(T));
    if (to == sizeof(T)) {
      std::fill_n(reinterpret_cast<T*>(destination), run.count, value);
      return;
    }
    for (size_t i = 0; i < run.count; ++i, destination += to) std::memcpy(destination, &value, sizeof(T));
    return;
  }
  for (size_t i = 0; i < run.count; ++i, source += from, destination += to) std::memcpy(destination, source, sizeof(T));
}

template <typename T>
void copy_by_table(const Run& run) {
  for (size_t i = 0; i < run.count; ++i) {
    const int64_t k = static_cast<int64_t>(i);
    std::memcpy(run.destination + (run.destination_table ? run.destination_table[i] : k * run.destination_stride),
                run.source + (run.source_table ? run.source_table[i] : k * run.source_stride), sizeof(T));
  }
}

template <typename T>
void copy_elements(const Run& run) {
  if (run.source_table || run.destination_table)
    copy_by_table<T>(run);
  else
    copy_strided<T>(run);
}

void copy_run(const Run& run, uint32_t element_bytes) {
  const bool by_table = run.source_table || run.destination_table;
  if (!by_table && run.source_stride == element_bytes && run.destination_stride == element_bytes) {
    std::memcpy(run.destination, run.source, run.count * element_bytes);
    return;
  }
  switch (element_bytes) {
    case 1:
      return copy_elements<uint8_t>(run);
    case 2:
      return copy_elements<uint16_t>(run);
    default:
      return copy_elements<uint32_t>(run);
  }
}

// Through contiguous buffers where a side is not contiguous itself. One element after the other unless `once`: what is
// accumulated into one place several times sees the sum so far.
void transform_run(const Run& run, const Transform& transform, bool once) {
  constexpr size_t kBlock = 1024;
  alignas(64) uint8_t source_buffer[4 * kBlock], destination_buffer[4 * kBlock];
  const int64_t source_bytes = transform.source_bytes, destination_bytes = transform.destination_bytes;
  const bool source_direct = !run.source_table && run.source_stride == source_bytes;
  const bool destination_direct = !run.destination_table && run.destination_stride == destination_bytes;
  const size_t block = source_direct && destination_direct ? run.count : once ? kBlock : 1;
  for (size_t i = 0; i < run.count; i += block) {
    Run part = run;
    part.count = std::min(block, run.count - i);
    if (run.source_table)
      part.source_table += i;
    else
      part.source += static_cast<int64_t>(i) * run.source_stride;
    if (run.destination_table)
      part.destination_table += i;
    else
      part.destination += static_cast<int64_t>(i) * run.destination_stride;
    if (!source_direct)
      copy_run({part.source, source_buffer, part.source_stride, source_bytes, part.source_table, nullptr, part.count},
               transform.source_bytes);
    if (!destination_direct)  // accumulation reads it
      copy_run({part.destination, destination_buffer, part.destination_stride, destination_bytes,
                part.destination_table, nullptr, part.count},
               transform.destination_bytes);
    transform.kernel(source_direct ? part.source : source_buffer,
                     destination_direct ? part.destination : destination_buffer, part.count);
    if (!destination_direct)
      copy_run({destination_buffer, part.destination, destination_bytes, part.destination_stride, nullptr,
                part.destination_table, part.count},
               transform.destination_bytes);
  }
}

// Drops loops of one pass and joins neighbours that step on without a gap; returns how many remain.
int join_axes(std::array<MoveAxis, 4>& axes) {
  int count = 0;
  for (MoveAxis& axis : axes) {
    if (axis.count == 1 && !axis.has_table()) continue;
    MoveAxis* const outer = count > 0 ? &axes[count - 1] : nullptr;
    if (outer && !outer->has_table() && !axis.has_table() && outer->source == axis.count * axis.source &&
        outer->destination == axis.count * axis.destination) {
      axis.count *= outer->count;
      *outer = axis;
    } else {
      MoveAxis moved = std::move(axis);
      axes[count++] = std::move(moved);
    }
  }
  if (count == 0) axes[count++] = MoveAxis{};
  return count;
}

// Short steps inside: neighbours of both sides are moved one after the other.
void sort_axes(std::array<MoveAxis, 4>& axes) {
  const auto reach = [](const MoveAxis& axis) {
    const auto step = [&](int64_t stride, const std::vector<int64_t>& table) {
      return table.size() > 1 ? std::abs(table[1]) : std::abs(stride);
    };
    return axis.count == 1 ? int64_t{0}
                           : step(axis.source, axis.source_table) + step(axis.destination, axis.destination_table);
  };
  std::sort(axes.begin(), axes.end(), [&](const MoveAxis& a, const MoveAxis& b) { return reach(a) > reach(b); });
}

// The innermost two loops as one: a transpose, in square tiles so that both sides are touched by whole cache lines.
struct Tile {
  MoveAxis along_source, along_destination;  // contiguous on that side
};

template <typename T>
void copy_transposed(const Tile& tile, const uint8_t* source, uint8_t* destination) {
  constexpr uint32_t kEdge = 64 / sizeof(T);
  const int64_t source_row = tile.along_destination.source, destination_row = tile.along_source.destination;
  for (uint32_t row = 0; row < tile.along_destination.count; row += kEdge) {
    const uint32_t rows = std::min(kEdge, tile.along_destination.count - row);
    for (uint32_t column = 0; column < tile.along_source.count; column += kEdge) {
      const uint32_t columns = std::min(kEdge, tile.along_source.count - column);
      const uint8_t* from = source + row * source_row + column * int64_t{sizeof(T)};
      uint8_t* to = destination + column * destination_row + row * int64_t{sizeof(T)};
      for (uint32_t i = 0; i < columns; ++i, from += sizeof(T), to += destination_row)
        for (uint32_t k = 0; k < rows; ++k) std::memcpy(to + k * sizeof(T), from + k * source_row, sizeof(T));
    }
  }
}

void copy_tile(const Tile& tile, const uint8_t* source, uint8_t* destination, uint32_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return copy_transposed<uint8_t>(tile, source, destination);
    case 2:
      return copy_transposed<uint16_t>(tile, source, destination);
    default:
      return copy_transposed<uint32_t>(tile, source, destination);
  }
}

// Takes the loops of a tile out of the first `count` axes, if there are such.
std::optional<Tile> take_tile(std::array<MoveAxis, 4>& axes, int& count, uint32_t element_bytes) {
  const auto find = [&](int64_t MoveAxis::* stride, int64_t MoveAxis::* other) {
    for (int d = 0; d < count; ++d)
      if (!axes[d].has_table() && axes[d].count >= 4 && axes[d].*stride == element_bytes &&
          axes[d].*other != element_bytes)
        return d;
    return -1;
  };
  const int along_source = find(&MoveAxis::source, &MoveAxis::destination);
  const int along_destination = find(&MoveAxis::destination, &MoveAxis::source);
  if (along_source < 0 || along_destination < 0) return std::nullopt;
  const Tile tile{axes[along_source], axes[along_destination]};
  int kept = 0;
  for (int d = 0; d < count; ++d) {
    if (d == along_source || d == along_destination) continue;
    MoveAxis axis = std::move(axes[d]);
    axes[kept++] = std::move(axis);
  }
  count = kept;
  return tile;
}

// Calls visit(source, destination) for every position of the first `count` loops.
template <typename Visit>
void for_each_position(const std::array<MoveAxis, 4>& axes, int count, const uint8_t* source, uint8_t* destination,
                       Visit&& visit) {
  uint32_t index[4] = {0, 0, 0, 0};
  while (true) {
    const uint8_t* from = source;
    uint8_t* to = destination;
    for (int d = 0; d < count; ++d) {
      const MoveAxis& axis = axes[d];
      from += axis.source_table.empty() ? index[d] * axis.source : axis.source_table[index[d]];
      to += axis.destination_table.empty() ? index[d] * axis.destination : axis.destination_table[index[d]];
    }
    visit(from, to);
    int d = count - 1;
    while (d >= 0 && ++index[d] == axes[d].count) index[d--] = 0;
    if (d < 0) return;
  }
}

}  // namespace

void run_move(std::array<MoveAxis, 4> axes, const uint8_t* source, uint8_t* destination, const Transform& transform,
              bool any_order) {
  if (any_order) sort_axes(axes);
  int count = join_axes(axes);
  if (any_order && !transform.kernel) {
    if (const std::optional<Tile> tile = take_tile(axes, count, transform.source_bytes)) {
      for_each_position(axes, count, source, destination,
                        [&](const uint8_t* from, uint8_t* to) { copy_tile(*tile, from, to, transform.source_bytes); });
      return;
    }
  }
  const MoveAxis& inner = axes[count - 1];
  Run run{source,
          destination,
          inner.source,
          inner.destination,
          inner.source_table.empty() ? nullptr : inner.source_table.data(),
          inner.destination_table.empty() ? nullptr : inner.destination_table.data(),
          inner.count};
  for_each_position(axes, count - 1, source, destination, [&](const uint8_t* from, uint8_t* to) {
    run.source = from;
    run.destination = to;
    if (transform.kernel)
      transform_run(run, transform, any_order);
    else
      copy_run(run, transform.destination_bytes);
  });
}

}  // namespace bmnet::bm1684::gdma_exec
