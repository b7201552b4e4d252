#include "runtime/log.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace bmnet::runtime {
namespace {

std::atomic<int>& level() {
  static std::atomic<int> value = [] {
    const char* text = std::getenv("BMRT_LOG_VERSION");
    return text ? std::atoi(text) : static_cast<int>(LogLevel::kInfo);
  }();
  return value;
}

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "DEBUG";
    case LogLevel::kInfo:
      return "INFO";
    case LogLevel::kWarning:
      return "WARNING";
    case LogLevel::kWrong:
      return "WRONG";
    default:
      return "FATAL";
  }
}

}  // namespace

LogLevel log_level() { return static_cast<LogLevel>(level().load()); }
void set_log_level(LogLevel wanted) { level() = static_cast<int>(wanted); }

void log_line(LogLevel level, const char* function, int line, const std::string& text) {
  std::FILE* to = level <= LogLevel::kInfo ? stdout : stderr;
  std::fputs(fmt::format("[BMRT][{}:{}] {}:{}\n", function, line, name_of(level), text).c_str(), to);
  std::fflush(to);
}

}  // namespace bmnet::runtime
