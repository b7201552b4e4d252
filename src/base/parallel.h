// Splitting work over the machine's cores.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>

namespace bmnet {

// How many threads parallel_for uses: BMNET_THREADS (1..256) if set, else the cores this process may use.
int thread_count();

namespace internal {
using RangeFunction = void (*)(void* context, size_t begin, size_t end);
void parallel_ranges(size_t count, size_t grain, RangeFunction function, void* context);
}  // namespace internal

// Calls fn(begin, end) for disjoint ranges that cover [0, count), each of `grain` items but for the last, on the
// calling thread and a persistent pool; returns when all are done. Which thread takes which range is not fixed, so `fn`
// must write only what belongs to its range. `fn` must not throw. Calls from inside `fn`, and calls of at most one
// grain, run on the calling thread. Thread state (floating point mode, thread locals) is not carried over: set it
// inside `fn`.
template <typename Fn>
void parallel_for(size_t count, size_t grain, Fn&& fn) {
  using Function = std::remove_reference_t<Fn>;
  const auto call = [](void* context, size_t begin, size_t end) { (*static_cast<Function*>(context))(begin, end); };
  internal::parallel_ranges(count, grain, call, const_cast<void*>(static_cast<const void*>(std::addressof(fn))));
}

}  // namespace bmnet
