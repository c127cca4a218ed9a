#include "run/main/profile_file.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "profile/builder.h"
#include "profile/profile_json.h"
#include "read/table/rows.h"

namespace firebreak::cli {
namespace {

class Progress {
 public:
  explicit Progress(std::string what) : what_(std::move(what)) {}
  ~Progress() {
    if (said_) std::fputs("\r\033[K", stderr);
  }
  void operator()(double share) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now - last_ < std::chrono::seconds(1)) return;
    last_ = now;
    said_ = true;
    fmt::print(stderr, "\r\033[K{}: {:.0f} %", what_, 100 * share);
    std::fflush(stderr);
  }

 private:
  std::string what_;
  bool shown_ = isatty(STDERR_FILENO) == 1, said_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

profile::CellForm form_of(table::Form form) {
  switch (form) {
    case table::Form::kAbsent: return profile::CellForm::kAbsent;
    case table::Form::kPlain: return profile::CellForm::kPlain;
    case table::Form::kNumber: return profile::CellForm::kNumber;
    case table::Form::kFlag: return profile::CellForm::kFlag;
    case table::Form::kText: return profile::CellForm::kText;
    case table::Form::kList: return profile::CellForm::kList;
  }
  return profile::CellForm::kAbsent;
}

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<void> usable_names(const std::string& path, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (name.size() > profile::kFeatureNameBytes)
      return fail(Code::kTooLarge, fmt::format("{}: a column's name has more than {} octets", path, profile::kFeatureNameBytes));
  return distinct_names(path, names);
}

}  // namespace

Result<profile::DataProfile> build_profile(Files& files, const std::string& path, const ProfileBuild& build) {
  profile::TableOptions options;
  options.seed = build.rows.from;
  options.categorical = {build.categorical.begin(), build.categorical.end()};
  options.like = build.like;
  profile::TableBuilder builder(std::move(options));
  Progress progress(file_name(path));
  table::Reading reading{build.rows.from, build.rows.to, [&](double share) { progress(share); }};
  std::size_t known = 0;
  const auto read = table::each_row(files, path, reading, [&](const table::Row& row) -> Result<void> {
    if (row.names.size() != known) FIREBREAK_TRY(usable_names(path, row.names));
    known = row.names.size();
    for (std::size_t i = 0; i < row.cells.size(); ++i) builder.cell(i, row.names[i], form_of(row.cells[i].form), row.cells[i].text);
    builder.end_row();
    return {};
  });
  if (!read) return fail(Error(read.error()));
  if (builder.rows() == 0) return fail(Code::kInvalid, fmt::format("{} has no rows", path));
  const std::uint64_t rows = builder.rows();
  profile::DataProfile out = builder.finish();
  for (const std::string& column : build.categorical)
    if (out.find(column) == nullptr) return fail(Code::kInvalid, fmt::format("{} has no column '{}'", path, column));
  out.source = fmt::format("{} rows {}:{}", file_name(path), build.rows.from, build.rows.from + rows);
  return out;
}

Result<profile::DataProfile> load_profile(Files& files, const std::string& path, const ProfileBuild& build) {
  if (!path.ends_with(".json")) return build_profile(files, path, build);
  FIREBREAK_ASSIGN(const Bytes text, read_all(files, path));
  const auto document = parse_json(text);
  if (!document || !profile::is_profile(*document)) return build_profile(files, path, build);
  if (build.rows.from != 0 || build.rows.to != UINT64_MAX)
    return fail(Code::kInvalid, fmt::format("{} is a profile: rows are taken of a file of rows", path));
  auto profile = profile::profile_from_json(*document);
  if (!profile) return fail(std::move(profile.error()).with(path));
  return profile;
}

}  // namespace firebreak::cli
