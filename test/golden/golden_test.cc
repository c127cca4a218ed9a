// Runs each case folder of test/golden: inputs through the journal's machine, entries compared octet by octet.
#include <gtest/gtest.h>

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "folds.h"
#include "log/journal/machine.h"

namespace firebreak::golden {
namespace {

namespace fs = std::filesystem;

bool update_expected = false;

struct Input {
  Time time;
  Draft draft;
  Json keep;  // name -> "entry_kind:prefix" (its id) or "entry_kind/pointer" (of its body): what later lines call ${name}
};

using Names = std::map<std::string, std::string>;

struct Case {
  std::vector<std::unique_ptr<journal::Fold>> folds;
  std::vector<Input> inputs;
};

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Result<void> add_folds(Case& out, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    FIREBREAK_ASSIGN(auto fold, make_named_fold(name));
    out.folds.push_back(std::move(fold));
  }
  return {};
}

Result<Input> read_input(const Json& line, Time before) {
  FIREBREAK_TRY(only_keys(line, {"time", "kind", "actor", "cause", "body", "source", "keep"}));
  Input input{before, {}, {}};
  if (find(line, "time") != nullptr) {
    FIREBREAK_ASSIGN(input.time, get_time(line, "time"));
  }
  FIREBREAK_ASSIGN(input.draft.kind, get_string(line, "kind"));
  input.draft.actor = string_or(line, "actor", "firebreak");
  input.draft.cause = string_or(line, "cause");
  if (const Json* body = find(line, "body")) input.draft.body = *body;
  if (const Json* keep = find(line, "keep")) input.keep = *keep;
  if (const Json* source = find(line, "source"))
    input.draft.source = {string_or(*source, "producer"), static_cast<std::uint64_t>(int_or(*source, "epoch")),
                          static_cast<std::uint64_t>(int_or(*source, "position")),
                          static_cast<std::uint64_t>(int_or(*source, "ordinal"))};
  return input;
}

Result<Case> read_case(const fs::path& folder) {
  Case out;
  Time time;
  std::uint64_t number = 0;
  for (const std::string& text : lines_of(folder / "events.ndjson")) {
    ++number;
    if (text.empty() || text[0] == '#') continue;
    auto line = parse_json(text);
    if (!line) return fail(std::move(line.error()).with("line " + std::to_string(number)));
    if (find(*line, "folds") != nullptr) {
      FIREBREAK_ASSIGN(const auto names, get_strings(*line, "folds"));
      FIREBREAK_TRY(add_folds(out, names));
      continue;
    }
    auto input = read_input(*line, time);
    if (!input) return fail(std::move(input.error()).with("line " + std::to_string(number)));
    time = input->time;
    out.inputs.push_back(std::move(*input));
  }
  if (out.folds.empty()) FIREBREAK_TRY(add_folds(out, {folder.parent_path().filename().string()}));
  return out;
}

// ${name} in any text of the body.
Result<Json> with_names(const Json& body, const Names& names) {
  std::string text = canonical_json(body);
  for (std::size_t at = 0; (at = text.find("${", at)) != std::string::npos;) {
    const std::size_t end = text.find('}', at);
    const auto known = end == std::string::npos ? names.end() : names.find(text.substr(at + 2, end - at - 2));
    if (known == names.end()) return fail(Code::kNotFound, fmt::format("nothing is called {}", text.substr(at, 40)));
    text.replace(at, end + 1 - at, known->second);
  }
  return parse_json(text);
}

// Errors: no such entry in the group, or not so in its body.
Result<void> keep_names(const Json& keep, const std::vector<Entry>& entries, Names& names) {
  if (!keep.is_object()) return {};
  for (const auto& [name, what] : keep.get_object()) {
    const std::string text(what.as_string());
    const std::size_t cut = text.find_first_of(":/");
    const std::string kind = text.substr(0, cut);
    const auto at = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.kind == kind; });
    if (cut == std::string::npos || at == entries.end()) return fail(Code::kNotFound, fmt::format("no entry '{}' for {}", kind, std::string(name)));
    const Json* const in = text[cut] == ':' ? nullptr : find_pointer(at->body, text.substr(cut));
    if (text[cut] == '/' && in == nullptr) return fail(Code::kNotFound, fmt::format("'{}' has no {}", kind, text.substr(cut)));
    names[std::string(name)] = in == nullptr ? at->id(text.substr(cut + 1)) : in->is_string() ? std::string(in->as_string()) : canonical_json(*in);
  }
  return {};
}

struct Outcome {
  std::vector<std::string> lines;
  std::vector<Entry> entries;
};

Outcome run(journal::Machine& machine, const Case& input) {
  Outcome outcome;
  Names names;
  for (const Input& each : input.inputs) {
    bool spoilt = false;
    Draft draft = each.draft;
    const auto body = with_names(draft.body, names);
    EXPECT_TRUE(body) << body.error().message;
    if (!body) return outcome;
    draft.body = *body;
    auto group = machine.decide_group(draft, each.time, 1'000, spoilt);
    if (!group) {
      outcome.lines.push_back(canonical_json(JsonObject{
          {"refused", JsonObject{{"code", code_name(group.error().code)}, {"message", group.error().message}}}}));
      EXPECT_FALSE(spoilt) << group.error().message;
      if (spoilt) return outcome;
      continue;
    }
    const auto kept = keep_names(each.keep, group->entries, names);
    EXPECT_TRUE(kept) << kept.error().message << " at " << format_time(each.time) << " " << canonical_json(*body);
    for (Entry& entry : group->entries) {
      outcome.lines.push_back(canonical_json(entry_to_json(entry)));
      outcome.entries.push_back(std::move(entry));
    }
  }
  return outcome;
}

void expect_replay_and_snapshot_agree(const journal::Machine& machine, const std::vector<Entry>& entries) {
  journal::Machine replayed = machine.fresh();
  for (const Entry& entry : entries) replayed.apply(entry);
  EXPECT_EQ(canonical_json(replayed.snapshot()), canonical_json(machine.snapshot())) << "after a replay";
  journal::Machine restored = machine.fresh();
  const auto done = restored.restore(*parse_json(canonical_json(machine.snapshot()), 64), machine.size());
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(canonical_json(restored.snapshot()), canonical_json(machine.snapshot())) << "after a snapshot";
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, gives_the_expected_entries) {
  const fs::path folder = GetParam();
  EXPECT_TRUE(fs::exists(folder / "note.md")) << folder << ": say in note.md what the case shows";
  auto input = read_case(folder);
  ASSERT_TRUE(input) << folder << "/events.ndjson: " << input.error().message << " " << input.error().pointer;
  journal::Machine machine(std::move(input->folds));
  const Outcome outcome = run(machine, *input);
  expect_replay_and_snapshot_agree(machine, outcome.entries);
  if (update_expected) {
    std::ofstream out(folder / "expected.ndjson", std::ios::trunc);
    for (const std::string& line : outcome.lines) out << line << "\n";
    return;
  }
  const std::vector<std::string> expected = lines_of(folder / "expected.ndjson");
  for (std::size_t i = 0; i < std::max(expected.size(), outcome.lines.size()); ++i)
    EXPECT_EQ(i < outcome.lines.size() ? outcome.lines[i] : "(nothing)",
              i < expected.size() ? expected[i] : "(nothing)")
        << folder << "/expected.ndjson line " << i + 1;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  const fs::path root = fs::path(FIREBREAK_SOURCE_DIR) / "test" / "golden";
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.path().filename() == "events.ndjson") found.push_back(entry.path().parent_path());
  std::sort(found.begin(), found.end());
  return found;
}

std::string name_of(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.parent_path().filename().string() + "_" + info.param.filename().string();
  std::replace_if(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Folds, Golden, testing::ValuesIn(cases()), name_of);

}  // namespace
}  // namespace firebreak::golden

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--update") firebreak::golden::update_expected = true;
  return RUN_ALL_TESTS();
}
