#include "base/log.h"

#include <fmt/core.h>

#include <cstdio>

namespace firebreak {
namespace {

constexpr std::string_view kLevels[] = {"debug", "info", "warn", "error"};

void to_stderr(std::string_view line) {
  // One call a line: stdio locks the stream around it, so lines of several loggers do not mix either.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

std::string_view log_level_name(LogLevel level) { return kLevels[static_cast<int>(level)]; }

Result<LogLevel> parse_log_level(std::string_view name) {
  for (int i = 0; i < 4; ++i)
    if (kLevels[i] == name) return static_cast<LogLevel>(i);
  return fail(Code::kInvalid, fmt::format("log level '{}' is none of debug, info, warn, error", name));
}

Logger::Logger(const Clock& clock, LogLevel least, Sink sink)
    : clock_(clock), least_(least), sink_(sink ? std::move(sink) : Sink(to_stderr)) {}

void Logger::error(std::string_view message, const Error& error) {
  write(LogLevel::kError, message,
        {{"code", Json(code_name(error.code))}, {"error", Json(error.message)}, {"pointer", Json(error.pointer)}});
}

void Logger::write(LogLevel level, std::string_view message, LogFields fields) {
  if (level < least_) return;
  // Written by hand and not as a sorted document: a person reads time, level and message first.
  std::string line = "{\"time\":\"" + format_time(clock_.now()) + "\",\"level\":\"";
  line += log_level_name(level);
  line += "\",\"message\":";
  append_json_string(line, message);
  for (const auto& [key, value] : fields) {
    line += ',';
    append_json_string(line, key);
    line += ':';
    line += canonical_json(value);
  }
  line += "}\n";
  std::lock_guard lock(mutex_);
  sink_(line);
}

}  // namespace firebreak
