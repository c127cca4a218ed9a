#include "cacao/skeleton.h"

#include <map>

namespace firebreak::cacao {
namespace {

// Steps are named by words here and by identifiers in the document.
class Writer {
 public:
  explicit Writer(const NewPlaybook& wanted) : wanted_(wanted), people_("group--" + wanted.uuid()), program_("security-category--" + wanted.uuid()) {}

  std::string id(const std::string& type, const std::string& word) {
    std::string& known = ids_[word];
    if (known.empty()) known = type + "--" + wanted_.uuid();
    return known;
  }
  std::string step(const std::string& word) { return id("action", word); }
  std::string end(const std::string& word) {
    const std::string name = id("end", word);
    workflow_[name] = JsonObject{{"type", "end"}};
    return name;
  }

  void person(const std::string& word, const std::string& name, const std::string& words, const std::string& activity, const std::string& next) {
    add(word, name, people_, JsonObject{{"type", "manual"}, {"command", words}, {"playbook_activity", activity}}, {{"on_completion", next}});
  }
  void program(const std::string& word, const std::string& name, JsonObject command, JsonObject more) {
    command["type"] = "firebreak";
    add(word, name, program_, std::move(command), std::move(more));
  }

  JsonObject& workflow() { return workflow_; }
  JsonObject agents() const {
    return {{people_, JsonObject{{"type", "group"}, {"name", "incident responders"}}},
            {program_, JsonObject{{"type", "security-category"}, {"name", "Firebreak"}, {"description", "Commands of type firebreak are run by Firebreak itself."}, {"category", JsonArray{"orchestrator"}}}}};
  }

 private:
  void add(const std::string& word, const std::string& name, const std::string& agent, JsonObject command, JsonObject more) {
    JsonObject made{{"type", "action"}, {"name", name}, {"agent", agent}, {"commands", JsonArray{std::move(command)}}};
    for (auto& member : more) made[member.key()] = std::move(member.value());
    workflow_[step(word)] = std::move(made);
  }

  const NewPlaybook& wanted_;
  std::string people_, program_;
  std::map<std::string, std::string> ids_;
  JsonObject workflow_;
};

void write_steps(Writer& w) {
  w.workflow()[w.id("start", "start")] = JsonObject{{"type", "start"}, {"on_completion", w.step("tell")}};
  w.person("tell", "Tell the owner", "Tell the owner of the endpoint what is known, what is done next, and when the next word comes.", "compose-content", w.id("parallel", "both"));
  w.workflow()[w.id("parallel", "both")] = JsonObject{{"type", "parallel"}, {"name", "Capture and contain together"},
                                                      {"description", "What can be undone does not wait for evidence; what destroys does."},
                                                      {"next_steps", JsonArray{Json(w.step("capture")), Json(w.step("offer"))}},
                                                      {"on_success", w.step("eradicate")}, {"on_failure", w.step("by hand")}};
  w.program("capture", "Secure the evidence", {{"command", "capture counters,inferences,policy,model,dataset"}},
            {{"timeout", 3'600'000}, {"on_completion", w.end("captured")}});
  w.program("offer", "Offer containment", {{"command", "options 3"}, {"playbook_activity", "analyze-collected-data"}},
            {{"timeout", 3'600'000}, {"on_completion", w.step("wait")}});
  w.program("wait", "Wait for containment", {{"command", "wait"}, {"playbook_activity", "restrict-access"}},
            {{"timeout", 14'400'000}, {"on_completion", w.end("contained")}});
  w.person("eradicate", "Remove the cause", "Find what let it happen and remove it: data, release, credentials, configuration.", "eliminate-risk", w.step("recover"));
  w.person("recover", "Recover", "Bring a release into service that passed its gates, and watch it for a day.", "restore-capabilities", w.step("learn"));
  w.person("learn", "Learn", "Write down what would have found this sooner, and make it a rule or a follow-up with an owner.", "analyze-engagement-results", w.end("done"));
  w.person("by hand", "Go on by hand", "A step failed: see the run, take over by hand, and say so in the incident.", "compose-content", w.end("given up"));
}

}  // namespace

Json nist_skeleton(const NewPlaybook& wanted) {
  Writer writer(wanted);
  write_steps(writer);
  std::string time = format_time({wanted.now.us - wanted.now.us % kMillisecond});
  if (time.find('.') == std::string::npos) time.insert(time.size() - 1, ".000");
  return JsonObject{
      {"type", "playbook"},
      {"spec_version", "cacao-2.0"},
      {"id", "playbook--" + wanted.uuid()},
      {"name", wanted.name},
      {"description", "Say here what starts this playbook, and what it is for."},
      {"playbook_types", JsonArray{"mitigation", "remediation"}},
      {"playbook_activities", JsonArray{"compose-content", "analyze-collected-data", "restrict-access", "eliminate-risk", "restore-capabilities", "analyze-engagement-results"}},
      {"created_by", wanted.identity.empty() ? "identity--" + wanted.uuid() : wanted.identity},
      {"created", time},
      {"modified", time},
      {"external_references", JsonArray{JsonObject{{"name", "NIST SP 800-61r2"}, {"url", "https://doi.org/10.6028/NIST.SP.800-61r2"}}}},
      {"workflow_start", writer.id("start", "start")},
      {"workflow_exception", writer.step("by hand")},
      {"workflow", std::move(writer.workflow())},
      {"agent_definitions", writer.agents()},
  };
}

}  // namespace firebreak::cacao
