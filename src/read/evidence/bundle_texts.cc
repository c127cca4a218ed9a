#include "read/evidence/bundle_texts.h"

#include <map>
#include <set>

#include "types/command.h"
#include "types/free_text.h"

namespace firebreak::evidence {
namespace {

// Tells the entries that are about an incident, its findings or one of its actions; sees them all, in order.
class About {
 public:
  About(const std::vector<Entry>& journal, const std::string& incident) : incident_(incident) {
    for (const Entry& entry : journal) {  // what is said of a finding may come before it joins
      if (entry.kind == "incident_opened" && entry.id("inc") == incident)
        for (const std::string& finding : strings_or_empty(entry.body, "findings")) findings_.insert(finding);
      if (entry.kind == "incident_finding_linked" && string_or(entry.body, "incident") == incident) findings_.insert(string_or(entry.body, "finding"));
    }
    findings_.erase("");
  }

  bool operator()(const Entry& entry) {
    if (entry.kind == "action_proposed" && string_or(entry.body, "incident") == incident_) actions_.insert(entry.id("act"));
    if (entry.kind == "follow_up_opened" && string_or(entry.body, "incident") == incident_) follow_ups_.insert(entry.id("follow"));
    if (entry.kind == "incident_opened") return entry.id("inc") == incident_;
    const Json& args = command_args(entry);
    return string_or(args, "incident") == incident_ || findings_.contains(string_or(args, "finding")) || actions_.contains(string_or(args, "action")) ||
           follow_ups_.contains(string_or(args, "follow_up"));
  }

 private:
  const std::string& incident_;
  std::set<std::string> actions_, findings_, follow_ups_;
};

// A declared incident's title came with a command that could not name the incident yet.
std::vector<std::string> typed_in(const Entry& entry) {
  std::vector<std::string> references;
  const auto take = [&](const Json& holder, std::string_view name) {
    if (const Json* given = find(holder, name))
      for (std::string& reference : text_references(*given)) references.push_back(std::move(reference));
  };
  if (entry.kind == "incident_opened" && string_or(entry.body, "rule") == "declared") take(entry.body, "title");
  if (entry.kind != "command") return references;
  const std::string name = string_or(entry.body, "name");
  for (const FreeText& one : free_texts())
    if (one.command == name) take(command_args(entry), one.argument);
  return references;
}

}  // namespace

std::vector<NamedText> texts_of(const std::vector<Entry>& journal, const std::string& incident) {
  std::vector<NamedText> texts;
  std::set<Digest> known;
  std::map<Digest, std::uint64_t> erased;
  About about(journal, incident);
  for (const Entry& entry : journal) {
    if (entry.kind == "text_erased")
      if (const auto digest = text_digest(string_or(entry.body, "text"))) erased.emplace(*digest, entry.index);
    if (!about(entry)) continue;
    for (const std::string& reference : typed_in(entry))
      if (const auto digest = text_digest(reference); known.insert(*digest).second) texts.push_back({*digest, entry.index, {}});
  }
  for (NamedText& text : texts)
    if (const auto at = erased.find(text.digest); at != erased.end()) text.erased_by = at->second;
  return texts;
}

}  // namespace firebreak::evidence
