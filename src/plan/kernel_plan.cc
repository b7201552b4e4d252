#include "plan/kernel_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <set>

#include "target/bm1684/exec/instruction.h"

namespace bmnet::plan {
namespace {

using bm1684::Axis;
using bm1684::Kernel;
using bm1684::Need;
using bm1684::Range;
using bm1684::Slice;
using tile::Local;

constexpr int64_t kMaxExtent = 65535;
constexpr int kMaxSearch = 1000;      // tilings tried for size before the search becomes greedy
constexpr size_t kMaxCandidates = 8;  // tilings costed before the refinement
constexpr int kMaxRefinements = 10;
constexpr int64_t kCostedSlices = 24;  // longer pipelines are extrapolated

using Axes = std::array<Axis, Kernel::kAxes>;

bool same_content(const Need& a, const Need& b) {
  if (a.role != b.role || a.shape != b.shape || a.layout != b.layout || a.transfer != b.transfer) return false;
  return a.role == Need::Role::kCoefficient ? a.coefficient.key == b.coefficient.key : a.view == b.view;
}

// All slices of a tiling, in order of execution.
class Slices {
 public:
  Slices(const Axes& axes, const Tiling& tiling) : axes_(axes), tiling_(tiling) {
    for (int i = 0; i < Kernel::kAxes; ++i) pieces_[i] = tile::ceil_div(axes[i].size, tiling.piece[i]);
  }

  int64_t count() const {
    int64_t product = 1;
    for (int64_t pieces : pieces_) product *= pieces;
    return product;
  }

  Slice at(int64_t index) const {
    static constexpr int kChannelsInner[] = {Kernel::kDepth, Kernel::kC, Kernel::kW, Kernel::kH, Kernel::kN};
    static constexpr int kChannelsOuter[] = {Kernel::kDepth, Kernel::kW, Kernel::kH, Kernel::kN, Kernel::kC};
    std::array<int64_t, Kernel::kAxes> at{};
    for (int axis : tiling_.channels_outer ? kChannelsOuter : kChannelsInner) {
      at[axis] = index % pieces_[axis];
      index /= pieces_[axis];
    }
    return slice(at);
  }

  // The slice of the k-th piece on every axis (the last piece where there are fewer).
  Slice diagonal(int64_t k) const {
    std::array<int64_t, Kernel::kAxes> at{};
    for (int i = 0; i < Kernel::kAxes; ++i) at[i] = std::min(k, pieces_[i] - 1);
    return slice(at);
  }

 private:
  Slice slice(const std::array<int64_t, Kernel::kAxes>& at) const {
    const auto range = [&](int axis) {
      const int64_t begin = at[axis] * tiling_.piece[axis];
      return Range{begin, std::min(tiling_.piece[axis], axes_[axis].size - begin)};
    };
    Slice slice;
    for (int i = 0; i < 4; ++i) slice.box[i] = range(i);
    slice.depth = range(Kernel::kDepth);
    slice.first_depth = at[Kernel::kDepth] == 0;
    slice.last_depth = at[Kernel::kDepth] == pieces_[Kernel::kDepth] - 1;
    return slice;
  }

  Axes axes_;
  Tiling tiling_;
  std::array<int64_t, Kernel::kAxes> pieces_{};
};

bool transferable(const Need& need) {
  if (need.shape[1] > 4095 && need.transfer == Need::Transfer::kTensor) return false;
  return std::ranges::all_of(need.shape, [](int64_t size) { return size >= 1 && size <= kMaxExtent; }) &&
         std::ranges::all_of(need.view.shape, [](int64_t size) { return size <= kMaxExtent; });
}

// Bytes per lane that the needs of a slice take, or nothing when one cannot be transferred.
std::optional<int64_t> local_bytes(const std::vector<Need>& needs, const std::vector<int>& copies) {
  int64_t sum = 0;
  for (size_t i = 0; i < needs.size(); ++i) {
    if (!transferable(needs[i])) return std::nullopt;
    sum += tile::bytes_per_lane(needs[i].shape, needs[i].layout) * copies[i];
  }
  return sum;
}

// Executes a tiling into a program, remembering what belongs to which slice.
class Pipeline {
 public:
  struct Phase {
    size_t begin = 0, end = 0;  // ops of the program
  };
  struct Stage {
    Phase load, compute, store;
  };

  Pipeline(const Kernel& kernel, const Tiling& tiling, const Buffers& buffers, tile::Program& program, int32_t layer)
      : kernel_(kernel),
        tiling_(tiling),
        slices_(kernel.axes(), tiling),
        buffers_(buffers),
        program_(program),
        build_(program, layer) {}

  const std::vector<Stage>& stages() const { return stages_; }

  // False when the pieces do not fit.
  bool place(int64_t count) {
    std::vector<int64_t> bytes;
    std::vector<bool> changes;
    std::vector<Need> previous;
    for (int64_t i = 0; i < count; ++i) {
      std::vector<Need> needs = kernel_.needs(slices_.at(i));
      bytes.resize(needs.size());
      changes.resize(needs.size());
      for (size_t k = 0; k < needs.size(); ++k) {
        if (!transferable(needs[k])) return false;
        bytes[k] = std::max(bytes[k], tile::bytes_per_lane(needs[k].shape, needs[k].layout));
        if (i > 0 && needs[k].role != Need::Role::kWork && !same_content(needs[k], previous[k])) changes[k] = true;
      }
      previous = std::move(needs);
    }
    int64_t next = 0;
    places_.resize(bytes.size());
    for (size_t k = 0; k < bytes.size(); ++k) {
      const int copies = tiling_.double_buffered && changes[k] ? 2 : 1;
      for (int c = 0; c < copies; ++c) {
        places_[k].copies.push_back({static_cast<uint32_t>(next), std::nullopt});
        next += bytes[k];
      }
    }
    return next <= bm1684::kLaneBytes;
  }

  Status run(int64_t count) {
    stages_.resize(count);
    std::vector<Local> current = prepare(0), following;
    for (int64_t i = 0; i < count; ++i) {
      const bool more = i + 1 < count;
      if (more && tiling_.double_buffered) following = prepare(i + 1);
      compute(i, current);
      if (more && !tiling_.double_buffered) following = prepare(i + 1);
      current = std::move(following);
    }
    return build_.status();
  }

 private:
  struct Place {
    struct Copy {
      uint32_t offset;
      std::optional<Need> holds;
    };
    std::vector<Copy> copies;
    size_t latest = 0;  // copy that the latest slice uses
  };

  // Chooses a copy for every need of a slice and loads what is not there.
  std::vector<Local> prepare(int64_t index) {
    Phase& phase = stages_[index].load;
    phase.begin = program_.ops.size();
    std::vector<Local> locals;
    const std::vector<Need> needs = kernel_.needs(slices_.at(index));
    for (size_t k = 0; k < needs.size(); ++k) {
      Place& place = places_[k];
      const Need& need = needs[k];
      const auto held = std::ranges::find_if(
          place.copies, [&](const Place::Copy& copy) { return copy.holds && same_content(*copy.holds, need); });
      const bool resident = held != place.copies.end();
      if (resident)
        place.latest = static_cast<size_t>(held - place.copies.begin());
      else if (index > 0)
        place.latest = (place.latest + 1) % place.copies.size();
      Place::Copy& copy = place.copies[place.latest];
      locals.push_back(tile::make_local(need.shape, need.layout, copy.offset));
      if (need.role == Need::Role::kWork) continue;
      copy.holds = need;
      if (!resident && need.role != Need::Role::kOutput) load(need, locals.back());
    }
    phase.end = program_.ops.size();
    return locals;
  }

  void load(const Need& need, const Local& local) {
    tile::Box box;
    if (need.role == Need::Role::kCoefficient) {
      box = {buffers_.coefficient(need.coefficient), 0, need.view.shape, need.view.strides};
    } else {
      box = buffers_.box(need.view);
    }
    if (need.transfer == Need::Transfer::kTensor)
      build_.load(local, box);
    else
      build_.load_matrix(local, box, need.transfer == Need::Transfer::kMatrixTransposed);
  }

  void compute(int64_t index, const std::vector<Local>& locals) {
    Stage& stage = stages_[index];
    const Slice slice = slices_.at(index);
    stage.compute.begin = program_.ops.size();
    kernel_.emit(slice, locals, build_);
    stage.compute.end = stage.store.begin = program_.ops.size();
    if (slice.last_depth) {
      const std::vector<Need> needs = kernel_.needs(slice);
      for (size_t k = 0; k < needs.size(); ++k) {
        if (needs[k].role != Need::Role::kOutput) continue;
        const tile::Box box = buffers_.box(needs[k].view);
        if (needs[k].transfer == Need::Transfer::kTensor)
          build_.store(box, locals[k]);
        else
          build_.store_matrix(box, locals[k]);
      }
    }
    stage.store.end = program_.ops.size();
  }

  const Kernel& kernel_;
  Tiling tiling_;
  Slices slices_;
  const Buffers& buffers_;
  tile::Program& program_;
  tile::Builder build_;
  std::vector<Place> places_;
  std::vector<Stage> stages_;
};

// Time at which every slice is stored when the two engines run the pipeline.
Result<std::vector<uint64_t>> completion_times(const tile::Program& program, const std::vector<Pipeline::Stage>& stages,
                                               bool double_buffered) {
  const auto cost = [&](const Pipeline::Phase& phase) -> Result<uint64_t> {
    uint64_t sum = 0;
    for (size_t i = phase.begin; i < phase.end; ++i) {
      BMNET_ASSIGN(const uint64_t cycles, bm1684::cycles(program.ops[i].command, program.ops[i].engine));
      sum += cycles;
    }
    return sum;
  };
  const size_t count = stages.size(), buffered = double_buffered ? 2 : 1;
  std::vector<uint64_t> loaded(count), computed(count), stored(count);
  uint64_t gdma = 0, tiu = 0;
  const auto load = [&](size_t i) -> Status {
    BMNET_ASSIGN(const uint64_t cycles, cost(stages[i].load));
    gdma = std::max(gdma, i >= buffered ? computed[i - buffered] : 0) + cycles;
    loaded[i] = gdma;
    return {};
  };
  if (count > 0) BMNET_TRY(load(0));
  for (size_t i = 0; i < count; ++i) {
    if (double_buffered && i + 1 < count) BMNET_TRY(load(i + 1));
    BMNET_ASSIGN(const uint64_t cycles, cost(stages[i].compute));
    tiu = std::max({tiu, loaded[i], i >= buffered ? stored[i - buffered] : 0}) + cycles;
    computed[i] = tiu;
    BMNET_ASSIGN(const uint64_t store_cycles, cost(stages[i].store));
    if (store_cycles > 0) gdma = std::max(gdma, tiu) + store_cycles;
    stored[i] = std::max(gdma, tiu);
    if (!double_buffered && i + 1 < count) BMNET_TRY(load(i + 1));
  }
  return stored;
}

// Searches the tilings of one kernel.
class Search {
 public:
  explicit Search(const Kernel& kernel) : kernel_(kernel), axes_(kernel.axes()) {
    for (int i = 0; i < Kernel::kAxes; ++i) sizes_[i] = piece_sizes(axes_[i]);
  }

  Result<KernelPlan> run() {
    for (const auto& sizes : sizes_)
      if (sizes.empty()) return refuse();
    std::optional<KernelPlan> best;
    for (bool double_buffered : {true, false}) {
      std::vector<Steps> candidates = fitting(double_buffered);
      if (candidates.empty()) candidates = greedily_fitting(double_buffered);
      for (const Steps& steps : candidates) BMNET_TRY(consider(steps, double_buffered, best));
      if (best) break;
    }
    if (!best) return refuse();
    for (int i = 0; i < kMaxRefinements; ++i) {
      const uint64_t before = best->cycles;
      const Steps from = best_steps_;
      for (int axis = 0; axis < Kernel::kAxes; ++axis) {
        if (from[axis] + 1 >= sizes_[axis].size()) continue;
        Steps finer = from;
        ++finer[axis];
        BMNET_TRY(consider(finer, true, best));
      }
      if (best->cycles == before) break;
    }
    return *best;
  }

 private:
  using Steps = std::array<size_t, Kernel::kAxes>;  // index into sizes_, by axis

  // Useful sizes of pieces, largest first; empty when the axis cannot be cut as it must.
  static std::vector<int64_t> piece_sizes(const Axis& axis) {
    if (axis.grain == 0) return axis.size <= axis.limit ? std::vector<int64_t>{axis.size} : std::vector<int64_t>{};
    std::vector<int64_t> sizes;
    for (int64_t pieces = 1; pieces <= axis.size; pieces = pieces < 8 ? pieces + 1 : pieces + pieces / 4) {
      int64_t size = std::min(axis.size, tile::round_up(tile::ceil_div(axis.size, pieces), axis.grain));
      if (size > axis.limit) {
        if (pieces < axis.size) continue;
        break;
      }
      if (sizes.empty() || size < sizes.back()) sizes.push_back(size);
    }
    const int64_t smallest = std::min(axis.grain, axis.size);
    if (smallest <= axis.limit && (sizes.empty() || sizes.back() > smallest)) sizes.push_back(smallest);
    return sizes;
  }

  Tiling tiling_of(const Steps& steps) const {
    Tiling tiling;
    for (int i = 0; i < Kernel::kAxes; ++i) tiling.piece[i] = sizes_[i][steps[i]];
    return tiling;
  }

  // Judged by a few slices, among them the largest ones of regular cuts.
  bool fits(const Steps& steps, bool double_buffered) const {
    const Slices slices(axes_, tiling_of(steps));
    const std::vector<Need> first = kernel_.needs(slices.diagonal(0)), second = kernel_.needs(slices.diagonal(1));
    std::vector<int> copies(first.size(), 1);
    for (size_t i = 0; i < first.size(); ++i)
      if (double_buffered && first[i].role != Need::Role::kWork && !same_content(first[i], second[i])) copies[i] = 2;
    for (int64_t k : {0, 1, 2}) {
      const auto bytes = local_bytes(kernel_.needs(slices.diagonal(k)), copies);
      if (!bytes || *bytes > bm1684::kLaneBytes) return false;
    }
    return true;
  }

  // The coarsest tilings that fit, fewest slices first.
  std::vector<Steps> fitting(bool double_buffered) const {
    std::vector<Steps> found;
    using Entry = std::pair<int64_t, Steps>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::set<Steps> seen;
    const auto push = [&](const Steps& steps) {
      if (seen.insert(steps).second) queue.emplace(Slices(axes_, tiling_of(steps)).count(), steps);
    };
    push({});
    int64_t fewest = 0;
    for (int i = 0; i < kMaxSearch && !queue.empty(); ++i) {
      const auto [count, steps] = queue.top();
      queue.pop();
      if (fewest != 0 && count > 4 * fewest) break;
      if (fits(steps, double_buffered)) {
        if (found.empty()) fewest = count;
        found.push_back(steps);
        if (found.size() == kMaxCandidates) break;
        continue;
      }
      for (int axis = 0; axis < Kernel::kAxes; ++axis) {
        if (steps[axis] + 1 >= sizes_[axis].size()) continue;
        Steps finer = steps;
        ++finer[axis];
        push(finer);
      }
    }
    return found;
  }

  // Cuts one axis after the other, in every order of the first two: finds fine cuts of large tensors, which the search
  // by number of slices does not reach.
  std::vector<Steps> greedily_fitting(bool double_buffered) const {
    std::vector<Steps> found;
    for (int first = 0; first < Kernel::kAxes; ++first)
      for (int second = 0; second < Kernel::kAxes; ++second) {
        if (first == second) continue;
        Steps steps{};
        for (int turn = 0; turn < 2 + Kernel::kAxes; ++turn) {
          const int axis = turn == 0 ? first : turn == 1 ? second : turn - 2;
          while (steps[axis] + 1 < sizes_[axis].size() && !fits(steps, double_buffered)) ++steps[axis];
        }
        if (fits(steps, double_buffered) && std::ranges::find(found, steps) == found.end()) found.push_back(steps);
      }
    return found;
  }

  Status consider(const Steps& steps, bool double_buffered, std::optional<KernelPlan>& best) {
    Tiling tiling = tiling_of(steps);
    tiling.double_buffered = double_buffered;
    const bool order_matters = tiling.piece[Kernel::kC] < axes_[Kernel::kC].size;
    for (bool channels_outer : {false, true}) {
      if (channels_outer && !order_matters) break;
      tiling.channels_outer = channels_outer;
      BMNET_ASSIGN(const std::optional<uint64_t> cycles, cost(tiling));
      if (!cycles || (best && *cycles >= best->cycles)) continue;
      best = KernelPlan{tiling, Slices(axes_, tiling).count(), *cycles};
      best_steps_ = steps;
    }
    return {};
  }

  // Nothing when the pieces turn out not to fit.
  Result<std::optional<uint64_t>> cost(const Tiling& tiling) const {
    const int64_t count = Slices(axes_, tiling).count(), costed = std::min(count, kCostedSlices);
    tile::Program program;
    const Buffers nowhere = {.box =
                                 [](const bm1684::View& view) {
                                   return tile::Box{0, std::max<int64_t>(view.offset, 0), view.shape, view.strides};
                                 },
                             .coefficient = [](const bm1684::Coefficient&) { return 0; }};
    Pipeline pipeline(kernel_, tiling, nowhere, program, 0);
    if (!pipeline.place(costed)) return std::nullopt;
    BMNET_TRY(pipeline.run(costed));
    BMNET_ASSIGN(const std::vector<uint64_t> times,
                 completion_times(program, pipeline.stages(), tiling.double_buffered));
    uint64_t total = times.back();
    if (count > costed)
      total += (times[costed - 1] - times[costed / 2 - 1]) * static_cast<uint64_t>(count - costed) /
               static_cast<uint64_t>(costed - costed / 2);
    return total;
  }

  tl::unexpected<Error> refuse() const {
    return unsupported("the smallest piece of its {} kernel does not fit the {} KiB of a lane", kernel_.name(),
                       bm1684::kLaneBytes / 1024);
  }

  const Kernel& kernel_;
  Axes axes_;
  std::array<std::vector<int64_t>, Kernel::kAxes> sizes_;
  Steps best_steps_{};
};

}  // namespace

Result<KernelPlan> plan_kernel(const Kernel& kernel) { return Search(kernel).run(); }

Status emit_kernel(const Kernel& kernel, const Tiling& tiling, const Buffers& buffers, tile::Program& program,
                   int32_t layer) {
  const int64_t count = Slices(kernel.axes(), tiling).count();
  Pipeline pipeline(kernel, tiling, buffers, program, layer);
  if (!pipeline.place(count)) return bug("tiling of {} does not fit local memory", kernel.name());
  return pipeline.run(count);
}

}  // namespace bmnet::plan
