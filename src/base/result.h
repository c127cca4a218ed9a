// Errors as values: every operation that can fail in service returns Result<T>.
//
// An Error says what went wrong (code), tells a person what to do (message), and names the place in the input
// when there is one (JSON Pointer, line). Context is added on the way up: outermost first.
// Exceptions do not cross a room; library exceptions are caught where the library is called.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace firebreak {

enum class Code {
  kInvalid,       // the input is wrong; the same input will always be wrong
  kNotFound,      // the named thing does not exist
  kConflict,      // the state forbids it now (wrong phase, stale version, already done)
  kUnauthorized,  // who are you
  kForbidden,     // you may not
  kTooLarge,      // a limit of base/limits.h is exceeded
  kBusy,          // a queue is full: retry later
  kCorrupt,       // stored bytes are not what was written
  kIo,            // the operating system refused
  kUnavailable,   // the other side does not answer
  kTimeout,       // the other side did not answer in time
  kInternal,      // a bug of ours
};

std::string_view code_name(Code code);

struct Error {
  Code code = Code::kInternal;
  std::string message;
  std::string pointer;     // JSON Pointer into the input, empty when there is none
  std::uint64_t line = 0;  // 1-based line of an NDJSON batch, 0 when there is none

  Error with(std::string_view context) && {
    message = std::string(context) + ": " + message;
    return std::move(*this);
  }
  Error at(std::string_view json_pointer) && {
    pointer = std::string(json_pointer) + pointer;
    return std::move(*this);
  }
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Code code, std::string message, std::string pointer = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(pointer), 0});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// Aborts with file and line: for what cannot happen. Always on.
[[noreturn]] void assertion_failed(const char* what, const char* file, int line);

}  // namespace firebreak

#define FIREBREAK_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::firebreak::assertion_failed(#condition, __FILE__, __LINE__))

// Returns the error of `expression` (a Result) from the enclosing function; otherwise goes on.
#define FIREBREAK_TRY(expression)                                                 \
  do {                                                                            \
    if (auto firebreak_try_result = (expression); !firebreak_try_result)          \
      return ::firebreak::fail(std::move(firebreak_try_result.error()));          \
  } while (false)

#define FIREBREAK_CONCAT_(a, b) a##b
#define FIREBREAK_CONCAT(a, b) FIREBREAK_CONCAT_(a, b)
// FIREBREAK_ASSIGN(auto x, expression): binds the value or returns the error.
#define FIREBREAK_ASSIGN(declaration, expression)                                                     \
  auto FIREBREAK_CONCAT(firebreak_result_, __LINE__) = (expression);                                  \
  if (!FIREBREAK_CONCAT(firebreak_result_, __LINE__))                                                 \
    return ::firebreak::fail(std::move(FIREBREAK_CONCAT(firebreak_result_, __LINE__).error()));       \
  declaration = std::move(*FIREBREAK_CONCAT(firebreak_result_, __LINE__))
