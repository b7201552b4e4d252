// The log of bmrt: lines "[BMRT][function:line] LEVEL:text" that users' scripts look for.
#pragma once

#include <fmt/format.h>

#include <string>

namespace bmnet::runtime {

enum class LogLevel : int { kDebug = -1, kInfo = 0, kWarning = 1, kWrong = 2, kFatal = 3 };

// Initially BMRT_LOG_VERSION, else kInfo.
LogLevel log_level();
void set_log_level(LogLevel level);

// Info and debug go to stdout, the rest to stderr.
void log_line(LogLevel level, const char* function, int line, const std::string& text);

}  // namespace bmnet::runtime

#define BMRT_LOG(level, ...)                                                                                       \
  do {                                                                                                             \
    if (::bmnet::runtime::LogLevel::level >= ::bmnet::runtime::log_level())                                        \
      ::bmnet::runtime::log_line(::bmnet::runtime::LogLevel::level, __func__, __LINE__, fmt::format(__VA_ARGS__)); \
  } while (false)
