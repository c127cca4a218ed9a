// What a test counted, for docs/ASSURANCE.md: build/assurance/<file>.json holds {"short": {section: counts}, "long": {…}}.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "base/files.h"
#include "base/json.h"

namespace firebreak::testing {

// The short form runs with every change, the long one in `make test-long`.
enum class Form { kShort, kLong };

inline std::uint64_t setting(const char* name, std::uint64_t fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : std::strtoull(value, nullptr, 10);
}

// Replaces the section; the others stay. A test that failed publishes nothing: its counts would say what was not so.
inline void publish(const std::string& file, Form form, const std::string& section, JsonObject counts) {
  if (::testing::Test::HasFailure()) return;
  PosixFiles files;
  const Path folder = FIREBREAK_SOURCE_DIR "/build/assurance", path = folder + "/" + file + ".json";
  ASSERT_TRUE(files.make_dir(folder));
  // Tests of one file run side by side, each in a process of its own.
  const int lock = ::open((folder + "/LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  ASSERT_GE(lock, 0);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  const Result<Bytes> before = read_all(files, path);
  Json document = before ? parse_json(*before).value_or(JsonObject{}) : Json(JsonObject{});
  Json& of_form = document.as_object()[form == Form::kLong ? "long" : "short"];
  if (!of_form.is_object()) of_form = JsonObject{};
  of_form.as_object()[section] = std::move(counts);
  EXPECT_TRUE(write_atomic(files, path, pretty_json(document), OpenMode::kWritePublic));
  ::close(lock);
}

}  // namespace firebreak::testing
