// How an operation says that it failed: a value, never an exception, across module borders.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace bmnet {

// Who has to act. There are exactly these kinds.
enum class ErrorKind {
  kUser,         // the file, the command line or the data is wrong
  kUnsupported,  // legal, but we cannot do it: the message names the constraint and the nearest supported form
  kSystem,       // the machine refused: no such file, disk full, out of memory
  kBug,          // ours
};

// `message` is one sentence for a user: file, node or offset, then the reason, then the cure where there is one.
struct Error {
  ErrorKind kind;
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

template <typename... Args>
tl::unexpected<Error> user_error(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{ErrorKind::kUser, fmt::format(format, std::forward<Args>(args)...)});
}
template <typename... Args>
tl::unexpected<Error> unsupported(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{ErrorKind::kUnsupported, fmt::format(format, std::forward<Args>(args)...)});
}
template <typename... Args>
tl::unexpected<Error> system_error(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{ErrorKind::kSystem, fmt::format(format, std::forward<Args>(args)...)});
}
template <typename... Args>
tl::unexpected<Error> bug(fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected(Error{ErrorKind::kBug, fmt::format(format, std::forward<Args>(args)...)});
}

// The same error, told from further out: "<context>: <message>".
inline tl::unexpected<Error> with_context(std::string_view context, Error error) {
  error.message = fmt::format("{}: {}", context, error.message);
  return tl::unexpected(std::move(error));
}

}  // namespace bmnet

#define BMNET_CONCAT_(a, b) a##b
#define BMNET_CONCAT(a, b) BMNET_CONCAT_(a, b)

// BMNET_TRY(expr): returns the error of `expr` from the enclosing function, if there is one.
#define BMNET_TRY(expr)                                                          \
  do {                                                                           \
    auto&& bmnet_status = (expr);                                                \
    if (!bmnet_status) return ::tl::unexpected(std::move(bmnet_status).error()); \
  } while (false)

// BMNET_ASSIGN(auto x, expr): x becomes the value of `expr`, or the enclosing function returns its error.
#define BMNET_ASSIGN(declaration, expr) BMNET_ASSIGN_(BMNET_CONCAT(bmnet_result_, __LINE__), declaration, expr)
#define BMNET_ASSIGN_(result, declaration, expr)                   \
  auto result = (expr);                                            \
  if (!result) return ::tl::unexpected(std::move(result).error()); \
  declaration = std::move(result).value()
