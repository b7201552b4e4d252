// Matrix moves: a matrix in system memory, its rows (or columns, when transposed) cut into sections that lie in
// consecutive channels of local memory; each row is a batch item there.
#include "target/bm1684/exec/gdma_tensor.h"

namespace bmnet::bm1684::gdma_exec {
namespace {

// The full sections of all rows, or the narrower last one: the same elements seen in both memories.
struct Part {
  Side local, system;
};

// Where channel `channel` of a local tensor with that row stride begins.
Result<Place> place_of_channel(Place place, uint32_t channel, uint64_t row_stride_bytes) {
  const uint32_t lane = place.lane() + channel;
  const uint64_t offset = place.offset_in_lane() + lane / kLanes * row_stride_bytes;
  if (offset >= kLaneBytes)
    return user_error("{} address {:#x}: section {} begins at byte {} of a lane of {} bytes", place.name, place.address,
                      channel, offset, kLaneBytes);
  place.offset = uint64_t{lane % kLanes} * kLaneBytes + offset;
  return place;
}

Status check_form(const Header& header) {
  if (header.direction != Direction::kSystemToLocal && header.direction != Direction::kLocalToSystem)
    return user_error("sys_mem_type 1 with direction {}: a matrix moves between system and local memory",
                      static_cast<int>(header.direction));
  if (header.special != Special::kMove && header.special != Special::kTransposeNc)
    return user_error("sys_mem_type 1 with special_func {}: a matrix is only moved or transposed",
                      static_cast<int>(header.special));
  return {};
}

Result<std::vector<Part>> decode(const Command& command, const Header& header) {
  BMNET_TRY(check_form(header));
  const bool load = header.direction == Direction::kSystemToLocal;
  const bool transposed = header.special == Special::kTransposeNc;
  BMNET_ASSIGN(const Place source, source_place(command, header));
  BMNET_ASSIGN(const Place destination, destination_place(command, header));
  const Place &local = load ? destination : source, &system = load ? source : destination;
  const Shape4 from = source_sizes(command), to = destination_sizes(command);
  const uint32_t rows = load ? from.h : to.h, columns = load ? from.w : to.w, section = load ? to.w : from.w;
  if (rows == 0 || columns == 0 || section == 0)
    return user_error("a matrix of {}x{} in sections of {} is empty", rows, columns, section);

  const uint32_t bytes = format_bytes(header.source_format);
  const uint32_t batches = transposed ? columns : rows, length = transposed ? rows : columns;
  const uint32_t sections = (length + section - 1) / section, last = length - (sections - 1) * section;
  const bool explicit_strides = get(command, gdma::stride_enable) != 0;
  const Strides registers = load ? destination_strides(command) : source_strides(command);
  const Strides strides =
      explicit_strides ? registers : computed_strides(local, {batches, sections, 1, section}, bytes);
  const uint32_t pitch = !explicit_strides ? columns
                         : load            ? source_strides(command).h
                                           : destination_strides(command).h;
  // Row i of the local side and position j in it are row and column of the matrix, or the other way round.
  const uint32_t batch_step = transposed ? 1 : pitch, position_step = transposed ? pitch : 1;

  std::vector<Part> parts;
  const auto add = [&](uint32_t first, uint32_t count, uint32_t width) -> Status {
    const Shape4 shape{batches, count, 1, width};
    const uint64_t start = uint64_t{first} * section * position_step * bytes;
    if (start >> 32) return user_error("{} address {:#x}: the matrix reaches past 4 GiB", system.name, system.address);
    Place part_of_system = system;
    part_of_system.offset += start;
    Part part;
    BMNET_ASSIGN(const Place place, place_of_channel(local, first, uint64_t{strides.c} * bytes));
    BMNET_ASSIGN(part.local, make_side(place, shape, {strides.n, strides.c, 0, strides.w}, bytes));
    BMNET_ASSIGN(part.system, make_side(part_of_system, shape, {batch_step, 0, 0, position_step}, bytes));
    part.system.c = int64_t{section} * part.system.w;
    if (part.system.end() - system.offset > uint64_t{1} << 32)
      return user_error("{} address {:#x}: the matrix reaches past 4 GiB", system.name, system.address);
    parts.push_back(std::move(part));
    return {};
  };
  const uint32_t full = last == section ? sections : sections - 1;
  if (full > 0) BMNET_TRY(add(0, full, section));
  if (full < sections) BMNET_TRY(add(full, 1, last));
  return parts;
}

}  // namespace

Status execute_matrix(const Command& command, const Header& header, Memory& memory) {
  BMNET_ASSIGN(const std::vector<Part> parts, decode(command, header));
  const bool load = header.direction == Direction::kSystemToLocal;
  for (const Part& part : parts) {
    BMNET_TRY(check_extent(part.system, memory));
    BMNET_TRY(check_work(load ? part.local : part.system, memory));
  }
  const Transform transform = transform_of(header);
  for (const Part& part : parts) {
    const Tensor local{&part.local, memory.local};
    const Tensor system{&part.system, bytes_of(memory, part.system.place.space)};
    move_tensor(load ? system : local, load ? local : system, false, header.lane_mask, transform);
  }
  return {};
}

Result<std::vector<Access>> accesses_matrix(const Command& command, const Header& header) {
  BMNET_ASSIGN(const std::vector<Part> parts, decode(command, header));
  const bool load = header.direction == Direction::kSystemToLocal;
  std::vector<Access> list;
  for (const Part& part : parts) append_accesses(load ? part.system : part.local, false, ~0ull, list);
  for (const bool write : {false, true}) {
    if (!write && !header.accumulate) continue;
    for (const Part& part : parts) append_accesses(load ? part.local : part.system, write, header.lane_mask, list);
  }
  return list;
}

}  // namespace bmnet::bm1684::gdma_exec
