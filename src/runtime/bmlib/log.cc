// The log of bmlib.
#include <atomic>
#include <cstdio>

#include "runtime/include/bmlib_runtime.h"

namespace {

using Callback = void (*)(const char*, int, const char*, va_list);
std::atomic<int> log_level = BMLIB_LOG_INFO;
std::atomic<Callback> log_callback = nullptr;

}  // namespace

int bmlib_log_get_level(void) { return log_level; }
void bmlib_log_set_level(int level) { log_level = level; }
void bmlib_log_set_callback(Callback callback) { log_callback = callback; }

void bmlib_log(const char* tag, int level, const char* format, ...) {
  if (!format || level > log_level) return;
  va_list arguments;
  va_start(arguments, format);
  if (const Callback callback = log_callback) {
    callback(tag, level, format, arguments);
  } else {
    std::fprintf(stderr, "[%s] ", tag ? tag : "");
    std::vfprintf(stderr, format, arguments);
  }
  va_end(arguments);
}
