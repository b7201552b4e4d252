#include "device/race.h"

#include <algorithm>
#include <numeric>

#include "device/diagnosis.h"
#include "target/bm1684/isa/codec.h"

namespace bmnet {
namespace {

using bm1684::Access;
using bm1684::Engine;

std::string_view space_name(Access::Space space) {
  constexpr std::string_view kNames[] = {"local memory", "L2", "DTCM", "DDR"};
  return kNames[static_cast<size_t>(space)];
}

// Length of `box` without its first `depth` axes.
int64_t inner_extent(const Box& box, int depth) {
  int64_t extent = box.run;
  for (int i = depth; i < box.rank; ++i) extent += (box.axes[i].count - 1) * box.axes[i].stride;
  return extent;
}

class Search {
 public:
  // A box of which `depth` outer axes are fixed.
  struct Part {
    const Box* box;
    int depth;
    int64_t begin;
    int64_t extent;
  };

  bool meet(Part a, Part b) {
    if (a.begin >= b.begin + b.extent || b.begin >= a.begin + a.extent) return false;
    if (--steps_ == 0) return true;
    const bool a_is_run = a.depth == a.box->rank, b_is_run = b.depth == b.box->rank;
    if (a_is_run && b_is_run) return true;
    if (a_is_run || (!b_is_run && b.extent > a.extent)) std::swap(a, b);
    // Fix a's outermost axis at every place that can reach b.
    const Access::Axis& axis = a.box->axes[a.depth];
    Part part{a.box, a.depth + 1, 0, a.extent - (axis.count - 1) * axis.stride};
    const int64_t low = b.begin - a.begin - part.extent + 1, high = b.begin + b.extent - 1 - a.begin;
    const int64_t from = low <= 0 ? 0 : (low + axis.stride - 1) / axis.stride;
    const int64_t to = std::min<int64_t>(axis.count - 1, high / axis.stride);
    for (int64_t i = from; i <= to; ++i) {
      part.begin = a.begin + i * axis.stride;
      if (meet(part, b)) return true;
    }
    return false;
  }

 private:
  int64_t steps_ = 4 << 20;
};

// Whether both boxes stay in different places of one common period (as byte lanes of a word do).
bool apart_by_phase(const Box& a, const Box& b) {
  int64_t period = 0;
  for (const Box* box : {&a, &b})
    for (int i = 0; i < box->rank; ++i) period = std::gcd(period, box->axes[i].stride);
  if (period == 0 || a.run + b.run > period) return false;
  const int64_t distance = ((b.begin - a.begin) % period + period) % period;
  return distance >= a.run && distance + b.run <= period;
}

}  // namespace

Box normalize(const Access& access) {
  Box box{access.space, access.write, access.lanes, static_cast<int64_t>(access.begin), access.run_bytes, 0, 0, {}};
  for (Access::Axis axis : access.axes) {
    if (axis.count == 0) box.run = 0;
    if (axis.count <= 1 || axis.stride == 0) continue;
    if (axis.stride < 0) {
      box.begin += static_cast<int64_t>(axis.count - 1) * axis.stride;
      axis.stride = -axis.stride;
    }
    box.axes[box.rank++] = axis;
  }
  std::sort(box.axes.begin(), box.axes.begin() + box.rank,
            [](const Access::Axis& a, const Access::Axis& b) { return a.stride > b.stride; });
  while (box.rank > 0 && box.axes[box.rank - 1].stride <= box.run) {
    --box.rank;
    box.run += static_cast<int64_t>(box.axes[box.rank].count - 1) * box.axes[box.rank].stride;
  }
  box.extent = inner_extent(box, 0);
  return box;
}

bool overlap(const Box& a, const Box& b) {
  if (a.run == 0 || b.run == 0 || a.space != b.space) return false;
  if (a.space == Access::Space::kLocal && !(a.lanes & b.lanes)) return false;
  if (a.begin >= b.begin + b.extent || b.begin >= a.begin + a.extent) return false;
  if (apart_by_phase(a, b)) return false;
  return Search().meet({&a, 0, a.begin, a.extent}, {&b, 0, b.begin, b.extent});
}

void RaceDetector::add(const CommandPlace& place, const std::vector<Access>& accesses, uint64_t seen) {
  const size_t mine = static_cast<size_t>(place.engine), partner = 1 - mine;
  const std::vector<Entry>& others = recent_[partner];
  size_t& first = first_[partner];
  while (first < others.size() && others[first].index + 1 <= seen) ++first;
  if (first == others.size()) {
    recent_[partner].clear();
    first = 0;
  }
  for (const Access& access : accesses) {
    const Box box = normalize(access);
    for (size_t i = first; i < others.size(); ++i) check(place, box, others[i]);
    recent_[mine].push_back({place.index, box});
  }
}

void RaceDetector::check(const CommandPlace& place, const Box& box, const Entry& earlier) {
  if (!(box.write || earlier.box.write) || !overlap(box, earlier.box)) return;
  const Engine partner = place.engine == Engine::kTiu ? Engine::kGdma : Engine::kTiu;
  const CommandPlace before{number_, partner, earlier.index};
  if (report_.race_count && !report_.races.empty() && report_.races.back().later == place &&
      report_.races.back().earlier == before)
    return;  // one report a pair
  ++report_.race_count;
  if (report_.races.size() == LaunchReport::kMaxRaces) return;
  const int64_t from = std::max(box.begin, earlier.box.begin);
  const int64_t to = std::min(box.begin + box.extent, earlier.box.begin + earlier.box.extent);
  const auto line = [&](const CommandPlace& who, bool write) {
    return fmt::format("{} {}: {}", describe(who, options_), write ? "writes" : "reads",
                       bm1684::disassemble(group_.of(who.engine)[who.index], who.engine));
  };
  report_.races.push_back(
      {before, place,
       fmt::format(
           "race on {} bytes {:#x}..{:#x}{}: no id orders\n  {}\n  {}", space_name(box.space), from, to,
           box.space == Access::Space::kLocal ? fmt::format(" of lanes {:#x}", box.lanes & earlier.box.lanes) : "",
           line(before, earlier.box.write), line(place, box.write))});
}

}  // namespace bmnet
