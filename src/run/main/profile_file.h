// Profiles of files: built from rows of any format that read/table knows, or read back from a profile document.
#pragma once

#include <string>
#include <vector>

#include "base/files.h"
#include "profile/profile.h"
#include "run/main/table_file.h"

namespace firebreak::cli {

struct ProfileBuild {
  RowRange rows;
  std::vector<std::string> categorical;       // columns
  const profile::DataProfile* like = nullptr; // its bins and names
};

// Says on standard error how far it is, when that is a terminal and it takes longer than a second.
Result<profile::DataProfile> build_profile(Files& files, const std::string& path, const ProfileBuild& build);

// A profile document, or rows to be profiled (the range is refused for a document). kInvalid says what is wrong with either.
Result<profile::DataProfile> load_profile(Files& files, const std::string& path, const ProfileBuild& build);

// One screen: a line a feature; one feature whole.
std::string profile_text(const profile::DataProfile& profile);
std::string feature_text(const profile::FeatureProfile& feature);

}  // namespace firebreak::cli
