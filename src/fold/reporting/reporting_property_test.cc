// Whatever people, playbooks and time do in whatever order: no deadline vanishes, and nobody sets one aside alone.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "fold/reporting/story_for_tests.h"

namespace firebreak::reporting {
namespace {

template <class T>
T one_of(std::initializer_list<T> words) {
  return *rc::gen::elementOf(std::vector<T>(words));
}

std::string moment(const Story& story) { return format_time(story.now() - *rc::gen::inRange<std::int64_t>(0, 4 * 24) * kHour); }

std::string any_duty(const Story& story) {
  if (story.state().duties.empty()) return "duty-1";
  std::vector<std::string> ids;
  for (const auto& [number, duty] : story.state().duties) ids.push_back(duty.id);
  return *rc::gen::elementOf(ids);
}

std::string any_stage(const Story& story, const std::string& duty) {
  const auto found = story.state().duties.find(index_of(duty));
  if (found == story.state().duties.end()) return "initial";
  return (*rc::gen::elementOf(found->second.stages)).id;
}

std::vector<Entry> any_step(Story& story) {
  const std::string by = one_of<std::string>({"user:ana", "user:ben", "user:cleo"}), duty = any_duty(story), stage = any_stage(story, duty);
  const std::string event = one_of<std::string>({"awareness", "classification", "reclassification", "request", "discovery", "handled"});
  const std::string fact = one_of<std::string>({"death", "ongoing", "affected_500_or_more", "trust_service", "high_risk"});
  switch (*rc::gen::inRange(0, 14)) {
    case 0: return story.start(one_of<std::string>({"dora", "nis2", "hipaa", "ai-act-73", "gdpr"}), {{event, moment(story)}}, {}, by);
    case 1: return story.give("deadline.happened", duty, {{"events", JsonObject{{event, moment(story)}}}, {"reason", "r"}}, by);
    case 2: return story.give("deadline.fact", duty, {{"fact", fact}, {"holds", *rc::gen::arbitrary<bool>()}, {"reason", "r"}}, by);
    case 3: return story.give("deadline.restart", duty, {{"reason", "r"}, {"at", moment(story)}}, by);
    case 4: {
      const auto found = story.state().duties.find(index_of(duty));
      if (found == story.state().duties.end() || found->second.told.empty()) return {};
      const Told told = *rc::gen::elementOf(found->second.told);
      return story.give("deadline.withdraw", duty, {{"event", told.event}, {"at", format_time(told.at)}, {"reason", "r"}}, by);
    }
    case 5: return story.give("deadline.stop", duty, {{"from", moment(story)}, {"until", format_time(story.now() + *rc::gen::inRange<std::int64_t>(0, 90) * kDay)}, {"reason", "r"}}, by);
    case 6: {
      const auto found = story.state().duties.find(index_of(duty));
      if (found == story.state().duties.end() || found->second.stops.empty()) return {};
      return story.give("deadline.resume", duty, {{"stop", (*rc::gen::elementOf(found->second.stops)).id}, {"at", moment(story)}}, by);
    }
    case 7: return story.give("deadline.met", duty, {{"stage", stage}, {"reference", "r"}, {"at", moment(story)}}, by);
    case 8: return story.give("deadline.set_aside", duty, *rc::gen::arbitrary<bool>() ? JsonObject{{"stage", stage}, {"reason", "r"}} : JsonObject{{"reason", "r"}}, by);
    case 9: return story.give("deadline.override", duty, {{"reason", "r"}}, by);
    case 10: {
      const auto found = story.state().duties.find(index_of(duty));
      if (found == story.state().duties.end() || found->second.reliefs.empty()) return {};
      return story.confirm(found->second.reliefs.begin()->first, by);
    }
    case 11: return story.give("deadline.reopen", duty, {{"stage", stage}, {"reason", "r"}}, by);
    case 12:
      if (*rc::gen::inRange(0, 6) == 0) return story.input("incident_closed", JsonObject{{"incident", story.incident}});
      return story.input("regime_configured", JsonObject{{"regime", "gdpr"}});
    default: story.advance(*rc::gen::inRange<std::int64_t>(1, 72) * kHour); return story.tick();
  }
}

RC_GTEST_PROP(ReportingProperty, no_deadline_vanishes_and_nobody_sets_one_aside_alone, ()) {
  Story story;
  std::map<std::string, int> reminders;
  for (int step = 0; step < 40; ++step) {
    const ReportingState was = story.state();
    const auto group = any_step(story);
    std::set<std::string> met, eased;  // "duty/stage", of this group
    bool confirmed = false;
    for (const Entry& entry : group) {
      const std::string duty = string_or(entry.body, "duty");
      if (entry.kind == "deadline_met") met.insert(duty);
      if (entry.kind == "deadline_relief_confirmed") {
        const auto& reliefs = was.duties.at(index_of(duty)).reliefs;
        RC_ASSERT(reliefs.contains(string_or(entry.body, "relief")));
        RC_ASSERT(reliefs.at(string_or(entry.body, "relief")).by != string_or(entry.body, "by"));
        confirmed = true;
      }
      if (entry.kind == "deadline_set_aside" || entry.kind == "evidence_hold_overridden") {
        RC_ASSERT(confirmed);
        RC_ASSERT(!string_or(entry.body, "with").empty() && string_or(entry.body, "with") != string_or(entry.body, "by"));
        RC_ASSERT(!string_or(entry.body, "reason").empty());
      }
      if (entry.kind == "deadline_reminder") {
        const std::string key = duty + "/" + string_or(entry.body, "stage") + "/" + string_or(entry.body, "due") + "/" + string_or(entry.body, "level");
        RC_ASSERT(++reminders[key] <= 2);  // again only when it had moved in between
      }
    }
    for (const auto& [number, before] : was.duties) {
      RC_ASSERT(story.state().duties.contains(number));
      const Duty& after = story.state().duties.at(number);
      for (const StageState& stage : before.stages) {
        if (!runs(before, stage)) continue;
        const StageState& then = story.stage(after.id, stage.id);
        const bool eased_now = !runs(after, then) || then.due > stage.due;
        // A filing settles its stage, and the next stage runs from it; all else needs a second person's yes.
        if (eased_now) RC_ASSERT(confirmed || met.contains(after.id));
        if (after.aside.contains(stage.id)) RC_ASSERT(confirmed);
      }
      for (const auto& [stage, aside] : after.aside) RC_ASSERT(!aside.with.empty() && aside.with != aside.by && !aside.reason.empty());
      // The evidence is held exactly while the notice of such a regime runs and nobody has let it go.
      if (after.regime == "ai-act-73") RC_ASSERT(after.holds == (runs(after, story.stage(after.id, "report")) && !after.overridden));
    }
  }
  RC_ASSERT(story.replayed() == story.state());
  RC_ASSERT(*state_from_json(*parse_json(canonical_json(to_json(story.state())))) == story.state());
}

}  // namespace
}  // namespace firebreak::reporting
