#include "base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace bmnet {
namespace {

int read_thread_count() {
  if (const char* text = std::getenv("BMNET_THREADS")) {
    const int count = std::atoi(text);
    if (count >= 1) return std::min(count, 256);
  }
  cpu_set_t cpus;
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) return std::clamp(CPU_COUNT(&cpus), 1, 256);
  return 1;
}

// One call of parallel_for. Lives on the caller's stack until `users` is zero.
struct Job {
  internal::RangeFunction function;
  void* context;
  size_t count, grain;
  std::atomic<size_t> next{0};
  int users = 0;  // pool threads inside the job; guarded by the pool's mutex

  bool open() const { return next.load(std::memory_order_relaxed) < count; }

  void work() {
    while (true) {
      const size_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= count) return;
      function(context, begin, std::min(begin + grain, count));
    }
  }
};

thread_local bool inside_job = false;

class Pool {
 public:
  explicit Pool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { serve(); });
  }

  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    work_ready_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void run(Job& job) {
    {
      const std::lock_guard lock(mutex_);
      jobs_.push_back(&job);
    }
    const size_t ranges = (job.count + job.grain - 1) / job.grain;
    if (ranges > threads_.size())
      work_ready_.notify_all();
    else
      for (size_t i = 1; i < ranges; ++i) work_ready_.notify_one();
    inside_job = true;
    job.work();
    inside_job = false;
    std::unique_lock lock(mutex_);
    std::erase(jobs_, &job);
    job_left_.wait(lock, [&] { return job.users == 0; });
  }

 private:
  void serve() {
    inside_job = true;
    std::unique_lock lock(mutex_);
    while (true) {
      Job* job = nullptr;
      work_ready_.wait(lock, [&] { return stop_ || (job = find_open()); });
      if (stop_) return;
      ++job->users;
      lock.unlock();
      job->work();
      lock.lock();
      if (--job->users == 0) job_left_.notify_all();
    }
  }

  Job* find_open() {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(), [](const Job* job) { return job->open(); });
    return it == jobs_.end() ? nullptr : *it;
  }

  std::mutex mutex_;
  std::condition_variable work_ready_, job_left_;
  std::vector<Job*> jobs_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

Pool& pool() {
  static Pool pool(thread_count() - 1);
  return pool;
}

}  // namespace

int thread_count() {
  static const int count = read_thread_count();
  return count;
}

void internal::parallel_ranges(size_t count, size_t grain, RangeFunction function, void* context) {
  grain = std::max<size_t>(grain, 1);
  if (count == 0) return;
  if (inside_job || thread_count() == 1 || count <= grain) {
    for (size_t begin = 0; begin < count; begin += grain) function(context, begin, std::min(begin + grain, count));
    return;
  }
  Job job{function, context, count, grain};
  pool().run(job);
}

}  // namespace bmnet
