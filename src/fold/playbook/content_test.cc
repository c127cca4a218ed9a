// The shipped playbooks: each conforms, runs, and is rehearsed until every one of its steps was under way in some run and every
// action of it failed once and took the way that it says. Generic: no playbook is named here.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "cacao/containment_options.h"
#include "cacao/lint.h"
#include "fold/playbook/rehearsal_for_tests.h"
#include "fold/playbook/story_for_tests.h"
#include "fold/playbook/verbs.h"
#include "types/volatility.h"

namespace firebreak::playbook {

Json shipped(const std::string& name) {
  std::ifstream in(FIREBREAK_SOURCE_DIR "/content/playbooks/" + name + ".json");
  std::stringstream text;
  text << in.rdbuf();
  auto document = parse_json(text.str());
  EXPECT_TRUE(document) << name;
  return document ? std::move(*document) : Json(JsonObject{});
}

namespace {

const std::string kFolder = FIREBREAK_SOURCE_DIR "/content/playbooks";

std::vector<std::string> files() {
  std::vector<std::string> out;
  for (const auto& file : std::filesystem::directory_iterator(kFolder))
    if (file.path().extension() == ".json") out.push_back(file.path().filename().string());
  std::sort(out.begin(), out.end());
  return out;
}

Json read_file(const std::string& name) { return shipped(name.substr(0, name.size() - 5)); }

// The document and all that it calls, however deep.
std::vector<Json> with_called(const Json& document) {
  std::map<std::string, Json> shipped;
  for (const std::string& name : files()) {
    Json one = read_file(name);
    std::string id = string_or(one, "id");
    shipped.emplace(std::move(id), std::move(one));
  }
  std::vector<Json> out{document};
  std::set<std::string> taken{string_or(document, "id")};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const cacao::Playbook playbook = cacao::read_playbook(out[i]);
    for (const auto& [id, step] : playbook.steps)
      if (!step.playbook_id.empty() && taken.insert(step.playbook_id).second) out.push_back(shipped.at(step.playbook_id));
  }
  return out;
}

TEST(Shipped, playbooks_conform_without_a_warning_and_can_run) {
  ASSERT_GE(files().size(), 11U);
  for (const std::string& name : files()) {
    const Json document = read_file(name);
    for (const auto& one : cacao::lint(document, cacao::Profile::kStrictCs01)) ADD_FAILURE() << name << ": " << cacao::to_text(one);
    for (const auto& one : not_runnable(document)) ADD_FAILURE() << name << ": " << cacao::to_text(one);
  }
}

TEST(Shipped, no_uuid_stands_for_two_things) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : files()) {
    const Json document = read_file(name);
    std::vector<std::string> ids{string_or(document, "id")};
    for (const auto& member : document.at("workflow").as_object()) ids.emplace_back(member.key());
    for (const std::string& id : ids) {
      const auto [at, is_new] = seen.emplace(cacao::split_identifier(id)->second, name + " " + id);
      EXPECT_TRUE(is_new) << name << " " << id << " and " << at->second;
    }
  }
}

// One incident starts one playbook: two that act on one endpoint at once would undo each other.
TEST(Shipped, no_trigger_starts_two) {
  std::map<std::string, std::string> seen;
  for (const std::string& name : files()) {
    const cacao::Playbook playbook = cacao::read_playbook(read_file(name));
    for (const std::string& label : playbook.labels) {
      if (!label.starts_with("trigger:")) continue;
      const auto [at, is_new] = seen.emplace(label, name);
      EXPECT_TRUE(is_new) << label << ": " << name << " and " << at->second;
    }
  }
  EXPECT_TRUE(seen.contains("trigger:rule=evasion"));
}

TEST(Shipped, those_that_contain_offer_at_least_three_measures_judged_by_six_criteria) {
  int with = 0;
  for (const std::string& name : files()) {
    const cacao::Playbook playbook = cacao::read_playbook(read_file(name));
    std::size_t most = 0;
    for (const auto& [id, step] : playbook.steps) {
      const auto options = cacao::containment_options(playbook, step);
      most = std::max(most, options.size());
      for (const cacao::ContainmentOption& one : options)
        for (const std::string* const word : {&one.name, &one.does, &one.potential_damage, &one.evidence_preservation, &one.service_availability, &one.time_and_resources, &one.effectiveness, &one.duration})
          EXPECT_NE(*word, "") << name << ": " << one.name;
    }
    const bool contains = std::any_of(playbook.steps.begin(), playbook.steps.end(), [](const auto& item) {
      return std::any_of(item.second.commands.begin(), item.second.commands.end(), [](const cacao::Command& command) { return command.activity == "restrict-access"; });
    });
    EXPECT_TRUE(!contains || most >= 3) << name << " has " << most;
    with += contains ? 1 : 0;
  }
  EXPECT_GE(with, 8);
}

// A manual step without a time waits a day in silence; what is late must be told in time.
TEST(Shipped, every_question_to_people_says_by_when) {
  for (const std::string& name : files()) {
    const cacao::Playbook playbook = cacao::read_playbook(read_file(name));
    for (const auto& [id, step] : playbook.steps) {
      const bool asks = std::any_of(step.commands.begin(), step.commands.end(), [](const cacao::Command& one) { return one.type == "manual"; });
      EXPECT_TRUE(!asks || step.timeout_ms.has_value()) << name << ": " << step.name;
    }
  }
}

TEST(Shipped, no_step_fails_without_somebody_being_told) {
  for (const std::string& name : files()) {
    const cacao::Playbook playbook = cacao::read_playbook(read_file(name));
    EXPECT_NE(playbook.step(playbook.exception), nullptr) << name;
  }
}

// ---- rehearsals

class Coverage {
 public:
  explicit Coverage(const std::string& file) : file_(file), document_(read_file(file)), id_(string_or(document_, "id")), plan_(make_plan(document_)), candidates_(candidates_of(document_)), stage_(with_called(document_)) {}

  void run() {
    walk_answers();
    fail_each();
    walk_pairs();
    fail_for_ever();
    for (const auto& [id, step] : plan_->read.steps)
      if (!recipes_.contains(id)) ADD_FAILURE() << file_ << ": never under way: " << step.type << " '" << step.title() << "'";
    fmt::print("{}: {} of {} steps were under way, {} failures taken, {} rehearsals\n", file_, recipes_.size(), plan_->read.steps.size(), failed_.size(), runs_);
  }

 private:
  // The stage with all installed is copied: reading its documents again for each of hundreds of runs takes minutes.
  Rehearsal play(const Recipe& recipe) {
    ++runs_;
    Rehearsal one = stage_;
    if (!recipe.broken.empty()) {
      Json document = document_;
      for (const std::string& step : recipe.broken) document = with_failing(document, step);
      const auto group = one.command("user:root", "playbook.install", {{"document", std::move(document)}});
      EXPECT_NE(find_kind(group, "playbook_installed"), nullptr) << refusal_of(group);
    }
    one.play(id_, candidates_, recipe);
    EXPECT_TRUE(one.ended()) << file_ << ": a run does not end";
    for (const std::string& step : one.activated())
      if (recipes_.emplace(step, recipe).second) news_.push_back(step);
    return one;
  }

  void walk_answers() {
    const Rehearsal base = play({});
    EXPECT_EQ(base.outcome(), "success") << file_;
    for (const auto& [name, values] : candidates_)
      for (const std::string& value : values) EXPECT_EQ(play({{{name, value}}, {}, {}, {}, false}).outcome(), "success") << file_ << " " << name << " " << value;
  }

  // What only two answers together lead to.
  void walk_pairs() {
    for (const auto& [one, values] : candidates_)
      for (const auto& [other, more] : candidates_)
        for (const std::string& a : values)
          for (const std::string& b : more)
            if (one < other && missing()) play({{{one, a}, {other, b}}, {}, {}, {}, false});
    fail_each();
  }

  void fail_each() {
    while (!news_.empty()) {
      const std::string id = news_.front();
      news_.pop_front();
      const cacao::Step& step = *plan_->step(id);
      if ((step.type != "action" && step.type != "playbook-action") || !failed_.insert(id).second) continue;
      Recipe recipe = recipes_.at(id);
      (ends_at_once(*plan_, step) ? recipe.broken : recipe.fail_once).insert(id);
      check_way(play(recipe), step);
    }
  }

  void check_way(const Rehearsal& one, const cacao::Step& step) {
    const Entry* const end = one.end_of(step.id);
    ASSERT_NE(end, nullptr) << file_ << ": '" << step.title() << "' should have failed";
    const auto next = strings_or_empty(end->body, "next");
    const std::string& exception = plan_->read.exception;
    const std::string parent = string_or(end->body, "parent");
    std::string expected = step.on_failure;
    if (expected.empty() && parent.empty() && step.id != exception) expected = exception;
    if (!expected.empty()) {
      EXPECT_EQ(next, std::vector<std::string>{expected}) << file_ << ": the way of '" << step.title() << "'";
      EXPECT_TRUE(one.started(expected)) << file_ << ": '" << step.title() << "'";
    } else {
      EXPECT_TRUE(next.empty()) << file_ << ": '" << step.title() << "' leads on after its failure";
      const std::string around = parent.empty() ? "" : string_or(one.entries().at(index_of(parent)).body, "step");
      EXPECT_TRUE(around.empty() || one.end_of(around) != nullptr) << file_ << ": the step around '" << step.title() << "' did not fail";
    }
    const bool exceptional = !exception.empty() && (step.id == exception || (expected == exception && parent.empty()));
    EXPECT_TRUE(!exceptional || one.outcome() == "failure") << file_ << ": '" << step.title() << "' and the run is a success";
  }

  bool missing() const { return recipes_.size() < plan_->read.steps.size(); }

  // What only comes when something fails again and again, or is never over.
  void fail_for_ever() {
    if (missing()) play({{}, {}, {}, {}, true});
    for (const auto& [id, step] : plan_->read.steps)
      if (missing() && step.type == "action" && recipes_.contains(id) && !ends_at_once(*plan_, step)) {
        Recipe recipe = recipes_.at(id);
        recipe.fail_always.insert(id);
        play(recipe);
      }
    fail_each();
  }

  const std::string file_;
  const Json document_;
  const std::string id_;
  const PlanPtr plan_;
  const Candidates candidates_;
  const Rehearsal stage_;
  std::map<std::string, Recipe> recipes_;  // step -> how it was reached first
  std::deque<std::string> news_;
  std::set<std::string> failed_;
  int runs_ = 0;
};

class ShippedPlaybook : public ::testing::TestWithParam<std::string> {};

TEST_P(ShippedPlaybook, is_rehearsed_step_by_step_and_failure_by_failure) { Coverage(GetParam()).run(); }

INSTANTIATE_TEST_SUITE_P(Content, ShippedPlaybook, ::testing::ValuesIn(files()), [](const auto& one) {
  std::string name = one.param.substr(0, one.param.size() - 5);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

// lifecycle check 16: what a playbook captures first is what is gone first, in each step and from step to step.
TEST(Shipped, playbooks_capture_in_the_order_of_volatility) {
  std::size_t steps = 0;
  for (const std::string& name : files()) {
    const cacao::Playbook playbook = cacao::read_playbook(read_file(name));
    for (const auto& [id, step] : playbook.steps)
      for (const auto& command : step.commands) {
        if (!command.text.starts_with("capture ")) continue;
        const auto items = parse_items(std::string_view(command.text).substr(8));
        ASSERT_TRUE(items) << name << ": " << command.text;
        EXPECT_EQ(*items, by_volatility(*items)) << name << ", " << step.name << ": " << command.text;
        ++steps;
      }
  }
  EXPECT_GE(steps, 10U);
}

TEST(Shipped, every_item_that_can_be_captured_has_its_place_in_the_order) {
  for (const VolatileItem& known : kByVolatility) EXPECT_TRUE(parse_items(known.item)) << known.item;
  EXPECT_EQ(parse_items("model,dataset,policy,inferences,counters")->size(), std::size(kByVolatility));
}

}  // namespace
}  // namespace firebreak::playbook
