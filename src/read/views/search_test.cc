// Words in timelines: found by what people typed, and forgotten with it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "base/digest.h"
#include "read/views/views.h"

namespace firebreak::views {
namespace {

class Search : public testing::Test {
 protected:
  Search() {
    add("incident_opened", {{"endpoint", "api"}, {"stream", "api"}, {"title", "Evasion"}, {"severity", "SEV-2"}, {"rule", "evasion"}, {"findings", JsonArray{}}});
    add("incident_opened", {{"endpoint", "other"}, {"stream", "other"}, {"title", "Drift"}, {"severity", "SEV-3"}, {"rule", "drift"}, {"findings", JsonArray{}}});
  }
  void add(std::string_view kind, JsonObject body) {
    Entry entry;
    entry.index = next_++;
    entry.kind = kind;
    entry.time = *parse_time("2026-03-07T03:00:00Z") + static_cast<std::int64_t>(entry.index) * kMinute;
    entry.actor = "user:ana";
    entry.body = std::move(body);
    ASSERT_TRUE(views_->apply(std::span<const Entry>(&entry, 1)));
  }
  // What stands in the journal for it.
  std::string typed(const std::string& text) {
    const std::string reference = text_reference(sha256(text));
    texts_[reference] = text;
    return reference;
  }
  void note(const std::string& incident, const std::string& text) { add("incident_note", {{"incident", incident}, {"text", typed(text)}, {"by", "user:ana"}}); }
  ShowText show() {
    return [this](const std::string& reference) { return texts_.contains(reference) ? texts_.at(reference) : std::string("[erased]"); };
  }
  void take(std::size_t most = 100) {
    while (*views_->take_words(most, show()) != 0) continue;
  }
  std::vector<std::int64_t> found(const std::vector<std::string>& words, const std::string& incident = "") {
    const Json page = views_->search(words, incident, {}).value();
    std::vector<std::int64_t> entries;
    for (const Json& item : page.at("items").as_array()) entries.push_back(int_or(item, "index"));
    return entries;
  }
  using Entries = std::vector<std::int64_t>;

  std::unique_ptr<Views> views_ = *Views::open(":memory:");
  std::map<std::string, std::string> texts_;
  std::uint64_t next_ = 0;
};

TEST_F(Search, finds_what_people_typed_by_words_and_beginnings_newest_first) {
  note("inc-0", "the caller key-7 came from Zürich");
  note("inc-1", "another caller, nothing odd");
  EXPECT_TRUE(found({"caller"}).empty());
  EXPECT_EQ(int_or(views_->search({"caller"}, "", {}).value(), "behind"), 4) << "rows wait until they are taken";
  take(1);
  EXPECT_EQ(found({"caller"}), (Entries{3, 2}));
  EXPECT_EQ(found({"caller", "zurich"}), Entries{2}) << "case and accents make no difference";
  EXPECT_EQ(found({"odd*"}), Entries{3});
  EXPECT_EQ(found({"call"}), Entries{}) << "a whole word, when no star stands behind it";
  EXPECT_EQ(found({"call*"}, "inc-1"), Entries{3});
  EXPECT_EQ(found({"key-7"}), Entries{2});
  EXPECT_EQ(found({"\"OR", "NOT("}), Entries{}) << "what is asked is words and no language";
  const Json first = views_->search({"caller"}, "", {.cursor = {}, .limit = 1}).value();
  EXPECT_EQ(string_or(first.at("items").as_array().at(0), "incident"), "inc-1");
  EXPECT_EQ(int_or(views_->search({"caller"}, "", {.cursor = string_or(first, "next"), .limit = 1}).value().at("items").as_array().at(0), "index"), 2);
}

TEST_F(Search, filters_the_timeline_of_an_incident_by_words) {
  note("inc-0", "one apple");
  note("inc-0", "two pears");
  note("inc-1", "an apple elsewhere");
  take();
  const Json page = views_->timeline("inc-0", {.types = "note", .from = {}, .to = {}, .cursor = {}, .by_occurrence = false, .limit = 10, .words = {"app"}}).value();
  ASSERT_EQ(page.at("items").as_array().size(), 1u);
  EXPECT_EQ(int_or(page.at("items").as_array().at(0), "index"), 2);
}

TEST_F(Search, forgets_what_was_erased_also_when_it_is_erased_while_it_is_taken) {
  note("inc-0", "the patient Mustermann");
  const std::string reference = typed("the patient Mustermann");
  take();
  EXPECT_EQ(found({"mustermann"}), Entries{2});
  const auto erase = [&] {
    texts_.erase(reference);
    add("text_erased", {{"text", reference}});
  };
  erase();
  take();
  EXPECT_EQ(found({"mustermann"}), Entries{});
  EXPECT_EQ(found({"erased"}), Entries{2});
  // Shown before the erasure, taken after it.
  note("inc-0", "the patient Mustermann");
  bool once = false;
  ASSERT_TRUE(views_->take_words(100, [&](const std::string& asked) {
    std::string text = show()(asked);
    if (!std::exchange(once, true)) erase();
    return text;
  }));
  EXPECT_EQ(found({"mustermann"}), Entries{});
  take();
  EXPECT_EQ(found({"mustermann"}), Entries{});
  EXPECT_EQ(found({"erased"}), (Entries{4, 2}));
}

TEST(SearchFile, has_no_word_of_what_was_erased_in_its_octets) {
  std::string name = (std::filesystem::temp_directory_path() / "firebreak-words-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  const std::string path = name + "/views.db", reference = text_reference(sha256("x"));
  const auto octets = [&] {
    std::string all;
    for (const char* end : {"", "-wal"}) {
      std::ifstream file(path + end, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(file), {});
    }
    return all;
  };
  {
    const auto views = *Views::open(path);
    std::vector<Entry> entries(3);
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i].index = i;
    entries[0].kind = "incident_opened";
    entries[0].body = JsonObject{{"endpoint", "api"}, {"stream", "api"}, {"title", "t"}, {"severity", "SEV-2"}, {"rule", "r"}, {"findings", JsonArray{}}};
    entries[1].kind = "incident_note";
    entries[1].body = JsonObject{{"incident", "inc-0"}, {"text", reference}, {"by", "user:ana"}};
    entries[2].kind = "text_erased";
    entries[2].body = JsonObject{{"text", reference}};
    ASSERT_TRUE(views->apply(std::span<const Entry>(entries).first(2)));
    ASSERT_TRUE(views->take_words(10, [](const std::string&) { return "Mustermannshausen"; }));
    EXPECT_EQ(views->search({"mustermannshausen"}, "", {}).value().at("items").as_array().size(), 1u);
    ASSERT_TRUE(views->apply(std::span<const Entry>(entries)));
    const auto taken = views->take_words(10, [](const std::string&) { return "[erased]"; });
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(octets().find("ustermannshausen"), std::string::npos) << "while the server runs";
  }
  EXPECT_EQ(octets().find("ustermannshausen"), std::string::npos);
  std::filesystem::remove_all(name);
}

}  // namespace
}  // namespace firebreak::views
