#include "fold/remedy/remedy.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace firebreak::remedy {
namespace {

using Kinds = std::vector<std::string>;

// A journal of this fold alone, with what jobs would answer.
struct Story {
  RemedyState state;
  std::uint64_t next = 1;
  std::vector<Entry> entries;

  void add(const Draft& draft) {
    Entry entry;
    entry.index = next++;
    entry.kind = draft.kind;
    entry.actor = draft.actor;
    entry.body = parse_json(canonical_json(draft.body)).value();
    apply(state, entry);
    entries.push_back(entry);
    for (const Draft& more : decide(state, entry)) add(more);
  }
  Kinds input(const std::string& kind, JsonObject body) {
    const std::size_t before = entries.size();
    add(make_draft(kind, "", std::move(body)));
    Kinds kinds;
    for (std::size_t i = before + 1; i < entries.size(); ++i) kinds.push_back(entries[i].kind);
    return kinds;
  }
  Kinds command(const std::string& name, Json args) {
    return input("command_accepted", {{"name", name}, {"args", std::move(args)}, {"by", "user:ana"}});
  }
  const Json& newest(const std::string& kind) const {
    for (auto at = entries.rbegin(); at != entries.rend(); ++at)
      if (at->kind == kind) return at->body;
    static const Json kNone = JsonObject{};
    return kNone;
  }
  std::string incident() {
    input("finding_opened", {{"episode", "e1"}, {"stream", "api"}, {"endpoint", "api"}, {"kind", "query_chain"}, {"first", 100}, {"last", 200}, {"callers", JsonArray{"mallory"}}});
    const std::string finding = fmt::format("find-{}", next - 1);
    input("incident_opened", {{"endpoint", "api"}, {"stream", "api"}, {"findings", JsonArray{finding}}});
    return fmt::format("inc-{}", next - 1);
  }
  std::string building(const std::string& incident) const { return fmt::format("rem-{}", state.lists.at(incident).building->index); }
  Kinds build(const std::string& incident, const std::vector<Row>& rows, JsonObject args = {}) {
    args["incident"] = incident;
    if (command("remedy.build", std::move(args)) != Kinds{"remedy_requested"}) return {};
    const std::string id = building(incident);
    input("remedy_started", {{"incident", incident}, {"build", id}, {"release", "1.0.0"}, {"first", 0}, {"end", 1'000}});
    const std::size_t half = rows.size() / 2;
    const auto piece = [&](std::size_t from, std::size_t to, std::uint64_t at, std::uint64_t until) {
      const std::vector<Row> some(rows.begin() + static_cast<std::ptrdiff_t>(from), rows.begin() + static_cast<std::ptrdiff_t>(to));
      input("remedy_rows", {{"incident", incident}, {"build", id}, {"from", at}, {"to", until}, {"rows", pack(some)}, {"blob", "b"}});
    };
    const std::uint64_t middle = half == 0 ? 0 : rows[half - 1].record + 1;
    piece(0, half, 0, middle);
    piece(0, half, 0, middle);  // twice, as after a crash
    piece(half, rows.size(), middle, 1'000);
    return input("remedy_ended", {{"incident", incident}, {"build", id}, {"outcome", "built"}, {"blob", "blob of " + id}});
  }
  const List& list(const std::string& incident) const { return state.lists.at(incident); }
};

Row row(std::uint64_t record, Answer answer) {
  Row one;
  one.record = record;
  one.answer = answer;
  return one;
}
const std::vector<Row> kFour = {row(110, Answer::kChanged), row(120, Answer::kUnchanged), row(130, Answer::kErased), row(140, Answer::kUnanswered)};

TEST(Remedy, packs_rows_and_refuses_what_is_none) {
  EXPECT_EQ(*unpack(pack(kFour)), kFour);
  EXPECT_TRUE(unpack(pack({}))->empty());
  EXPECT_EQ(*unpack(pack({row(0, Answer::kChanged), row(1ULL << 40, Answer::kErased)})), (std::vector<Row>{row(0, Answer::kChanged), row(1ULL << 40, Answer::kErased)}));
  for (const char* text : {"gA==", "!", "BAA=", "////////////"}) EXPECT_FALSE(unpack(text)) << text;
}

TEST(Remedy, asks_for_the_records_that_the_findings_name) {
  Story story;
  const std::string incident = story.incident();
  EXPECT_EQ(story.command("remedy.build", JsonObject{{"incident", incident}}), Kinds{"remedy_requested"});
  const Json& asked = story.newest("remedy_requested");
  EXPECT_EQ(int_or(asked, "first"), 100);
  EXPECT_EQ(int_or(asked, "last"), 200);
  EXPECT_EQ(string_or(asked, "release"), "last-known-good");
  EXPECT_EQ(string_or(asked, "by"), "user:ana");
  EXPECT_EQ(story.command("remedy.build", JsonObject{{"incident", incident}}), Kinds{"command_refused"}) << "one build at a time";
}

TEST(Remedy, asks_no_release_that_nobody_has_registered) {
  Story story;
  const std::string incident = story.incident();
  EXPECT_EQ(story.command("remedy.build", {{"incident", incident}, {"release", "1.0.1"}}), Kinds{"command_refused"});
  EXPECT_EQ(string_or(story.newest("command_refused"), "pointer"), "/release");
  story.input("release_registered", {{"endpoint", "api"}, {"release", "1.0.0"}});
  story.input("release_registered", {{"endpoint", "other"}, {"release", "1.0.1"}});
  EXPECT_EQ(story.command("remedy.build", {{"incident", incident}, {"release", "1.0.1"}}), Kinds{"command_refused"});
  EXPECT_NE(string_or(story.newest("command_refused"), "reason").find("registered are: 1.0.0"), std::string::npos) << string_or(story.newest("command_refused"), "reason");
  const auto restored = state_from_json(*parse_json(canonical_json(to_json(story.state))));
  ASSERT_TRUE(restored.has_value());
  EXPECT_EQ(*restored, story.state);
  EXPECT_EQ(story.command("remedy.build", {{"incident", incident}, {"release", "1.0.0"}}), Kinds{"remedy_requested"});
}

TEST(Remedy, refuses_with_the_place_that_is_wrong) {
  Story story;
  const std::string incident = story.incident();
  const struct {
    const char* name;
    JsonObject args;
    const char* pointer;
  } cases[] = {
      {"remedy.build", {{"incident", "inc-999"}}, "/incident"},
      {"remedy.build", {{"scope", "all"}}, "/scope"},
      {"remedy.build", {{"scope", "release"}}, "/of"},
      {"remedy.build", {{"of", "2"}, {"release", "2"}}, "/release"},
      {"remedy.build", {{"from", "yesterday"}}, "/from"},
      {"remedy.build", {{"per_second", 0}}, "/per_second"},
      {"remedy.settle", {{"records", JsonArray{110}}, {"as", "reversed"}}, "/incident"},
      {"taint.build", {{"scope", "release"}}, "/scope"},
      {"taint.build", {{"callers", JsonArray{""}}}, "/callers/0"},
  };
  for (const auto& one : cases) {
    JsonObject args = one.args;
    if (find(args, "incident") == nullptr) args["incident"] = incident;
    EXPECT_EQ(story.command(one.name, args), Kinds{"command_refused"}) << one.pointer;
    EXPECT_EQ(string_or(story.newest("command_refused"), "pointer"), one.pointer);
  }
  story.build(incident, kFour);
  const struct {
    const char* name;
    JsonObject args;
    const char* pointer;
  } later[] = {
      {"remedy.settle", {{"records", JsonArray{110, 111}}, {"as", "reversed"}}, "/records/1"},
      {"remedy.settle", {{"records", JsonArray{"110"}}, {"as", "reversed"}}, "/records/0"},
      {"remedy.settle", {{"records", JsonArray{}}, {"as", "reversed"}}, "/records"},
      {"remedy.settle", {{"records", JsonArray{110}}, {"as", "forgotten"}}, "/as"},
      {"remedy.settle_all", {{"where", "odd"}, {"as", "confirmed"}}, "/where"},
      {"remedy.told", {{"records", JsonArray{110}}, {"reference", " "}}, "/reference"},
      {"remedy.told", {{"reference", "letter"}}, "/records"},
      {"remedy.told", {{"reference", "letter"}, {"where", "reversed"}}, "/where"},
  };
  for (const auto& one : later) {
    JsonObject args = one.args;
    args["incident"] = incident;
    EXPECT_EQ(story.command(one.name, args), Kinds{"command_refused"}) << one.pointer;
    EXPECT_EQ(string_or(story.newest("command_refused"), "pointer"), one.pointer);
  }
  EXPECT_EQ(counts_of(story.list(incident).rows).open, 4u) << "refused whole";
}

TEST(Remedy, is_done_when_no_row_is_open) {
  Story story;
  const std::string incident = story.incident();
  EXPECT_EQ(story.build(incident, kFour), Kinds{"remedy_counted"});
  EXPECT_EQ(story.command("remedy.settle", JsonObject{{"incident", incident}, {"records", JsonArray{110, 130}}, {"as", "reversed"}}),
            (Kinds{"remedy_settled", "remedy_counted"}));
  EXPECT_EQ(int_or(story.newest("remedy_counted"), "open"), 2);
  EXPECT_FALSE(story.list(incident).done);
  EXPECT_EQ(story.command("remedy.told", JsonObject{{"incident", incident}, {"where", "reversed"}, {"reference", "letter 7"}}), (Kinds{"remedy_told", "remedy_counted"}));
  EXPECT_EQ(int_or(story.newest("remedy_counted"), "told"), 2);
  for (const char* where : {"unchanged", "unanswered"})
    EXPECT_EQ(story.command("remedy.settle_all", JsonObject{{"incident", incident}, {"where", where}, {"as", "confirmed"}}), (Kinds{"remedy_settled", "remedy_counted"}));
  EXPECT_TRUE(story.list(incident).done);
  EXPECT_EQ(find_row(story.list(incident).rows, 110)->state, State::kReversed);
  EXPECT_EQ(find_row(story.list(incident).rows, 120)->state, State::kConfirmed);
}

TEST(Remedy, takes_over_what_was_settled_when_it_is_built_again) {
  Story story;
  const std::string incident = story.incident();
  story.build(incident, kFour);
  story.command("remedy.settle", JsonObject{{"incident", incident}, {"records", JsonArray{120}}, {"as", "confirmed"}});
  story.build(incident, {row(120, Answer::kChanged), row(150, Answer::kChanged)});
  const Counts counts = counts_of(story.list(incident).rows);
  EXPECT_EQ(counts.affected, 5u) << "what the second build did not look at stays";
  EXPECT_EQ(counts.again, 1u) << "confirmed as unchanged, and now it is changed";
  // Said so, what is open and outside goes; what was settled stays.
  story.command("remedy.settle", JsonObject{{"incident", incident}, {"records", JsonArray{110}}, {"as", "reversed"}});
  story.build(incident, {row(150, Answer::kUnchanged)}, {{"replace", "the range was wrong"}});
  std::vector<std::uint64_t> left;
  for (const Row& one : story.list(incident).rows) left.push_back(one.record);
  EXPECT_EQ(left, (std::vector<std::uint64_t>{110, 120, 150}));
}

TEST(Remedy, a_build_that_fails_changes_nothing) {
  Story story;
  const std::string incident = story.incident();
  story.build(incident, kFour);
  const List before = story.list(incident);
  story.command("remedy.build", JsonObject{{"incident", incident}});
  const std::string id = story.building(incident);
  story.input("remedy_started", {{"incident", incident}, {"build", id}, {"release", "1.0.0"}, {"first", 0}, {"end", 10}});
  story.input("remedy_rows", {{"incident", incident}, {"build", id}, {"from", 0}, {"to", 5}, {"rows", pack({row(3, Answer::kChanged)})}});
  EXPECT_EQ(state_from_json(*parse_json(canonical_json(to_json(story.state)), 64)).value(), story.state) << "half-built too";
  EXPECT_EQ(story.input("remedy_ended", {{"incident", incident}, {"build", id}, {"outcome", "failed"}, {"error", "down"}}), Kinds{});
  EXPECT_EQ(story.list(incident), before);
  story.input("remedy_ended", {{"incident", incident}, {"build", id}, {"outcome", "built"}, {"blob", "late"}});
  EXPECT_EQ(story.list(incident), before) << "nor does a late answer";
}

TEST(Remedy, keeps_the_newest_taint_list_of_an_incident) {
  Story story;
  const std::string incident = story.incident();
  const auto make = [&](const char* blob) {
    story.command("taint.build", JsonObject{{"incident", incident}, {"sources", JsonArray{"feed-7"}}});
    EXPECT_EQ(story.command("taint.build", JsonObject{{"incident", incident}}), Kinds{"command_refused"}) << "one at a time";
    std::uint64_t newest = 0;
    for (const auto& [index, taint] : story.state.taints) newest = index;
    JsonObject body{{"incident", incident}, {"list", fmt::format("tnt-{}", newest)}};
    if (blob != nullptr) body["blob"] = blob;
    story.input("taint_built", std::move(body));
  };
  make("one");
  make("two");
  make(nullptr);  // could not be made: the one before stands
  const auto in_force = taints_in_force(story.state);
  ASSERT_EQ(in_force.size(), 1u);
  EXPECT_EQ(in_force[0].second->blob, "two");
  EXPECT_EQ(story.state.taints.size(), 1u);
  EXPECT_EQ(state_from_json(to_json(story.state)).value(), story.state);
}

TEST(Remedy, goes_on_after_the_incident_is_closed) {
  Story story;
  const std::string incident = story.incident();
  story.build(incident, kFour);
  story.input("incident_closed", {{"incident", incident}});
  EXPECT_EQ(story.command("remedy.settle", JsonObject{{"incident", incident}, {"records", JsonArray{110}}, {"as", "reversed"}}), (Kinds{"remedy_settled", "remedy_counted"}));
  EXPECT_EQ(story.build(incident, kFour), Kinds{"remedy_counted"});
}

// Whatever happens in whatever order: what was settled or told is on the list as it was said last; an open row leaves by a
// replacing build alone; the state is the same when it is written and read, and when the journal is applied anew.
RC_GTEST_PROP(Remedy, no_row_is_lost_over_rebuilds_interleavings_and_replay, ()) {
  Story story;
  const std::string incident = story.incident();
  std::map<std::uint64_t, std::pair<std::string, bool>> model;  // record -> state, told
  std::vector<Row> found;                                       // by the build under way
  bool replacing = false;
  std::string id;
  std::uint64_t at = 0;
  const auto under_way = [&] { return story.state.lists.contains(incident) && story.list(incident).building.has_value(); };
  for (int step = 0; step < 60; ++step) {
    const auto some = *rc::gen::container<std::set<int>>(3, rc::gen::inRange(0, 40));
    JsonArray records;
    bool all_known = true;
    for (const int record : some) {
      records.push_back(record);
      all_known = all_known && model.contains(static_cast<std::uint64_t>(record));
    }
    switch (*rc::gen::inRange(0, 7)) {
      case 0:
        if (under_way()) break;
        replacing = *rc::gen::arbitrary<bool>();
        story.command("remedy.build", replacing ? JsonObject{{"incident", incident}, {"replace", "r"}} : JsonObject{{"incident", incident}});
        id = story.building(incident);
        story.input("remedy_started", {{"incident", incident}, {"build", id}, {"release", "1"}, {"first", 0}, {"end", 40}});
        found.clear();
        at = 0;
        break;
      case 1: case 2: {
        if (!under_way() || at == 40) break;
        const std::uint64_t to = *rc::gen::inRange<std::uint64_t>(at + 1, 41);
        std::vector<Row> piece;
        for (std::uint64_t record = at; record < to; ++record)
          if (*rc::gen::inRange(0, 3) == 0) piece.push_back(row(record, static_cast<Answer>(*rc::gen::inRange(0, 4))));
        const JsonObject body{{"incident", incident}, {"build", id}, {"from", at}, {"to", to}, {"rows", pack(piece)}, {"blob", "b"}};
        story.input("remedy_rows", body);
        if (*rc::gen::arbitrary<bool>()) story.input("remedy_rows", body);
        found.insert(found.end(), piece.begin(), piece.end());
        at = to;
        break;
      }
      case 3: {
        if (!under_way()) break;
        const bool built = *rc::gen::inRange(0, 3) != 0;
        story.input("remedy_ended", {{"incident", incident}, {"build", id}, {"outcome", built ? "built" : "failed"}, {"blob", "b"}});
        if (!built) break;
        if (replacing) std::erase_if(model, [](const auto& one) { return one.second.first == "open" && !one.second.second; });
        for (const Row& one : found) model.try_emplace(one.record, "open", false);
        break;
      }
      case 4: {
        const std::string as = *rc::gen::element<std::string>("reversed", "confirmed");
        story.command("remedy.settle", JsonObject{{"incident", incident}, {"records", records}, {"as", as}});
        if (all_known)
          for (const int record : some) model[static_cast<std::uint64_t>(record)].first = as;
        break;
      }
      case 5:
        story.command("remedy.told", JsonObject{{"incident", incident}, {"records", records}, {"reference", "letter"}});
        if (all_known)
          for (const int record : some) model[static_cast<std::uint64_t>(record)].second = true;
        break;
      default: {
        if (!story.state.lists.contains(incident)) break;
        for (const Row& one : story.list(incident).rows)
          if (one.state == State::kOpen && one.answer == Answer::kUnchanged) model[one.record].first = "confirmed";
        story.command("remedy.settle_all", JsonObject{{"incident", incident}, {"where", "unchanged"}, {"as", "confirmed"}});
      }
    }
    std::map<std::uint64_t, std::pair<std::string, bool>> now;
    if (story.state.lists.contains(incident))
      for (const Row& one : story.list(incident).rows) now[one.record] = {std::string(kStates[static_cast<std::size_t>(one.state)]), one.told != 0};
    RC_ASSERT(now == model);
    RC_ASSERT(state_from_json(*parse_json(canonical_json(to_json(story.state)), 64)).value() == story.state);
  }
  RemedyState again;
  for (const Entry& entry : story.entries) apply(again, entry);
  RC_ASSERT(again == story.state);
}

}  // namespace
}  // namespace firebreak::remedy
