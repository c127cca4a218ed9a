// The program's own log: one JSON object a line, {"time","level","message", fields…}, to stderr or a given sink.
// For operators, not for the record: what must not be lost is an entry of the journal.
//
// Threads: any; lines never mix. Secrets: the caller passes none.
#pragma once

#include <functional>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/json.h"

namespace firebreak {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

std::string_view log_level_name(LogLevel level);  // "debug", "info", "warn", "error"
Result<LogLevel> parse_log_level(std::string_view name);

using LogFields = std::initializer_list<std::pair<std::string_view, Json>>;

class Logger {
 public:
  using Sink = std::function<void(std::string_view line)>;  // `line` ends with a newline

  // Lines below `least` are dropped. Without a sink they go to stderr. `clock` gives the lines' time and outlives this.
  explicit Logger(const Clock& clock, LogLevel least = LogLevel::kInfo, Sink sink = {});

  void debug(std::string_view message, LogFields fields = {}) { write(LogLevel::kDebug, message, fields); }
  void info(std::string_view message, LogFields fields = {}) { write(LogLevel::kInfo, message, fields); }
  void warn(std::string_view message, LogFields fields = {}) { write(LogLevel::kWarn, message, fields); }
  void error(std::string_view message, LogFields fields = {}) { write(LogLevel::kError, message, fields); }
  void error(std::string_view message, const Error& error);  // adds code, error, pointer

  void write(LogLevel level, std::string_view message, LogFields fields);

 private:
  const Clock& clock_;
  const LogLevel least_;
  const Sink sink_;
  std::mutex mutex_;
};

}  // namespace firebreak
