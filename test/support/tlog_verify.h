// examples/verify/tlog_verify.py, the verifier that shares no code with ours, asked about many variants of one exported log.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/files.h"
#include "base/json.h"
#include "support/process.h"

namespace firebreak::testing {

// Files relative to the export, with what they hold instead; none: removed.
using Changes = std::map<std::string, std::optional<Bytes>>;

// What it says of each variant, a line each: "0 …" all is well, "1 wrong: …". `scratch` takes question and answers.
inline std::vector<std::string> ask_tlog_verify(const Folder& scratch, const std::string& dir, const std::vector<Changes>& variants,
                                                const JsonArray& arguments) {
  const std::string list = scratch / "variants", answers = scratch / "answers", errors = scratch / "errors";
  std::ofstream out(list);
  for (const Changes& variant : variants) {
    JsonObject changes;
    for (const auto& [file, content] : variant) changes[file] = content ? Json(to_base64(*content)) : Json(nullptr);
    out << canonical_json(JsonObject{{"changes", std::move(changes)}, {"arguments", arguments}}) << "\n";
  }
  out.close();
  const int code = std::system(("python3 " FIREBREAK_SOURCE_DIR "/test/property/tlog_verify_each.py '" + dir + "' '" + list + "' > '" +
                                answers + "' 2> '" + errors + "'").c_str());
  PosixFiles files;
  EXPECT_EQ(code, 0) << read_all(files, errors).value_or(Bytes());
  std::vector<std::string> lines;
  std::ifstream in(answers);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace firebreak::testing
