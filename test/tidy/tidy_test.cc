// Reads the sources and checks the rules that no compiler checks: who may include whom (cmake/edges.txt),
// heavy headers in .cc files only, folds without clock, files or hash order, no coroutines, no open ends,
// file sizes. Each failure names file and line.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct SourceFile {
  std::string path;  // from the repository's root, "src/log/ledger/stream.h"
  std::vector<std::string> lines;

  bool is_header() const { return path.ends_with(".h"); }
  bool is_test() const { return path.ends_with("_test.cc"); }
};

struct Include {
  const SourceFile* file;
  std::size_t line;
  std::string name;
  bool quoted;

  std::string where() const { return file->path + ":" + std::to_string(line); }
};

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<SourceFile> sources_under(const std::vector<std::string>& folders) {
  const fs::path root = FIREBREAK_SOURCE_DIR;
  std::vector<SourceFile> files;
  for (const std::string& folder : folders) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".h" && extension != ".cc") continue;
      files.push_back({fs::relative(entry.path(), root).string(), lines_of(entry.path())});
    }
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

const std::vector<SourceFile>& product_sources() {
  static const std::vector<SourceFile> files = sources_under({"src"});
  return files;
}

const std::vector<SourceFile>& all_sources() {
  static const std::vector<SourceFile> files = sources_under({"src", "examples", "bench", "test"});
  return files;
}

const std::vector<Include>& product_includes() {
  static const std::vector<Include> includes = [] {
    static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
    std::vector<Include> found;
    for (const SourceFile& file : product_sources()) {
      for (std::size_t i = 0; i < file.lines.size(); ++i) {
        std::smatch match;
        if (!std::regex_search(file.lines[i], match, pattern)) continue;
        found.push_back({&file, i + 1, match[2].str(), match[1].str() == "\""});
      }
    }
    return found;
  }();
  return includes;
}

// The rooms and what each may use, floors expanded.
using Edges = std::map<std::string, std::set<std::string>>;

Edges declared_edges() {
  std::map<std::string, std::vector<std::string>> written;
  for (const std::string& line : lines_of(fs::path(FIREBREAK_SOURCE_DIR) / "cmake/edges.txt")) {
    const std::size_t colon = line.find(':');
    if (line.starts_with('#') || colon == std::string::npos) continue;
    std::istringstream rest(line.substr(colon + 1));
    std::vector<std::string>& names = written[line.substr(0, colon)];
    for (std::string name; rest >> name;) names.push_back(name);
  }
  Edges edges;
  for (const auto& [room, names] : written) {
    std::set<std::string>& uses = edges[room];
    for (const std::string& name : names) {
      for (const auto& [other, unused] : written) {
        if (other == name || other.starts_with(name + "_")) uses.insert(other);
      }
    }
  }
  return edges;
}

// "log/ledger/stream.h" -> "log_ledger", "base/result.h" -> "base"; nothing when it is in no known room.
std::optional<std::string> room_of(std::string_view path, const Edges& edges) {
  const std::size_t first = path.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  std::string room(path.substr(0, first));
  if (edges.contains(room)) return room;
  const std::size_t second = path.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  room += "_" + std::string(path.substr(first + 1, second - first - 1));
  return edges.contains(room) ? std::optional(room) : std::nullopt;
}

bool starts_with_any(std::string_view text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return text.starts_with(prefix); });
}

// Folds, and the statistics they use; not their benches, which make values of their own.
bool is_pure(const SourceFile& file) {
  return (file.path.starts_with("src/fold/") || file.path.starts_with("src/stats/") || file.path.starts_with("src/profile/") || file.path.starts_with("src/cacao/") || file.path.starts_with("src/deadline/")) && !file.path.ends_with("_bench.cc");
}

void expect_no_line_matches(const std::vector<SourceFile>& files, const std::string& pattern,
                            const std::string& rule) {
  const std::regex expression(pattern);
  for (const SourceFile& file : files) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (std::regex_search(file.lines[i], expression))
        ADD_FAILURE() << file.path << ":" << i + 1 << ": " << rule;
    }
  }
}

TEST(Tidy, edges_lead_down_and_folds_stand_alone) {
  const Edges edges = declared_edges();
  ASSERT_TRUE(edges.contains("base"));
  std::map<std::string, int> rank = {{"base", 0}, {"types", 1}, {"stats", 1}, {"profile", 2}, {"cacao", 2}, {"deadline", 2}, {"log", 3},
                                     {"fold", 3}, {"world", 4}, {"read", 4},  {"run", 5}};
  for (const auto& [room, uses] : edges) {
    const std::string floor = room.substr(0, room.find('_'));
    ASSERT_TRUE(rank.contains(floor)) << room;
    for (const std::string& used : uses) {
      const std::string below = used.substr(0, used.find('_'));
      EXPECT_TRUE(rank[below] < rank[floor] || below == floor) << room << " uses " << used;
      EXPECT_NE(room, used);
      EXPECT_FALSE(edges.at(used).contains(room)) << room << " and " << used << " use each other";
      if (floor == "fold") {
        EXPECT_LT(rank[below], rank["fold"]) << room << " uses " << used;
      }
    }
  }
}

TEST(Tidy, rooms_include_only_what_their_edges_allow) {
  const Edges edges = declared_edges();
  for (const Include& include : product_includes()) {
    if (!include.quoted) continue;
    // A replay test may read a story's data through the story's own reader; the product may not.
    if (include.file->is_test() && fs::exists(fs::path(FIREBREAK_SOURCE_DIR) / "examples" / include.name))
      continue;
    const std::optional<std::string> from = room_of(include.file->path.substr(4), edges);
    const std::optional<std::string> to = room_of(include.name, edges);
    if (!from) {
      ADD_FAILURE() << include.file->path << ": stands in no room of cmake/edges.txt";
    } else if (!to) {
      ADD_FAILURE() << include.where() << ": \"" << include.name
                    << "\" names no room; include by the path from src/";
    } else if (*from != *to && !edges.at(*from).contains(*to)) {
      ADD_FAILURE() << include.where() << ": " << *from << " may not use " << *to << " (cmake/edges.txt)";
    }
  }
}

TEST(Tidy, heavy_headers_stay_in_cc_files) {
  const std::vector<std::string> heavy = {"boost/beast", "boost/asio", "simdjson",  "CLI/",
                                          "yaml-cpp/",   "curl/",      "sqlite3.h", "zstd"};
  for (const Include& include : product_includes()) {
    if (!include.file->is_header() || !starts_with_any(include.name, heavy)) continue;
    if (include.file->path.starts_with("src/world/net/"))
      continue;  // its internal headers share one session template
    ADD_FAILURE() << include.where() << ": <" << include.name
                  << "> costs seconds per file; keep it in a .cc file";
  }
}

TEST(Tidy, only_world_net_knows_the_network_libraries) {
  for (const Include& include : product_includes()) {
    if (!starts_with_any(include.name, {"boost/beast", "boost/asio", "curl/"})) continue;
    if (include.file->path.starts_with("src/world/net/")) continue;
    ADD_FAILURE() << include.where() << ": <" << include.name << "> belongs to world/net";
  }
}

TEST(Tidy, folds_have_no_clock_files_threads_or_hash_order) {
  const std::vector<std::string> impure = {"random", "fstream", "filesystem",    "thread",        "mutex",
                                           "ctime",  "sys/",    "unordered_map", "unordered_set", "unistd.h"};
  for (const Include& include : product_includes()) {
    if (!is_pure(*include.file) || include.file->is_test() || include.quoted) continue;
    if (starts_with_any(include.name, impure)) {
      ADD_FAILURE() << include.where() << ": <" << include.name
                    << "> makes a fold depend on more than its entries";
    }
  }
  std::vector<SourceFile> folds;
  for (const SourceFile& file : product_sources()) {
    if (is_pure(file) && !file.is_test()) folds.push_back(file);
  }
  expect_no_line_matches(folds, R"(_clock::now\b)", "a fold gets its time from the entry");
}

// The words are written in two halves so that this file passes its own rules.
TEST(Tidy, nobody_uses_coroutines) {
  expect_no_line_matches(all_sources(),
                         "\\bco"
                         "_(await|return|yield)\\b",
                         "g++ 12 miscompiles temporaries in coroutines");
}

TEST(Tidy, nothing_is_left_open) {
  expect_no_line_matches(all_sources(),
                         "\\b(TO"
                         "DO|FIX"
                         "ME|XX"
                         "X)\\b",
                         "open ends stand in the changelog's \"next\"");
}

TEST(Tidy, headers_are_included_once) {
  for (const SourceFile& file : all_sources()) {
    if (!file.is_header()) continue;
    const bool guarded = std::any_of(file.lines.begin(), file.lines.end(),
                                     [](const auto& line) { return line.starts_with("#pragma once"); });
    EXPECT_TRUE(guarded) << file.path << ": no #pragma once";
  }
}

TEST(Tidy, files_stay_readable) {
  constexpr std::size_t kHeaderGuide = 160;
  constexpr std::size_t kSourceGuide = 500;
  constexpr std::size_t kMost = 800;
  for (const SourceFile& file : all_sources()) {
    const std::size_t guide = file.is_header() ? kHeaderGuide : kSourceGuide;
    if (file.lines.size() > guide) {
      std::cout << "note: " << file.path << " has " << file.lines.size() << " lines, the guide is " << guide
                << "\n";
    }
    EXPECT_LE(file.lines.size(), kMost) << file.path << ": split it by subject";
  }
}

// docs/lifecycle.md: every check, and for each that is not open the tests that prove it, by the names they have.
TEST(Tidy, lifecycle_checks_name_tests_that_exist) {
  std::set<std::string> tests;
  const std::regex head(R"(^TEST(?:_F|_P)?\((\w+), *(\w+)\))");
  for (const SourceFile& file : all_sources())
    for (const std::string& line : file.lines)
      if (std::smatch found; std::regex_search(line, found, head)) tests.insert(found[1].str() + "." + found[2].str());
  const std::regex row(R"(^\| (\d+) \|[^|]+\|[^|]+\| (proven|partly|open) \|(.*)\|$)"), name(R"(`([A-Z]\w*\.\w+)`)");
  int checks = 0;
  for (const std::string& line : lines_of(fs::path(FIREBREAK_SOURCE_DIR) / "docs/lifecycle.md")) {
    std::smatch found;
    if (!std::regex_match(line, found, row)) continue;
    EXPECT_EQ(found[1].str(), std::to_string(++checks));
    const std::string proof = found[3].str();
    int named = 0;
    for (auto at = std::sregex_iterator(proof.begin(), proof.end(), name); at != std::sregex_iterator(); ++at, ++named)
      EXPECT_TRUE(tests.contains((*at)[1].str())) << "check " << checks << " names " << (*at)[1].str() << ", which is no test";
    EXPECT_TRUE(named > 0 || found[2].str() == "open") << "check " << checks << " is " << found[2].str() << " by no test";
  }
  EXPECT_EQ(checks, 52);
}

}  // namespace
