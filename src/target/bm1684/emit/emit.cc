#include "target/bm1684/emit/emit.h"

#include <algorithm>
#include <cstring>

#include "target/bm1684/exec/instruction.h"

namespace bmnet::bm1684 {
namespace {

// The bounding box of an access; DDR is left out (only the GDMA touches it, in order).
struct Touch {
  Access::Space space;
  bool write;
  uint64_t lanes;
  uint64_t begin, end;
};

bool conflict(const Touch& a, const Touch& b) {
  if (a.space != b.space || !(a.write || b.write)) return false;
  if (a.begin >= b.end || b.begin >= a.end) return false;
  return a.space != Access::Space::kLocal || (a.lanes & b.lanes) != 0;
}

std::vector<Touch> touches(const std::vector<Access>& accesses) {
  std::vector<Touch> result;
  for (const Access& access : accesses) {
    if (access.space == Access::Space::kDdr) continue;
    uint64_t begin = access.begin, end = access.begin + access.run_bytes;
    for (const Access::Axis& axis : access.axes) {
      if (axis.count <= 1) continue;
      const int64_t reach = static_cast<int64_t>(axis.count - 1) * axis.stride;
      if (reach > 0) end += static_cast<uint64_t>(reach);
      if (reach < 0) begin -= static_cast<uint64_t>(-reach);
    }
    result.push_back({access.space, access.write, access.lanes, begin, end});
  }
  return result;
}

// One engine inside the group under construction.
struct Track {
  std::vector<std::vector<Touch>> issued;  // by id - 1
  std::vector<uint64_t> done;              // completion time, by id - 1
  uint64_t free = 0;                       // when the engine is idle again
  uint32_t waited = 0;                     // id of the other engine that earlier commands have waited for
};

// Greatest id of `other` that conflicts with `mine`, looking only behind `waited`.
uint32_t last_conflict(const Track& other, const std::vector<Touch>& mine, uint32_t waited) {
  for (uint32_t id = static_cast<uint32_t>(other.issued.size()); id > waited; --id)
    for (const Touch& theirs : other.issued[id - 1])
      for (const Touch& touch : mine)
        if (conflict(touch, theirs)) return id;
  return waited;
}

class Emitter {
 public:
  Emitter(std::span<const uint64_t> addresses, uint32_t max_id) : addresses_(addresses), max_id_(max_id) {}

  Status add(const tile::Op& op) {
    if (stream_.groups.empty() || tracks_[0].issued.size() >= max_id_ || tracks_[1].issued.size() >= max_id_)
      start_group();
    Command command = resolved(op, addresses_);
    BMNET_ASSIGN(const uint64_t cost, cycles(command, op.engine));
    BMNET_ASSIGN(const std::vector<Access> accessed, accesses(command, op.engine));

    const bool tiu = op.engine == Engine::kTiu;
    Track &own = tracks_[tiu ? 0 : 1], &other = tracks_[tiu ? 1 : 0];
    std::vector<Touch> mine = touches(accessed);
    own.waited = last_conflict(other, mine, own.waited);
    own.issued.push_back(std::move(mine));
    const uint64_t id = own.issued.size();
    set(command, tiu ? tiu::cmd_id_tpu : gdma::cmd_id, id);
    set(command, tiu ? tiu::cmd_id_gdma : gdma::eng0_sync_id, own.waited);

    const uint64_t start = std::max(own.free, own.waited == 0 ? 0 : other.done[own.waited - 1]);
    own.free = start + cost;
    own.done.push_back(own.free);
    stream_.timing.push_back({start, cost});
    Stream::Group& group = stream_.groups.back();
    (tiu ? group.tiu : group.gdma).push_back(command);
    (tiu ? group.tiu_layers : group.gdma_layers).push_back(op.layer);
    return {};
  }

  Stream finish() {
    stream_.cycles = std::max(tracks_[0].free, tracks_[1].free);
    return std::move(stream_);
  }

 private:
  // Both engines are drained, ids start again.
  void start_group() {
    const uint64_t now = std::max(tracks_[0].free, tracks_[1].free);
    tracks_ = {};
    for (Track& track : tracks_) track.free = now;
    stream_.groups.emplace_back();
  }

  std::span<const uint64_t> addresses_;
  uint32_t max_id_;
  std::array<Track, 2> tracks_;
  Stream stream_;
};

bmodel::Blob blob_of(const std::vector<Command>& commands) {
  std::vector<uint8_t> bytes(commands.size() * kCommandBytes);
  if (!bytes.empty()) std::memcpy(bytes.data(), commands.data(), bytes.size());
  return bmodel::Blob::of(std::move(bytes));
}

}  // namespace

Command resolved(const tile::Op& op, std::span<const uint64_t> addresses) {
  Command command = op.command;
  if (op.source >= 0) {
    const uint64_t address = addresses[op.source] + static_cast<uint64_t>(op.source_offset);
    set(command, gdma::src_start_addr_l32, address);
    set(command, gdma::src_start_addr_h8, address >> 32);
  }
  if (op.destination >= 0) {
    const uint64_t address = addresses[op.destination] + static_cast<uint64_t>(op.destination_offset);
    set(command, gdma::dst_start_addr_l32, address);
    set(command, gdma::dst_start_addr_h8, address >> 32);
  }
  return command;
}

Result<Stream> emit(const tile::Program& program, std::span<const tile::Op> ops, std::span<const uint64_t> addresses,
                    uint32_t max_id) {
  Emitter emitter(addresses, max_id);
  for (const tile::Op& op : ops) {
    const Status added = emitter.add(op);
    if (!added) return with_context(fmt::format("emit '{}'", tile::to_string(op, program)), added.error());
  }
  return emitter.finish();
}

bmodel::CmdGroup to_cmd_group(const Stream::Group& group) {
  return bmodel::CmdGroup::of(blob_of(group.tiu), blob_of(group.gdma));
}

}  // namespace bmnet::bm1684
