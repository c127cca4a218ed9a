#include <fmt/core.h>

#include <filesystem>

#include "run/app/content.h"

namespace firebreak::app {

Result<std::string> read_secret(Files& files, const std::string& path) {
  FIREBREAK_ASSIGN(std::string text, read_all(files, path));
  std::error_code error;
  const auto rights = std::filesystem::status(path, error).permissions();
  using std::filesystem::perms;
  if (!error && (rights & (perms::group_all | perms::others_all)) != perms::none)
    return fail(Code::kInvalid, fmt::format("can be read by others: chmod 600 {}", path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return fail(Code::kInvalid, fmt::format("is empty: {}", path));
  return text;
}

}  // namespace firebreak::app
