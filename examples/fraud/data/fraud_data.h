// Reads the story's files, for tests and benchmarks. Anything wrong with a file ends the program: it is our
// own.
#pragma once

#include <zstd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/json.h"
#include "types/feature_digest.h"
#include "types/observation.h"

namespace firebreak::fraud {

[[noreturn]] inline void give_up(const std::string& why) {
  std::cerr << "fraud data: " << why << "\n";
  std::abort();
}

inline std::string read_zst(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string packed((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (packed.empty() || size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
    give_up("cannot read " + path);
  std::string out(size, '\0');
  if (ZSTD_isError(ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size())) != 0)
    give_up("cannot unpack " + path);
  return out;
}

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) give_up("cannot read " + path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline std::vector<std::map<std::string, std::string>> parse_csv(const std::string& text) {
  std::vector<std::map<std::string, std::string>> rows;
  std::vector<std::string> header;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',')
        cells.emplace_back();
      else
        cells.back() += c;
    }
    if (header.empty()) {
      header = cells;
      continue;
    }
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < header.size(); ++i) row[header[i]] = cells.at(i);
    rows.push_back(std::move(row));
  }
  return rows;
}

inline FeatureSchema schema() {
  FeatureSchema out;
  out.numeric = {"limit_bal", "age"};
  for (const char* prefix : {"pay_", "bill_", "paid_"})
    for (int i = 1; i <= 6; ++i) out.numeric.push_back(prefix + std::to_string(i));
  out.categorical = {"sex", "education", "marriage"};
  return out;
}

struct LabelledRow {
  FeatureRow features;
  bool positive = false;
  std::string id;  // only where the file has one
};

inline std::vector<LabelledRow> read_rows(const std::string& path) {
  const FeatureSchema names = schema();
  std::vector<LabelledRow> out;
  for (const auto& row : parse_csv(read_zst(path))) {
    LabelledRow labelled;
    for (const auto& name : names.numeric) labelled.features.numeric.push_back(std::stod(row.at(name)));
    for (const auto& name : names.categorical) labelled.features.categories.push_back(row.at(name));
    if (const auto label = row.find("label"); label != row.end()) labelled.positive = label->second == "1";
    if (const auto id = row.find("id"); id != row.end()) labelled.id = id->second;
    out.push_back(std::move(labelled));
  }
  return out;
}

inline std::vector<FeatureRow> features_of(const std::vector<LabelledRow>& rows) {
  std::vector<FeatureRow> out;
  for (const auto& row : rows) out.push_back(row.features);
  return out;
}

// One line of the stream: an inference or, when `is_label`, a label.
struct StreamLine {
  bool is_label = false;
  Observation observation;
  LabelObservation label;
};

template <class Value>
Value must(Result<Value> value) {
  if (!value) give_up(value.error().message);
  return std::move(*value);
}

inline std::vector<StreamLine> read_stream(const std::string& path) {
  const FeatureSchema names = schema();
  std::vector<StreamLine> out;
  std::istringstream lines(read_zst(path));
  std::uint64_t index = 0;
  for (std::string text; std::getline(lines, text); ++index) {
    const Json json = must(parse_json(text));
    StreamLine line;
    const Time time = must(get_time(json, "time"));
    if (string_or(json, "type") == "label") {
      line.is_label = true;
      line.label = {index, time, must(get_string(json, "id")), std::to_string(must(get_int(json, "label")))};
      out.push_back(std::move(line));
      continue;
    }
    Observation& seen = line.observation;
    seen.index = index;
    seen.time = time;
    seen.id = must(get_string(json, "id"));
    seen.caller = must(get_string(json, "caller"));
    seen.release = string_or(*find(json, "model"), "version");
    const Json& features = *find(json, "features");
    for (const auto& name : names.numeric) seen.features.numeric.push_back(must(get_number(features, name)));
    for (const auto& name : names.categorical)
      seen.features.categories.push_back(must(get_string(features, name)));
    seen.feature_digest = feature_digest(names, seen.features);
    seen.label = must(get_string(json, "prediction"));
    seen.score = must(get_number(json, "score"));
    out.push_back(std::move(line));
  }
  return out;
}

}  // namespace firebreak::fraud
