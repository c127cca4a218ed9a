// Tasks that wait for others, and templates of incidents.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "fold/incident/incident.h"
#include "types/group_driver.h"

namespace firebreak::incident {
namespace {

const char* const kTemplates = R"({"templates": [{"name": "leak", "title": "Leak at {endpoint}", "severity": "SEV-1", "tasks": [
  {"key": "stop", "owner": "commander", "text": "stop it", "due_s": 900},
  {"key": "count", "owner": "lead", "text": "count the people"},
  {"key": "tell", "owner": "communications", "text": "tell them", "after": ["stop", "count"]}]}]})";

class Desk : public GroupDriver<IncidentState> {
 public:
  Desk() : GroupDriver(&incident::decide, &incident::apply, Time{1'772'850'000 * kSecond}) {
    input("endpoint_registered", JsonObject{{"endpoint", JsonObject{{"name", "api"}}}});
    input("templates_applied", JsonObject{{"document", parse_json(kTemplates).value()}});
  }
  std::vector<Entry> give(const std::string& name, JsonObject args) { return command("user:ana", name, std::move(args)); }
  std::string declared() {
    const auto group = give("incident.declare", {{"endpoint", "api"}, {"template", "leak"}});
    const Entry* const opened = find_kind(group, "incident_opened");
    return opened == nullptr ? "" : opened->id("inc");
  }
  const Task& task(const std::string& incident, const std::string& key) const {
    const auto& tasks = state().open.at(incident).tasks;
    return *std::find_if(tasks.begin(), tasks.end(), [&](const Task& t) { return t.key == key; });
  }
};

std::string reason(const std::vector<Entry>& group) {
  const Entry* const refused = find_kind(group, "command_refused");
  return refused == nullptr ? "" : string_or(refused->body, "reason");
}

TEST(IncidentTemplate, brings_title_severity_and_tasks_in_their_order) {
  Desk desk;
  const std::string id = desk.declared();
  const Incident& incident = desk.state().open.at(id);
  EXPECT_EQ(incident.title, "Leak at api");
  EXPECT_EQ(incident.severity, "SEV-1");
  ASSERT_EQ(incident.tasks.size(), 3u);
  EXPECT_EQ(desk.task(id, "tell").after, (std::vector<std::string>{"stop", "count"}));
  EXPECT_EQ(desk.task(id, "stop").due, incident.opened + 900 * kSecond);
}

TEST(IncidentTemplate, gives_way_to_what_the_person_says) {
  Desk desk;
  const auto group = desk.give("incident.declare", {{"endpoint", "api"}, {"template", "leak"}, {"title", "mails in answers"}, {"severity", "SEV-2"}});
  const Incident& incident = desk.state().open.at(find_kind(group, "incident_opened")->id("inc"));
  EXPECT_EQ(incident.title, "mails in answers");
  EXPECT_EQ(incident.severity, "SEV-2");
}

TEST(IncidentTemplate, that_nobody_knows_is_refused_with_those_there_are) {
  Desk desk;
  EXPECT_EQ(reason(desk.give("incident.declare", {{"endpoint", "api"}, {"template", "leek"}})), "there is no template 'leek'; there are: leak");
  EXPECT_TRUE(desk.state().open.empty()) << "nothing is half applied";
}

TEST(IncidentTemplate, is_applied_once_while_its_tasks_are_open) {
  Desk desk;
  const std::string id = desk.declared();
  EXPECT_NE(reason(desk.give("incident.template", {{"incident", id}, {"template", "leak"}})), "");
  for (const char* key : {"stop", "count", "tell"}) desk.give("incident.task_done", {{"incident", id}, {"task", desk.task(id, key).id}, {"result", "ok"}});
  EXPECT_EQ(reason(desk.give("incident.template", {{"incident", id}, {"template", "leak"}})), "") << "a second round";
  EXPECT_EQ(desk.state().open.at(id).tasks.size(), 6u);
}

TEST(IncidentTask, waits_for_those_before_it_unless_it_failed) {
  Desk desk;
  const std::string id = desk.declared();
  const std::string tell = desk.task(id, "tell").id, stop = desk.task(id, "stop").id, count = desk.task(id, "count").id;
  const std::string why = reason(desk.give("incident.task_done", {{"incident", id}, {"task", tell}, {"result", "told"}}));
  EXPECT_NE(why.find(stop), std::string::npos) << why;
  EXPECT_NE(why.find(count), std::string::npos) << why;
  desk.give("incident.task_done", {{"incident", id}, {"task", stop}, {"result", "ok"}});
  EXPECT_NE(reason(desk.give("incident.task_done", {{"incident", id}, {"task", tell}, {"result", "told"}})), "");
  desk.give("incident.task_done", {{"incident", id}, {"task", count}, {"result", "failed: the log is gone"}});
  EXPECT_EQ(reason(desk.give("incident.task_done", {{"incident", id}, {"task", tell}, {"result", "told"}})), "");
  EXPECT_TRUE(desk.task(id, "tell").done);
}

TEST(IncidentTask, names_tasks_of_its_incident_alone) {
  Desk desk;
  const std::string id = desk.declared();
  EXPECT_EQ(reason(desk.give("incident.task", {{"incident", id}, {"text", "x"}, {"owner", "lead"}, {"after", JsonArray{"task-9999"}}})), "the incident has no task 'task-9999'");
  EXPECT_EQ(reason(desk.give("incident.task", {{"incident", id}, {"text", "x"}, {"owner", "lead"}, {"after", JsonArray{"stop", desk.task(id, "tell").id}}})), "");
}

TEST(IncidentTask, and_templates_come_back_from_a_snapshot) {
  Desk desk;
  desk.declared();
  const auto again = incident_state_from_json(to_json(desk.state()));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, desk.state());
}

TEST(IncidentTemplate, is_refused_with_the_place_of_its_mistake) {
  const auto pointer = [](std::string text) {
    const auto read = templates_from_json(parse_json(text).value());
    return read ? std::string("accepted") : read.error().pointer;
  };
  EXPECT_EQ(pointer(R"({"templates": [{"name": "a", "title": "t", "severity": "SEV-9", "tasks": []}]})"), "/templates/0/severity");
  EXPECT_EQ(pointer(R"({"templates": [{"name": "a", "title": "t", "severity": "SEV-1", "tasks": [{"key": "x", "owner": "o", "text": "t", "after": ["y"]}]}]})"), "/templates/0/tasks/0/after");
  EXPECT_EQ(pointer(R"({"templates": [{"name": "a", "title": "t", "severity": "SEV-1", "tasks": []}, {"name": "a", "title": "t", "severity": "SEV-1", "tasks": []}]})"), "/templates/1/name");
}

}  // namespace
}  // namespace firebreak::incident
