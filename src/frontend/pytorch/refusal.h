// How the parts of this front end give up: one exception, caught at the module's border (import.cc) and by the public
// functions of the readers, which return Result.
#pragma once

#include <utility>

#include "base/status.h"

namespace bmnet::frontend::pytorch {

struct Refusal {
  Error error;
  bool located = false;  // the message already names the line
};

// The file is damaged or asks for something senseless.
template <typename... Args>
[[noreturn]] void reject(fmt::format_string<Args...> format, Args&&... args) {
  throw Refusal{{ErrorKind::kUser, fmt::format(format, std::forward<Args>(args)...)}};
}
// The model is good, but beyond what can be compiled.
template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Refusal{{ErrorKind::kUnsupported, fmt::format(format, std::forward<Args>(args)...)}};
}

// The value of a Result, or its error as a Refusal.
template <typename T>
T take(Result<T> result) {
  if (!result) throw Refusal{std::move(result).error()};
  return std::move(result).value();
}

}  // namespace bmnet::frontend::pytorch
