// The data folder: whose it is, what it says, who may read it.
#include <fmt/core.h>
#include <sys/stat.h>

#include <filesystem>

#include "run/main/doctor.h"

namespace firebreak::cli {
namespace {

constexpr mode_t kOthers = 077;  // nobody but the owner may read a data folder

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Whatever others may read or change.
std::vector<std::string> too_open(const std::string& data) {
  std::vector<std::string> paths;
  struct stat info {};
  const auto look = [&](const std::string& path) {
    if (::stat(path.c_str(), &info) == 0 && (info.st_mode & kOthers) != 0) paths.push_back(path);
  };
  look(data);
  look(data + "/keys");
  std::error_code ignored;
  for (const char* folder : {"", "/keys"})
    for (const auto& entry : std::filesystem::directory_iterator(data + folder, ignored)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file(ignored) && (*folder != '\0' || name.ends_with(".token")))
        look(entry.path().string());
    }
  return paths;
}

}  // namespace

void examine_folder(const DoctorOptions& options, std::vector<Diagnosis>& out) {
  const std::string& data = options.data;
  PosixFiles files;
  if (!exists(data)) {
    out.push_back({Health::kRed, fmt::format("data folder: {} does not exist", data),
                   fmt::format("firebreak serve --data {}   (makes it)", data)});
    return;
  }
  const auto format = read_all(files, data + "/FORMAT");
  if (!format) {
    out.push_back({Health::kRed,
                   fmt::format("data folder: {} has no FORMAT file, so it is no data folder", data),
                   "name the right folder with --data"});
  } else if (*format != "firebreak-data 1\n") {
    out.push_back({Health::kRed,
                   fmt::format("data folder: {}/FORMAT says '{}', this program reads 'firebreak-data 1'",
                               data, format->substr(0, format->find('\n'))),
                   "install the version that wrote it, or a newer one"});
  } else {
    out.push_back({Health::kOk, fmt::format("data folder: {}, format 1", data), ""});
  }
  const auto open = too_open(data);
  if (open.empty()) {
    out.push_back({Health::kOk, "rights: only the owner reads keys, tokens and data", ""});
  } else {
    out.push_back({Health::kRed,
                   fmt::format("rights: others may read {}{}", open.front(),
                               open.size() > 1 ? fmt::format(" and {} more", open.size() - 1) : ""),
                   fmt::format("chmod -R go= {}", data)});
  }
}

}  // namespace firebreak::cli
