#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/markup.h"
#include "cacao/containment_options.h"
#include "cacao/diagnostic.h"
#include "cacao/speech.h"
#include "cacao/step_rules.h"
#include "cacao/text.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kStyle =
    "body{font:12pt/1.45 Georgia,serif;max-width:44em;margin:2em auto;padding:0 1em}h1{margin-bottom:0}h2{margin-top:1.6em}"
    "ol{padding-left:2.2em}li{margin:.8em 0;break-inside:avoid}code{font-size:10pt;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".how{margin:.2em 0}.next{font-style:italic;margin:.2em 0}small{color:#444}table{border-collapse:collapse}td,th{padding:.1em 1em .1em 0;vertical-align:top;text-align:left}"
    ".values code{white-space:nowrap}var{font-style:normal;border-bottom:1px dotted}.options{font-size:9pt;margin:.4em 0}.options td,.options th{border:1px solid #bbb;padding:.1em .4em}"
    ".d1{margin-left:1.5em}.d2{margin-left:3em}.d3{margin-left:4.5em}.d4{margin-left:6em}";

std::string escaped(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 && c != '\n'; }, '?');
  return escape_markup(text);
}

// Text for people: __incident__:value is read as "incident".
std::string prose(const std::string& text) {
  std::string out = escaped(text);
  for (const std::string& name : references_in(text)) {
    const std::string reference = escaped(name + ":value");
    std::string word = name.substr(2, name.size() - 4);
    std::ranges::replace(word, '_', ' ');
    const std::string shown = "<var>" + escaped(word) + "</var>";
    for (std::size_t at = out.find(reference); at != std::string::npos; at = out.find(reference, at + shown.size())) out.replace(at, reference.size(), shown);
  }
  return out;
}

// "1. … 2. … 3. …" as lines, when a text counts so.
std::string in_lines(std::string markup) {
  std::size_t at = 0;
  for (int n = 1; n < 20; ++n) {
    const std::string number = fmt::format("{}. ", n);
    const std::size_t found = markup.find(n == 1 ? number : " " + number, at);
    if (found == std::string::npos) break;
    if (found > 0) markup.replace(found, n == 1 ? 0 : 1, "<br>");
    at = found + (found > 0 ? 4 : 0);
  }
  return markup;
}

std::string how(const std::string& markup) { return fmt::format("<div class=\"how\">{}</div>", markup); }

class Page {
 public:
  explicit Page(const Playbook& playbook) : playbook_(playbook) {
    number(playbook_.start, 0);
    number(playbook_.exception, 0);
    for (const auto& [id, step] : playbook_.steps) number(id, 0);
  }

  std::string draw() {
    const std::string title = escaped(playbook_.name);
    out_ = fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title><style>{}</style></head><body>\n<h1>{}</h1>\n", title, kStyle, title);
    out_ += fmt::format("<p><small>{}, version {}{}</small></p>\n", escaped(playbook_.id), escaped(playbook_.modified), playbook_.revoked ? ", <b>revoked</b>" : "");
    if (!playbook_.description.empty()) out_ += fmt::format("<p>{}</p>\n", escaped(playbook_.description));
    variables();
    out_ += "<h2>Steps</h2>\n<ol>\n";
    for (const Step* const step : ordered_) entry(*step);
    out_ += "</ol>\n";
    if (const Step* const step = playbook_.step(playbook_.exception))
      out_ += fmt::format("<p class=\"next\">When a step fails and says nothing else, go to {}.</p>\n", reference(step->id));
    who();
    sources();
    return out_ + "</body></html>\n";
  }

 private:
  // In the order in which they run: a step, its branches, what follows a success, what follows a failure. An end step is no
  // number of its own (0 and 1 say whether it ends all or a branch): the text says that it ends.
  void number(std::string id, int depth) {
    std::vector<std::string> later;
    while (const Step* const step = playbook_.step(id)) {
      if (!numbers_.emplace(id, 0).second) break;
      depths_[id] = depth;
      if (step->type == "end") numbers_[id] = depth > 0 ? 1 : 0;
      if (step->type != "end" && step->type != "start") {
        ordered_.push_back(step);
        numbers_[id] = ordered_.size();
      }
      for (const Branch& branch : step->branches) number(branch.step, depth + 1);
      if (!step->on_failure.empty()) later.push_back(step->on_failure);
      id = step->on_success.empty() ? step->on_completion : step->on_success;
    }
    for (const std::string& failure : later) number(failure, depth);
  }

  std::string reference(const std::string& id) const {
    const Step* const step = playbook_.step(id);
    if (step == nullptr) return "a step that is not there";
    if (step->type == "end") return numbers_.at(id) == 0 ? "the end" : "the end of this branch";
    return fmt::format("step {} ({})", numbers_.at(id), escaped(step->title()));
  }

  void entry(const Step& step) {
    out_ += fmt::format("<li{}><b>{}</b>", depths_[step.id] == 0 ? "" : fmt::format(" class=\"d{}\"", std::min(depths_[step.id], 4)), escaped(step.name.empty() ? step.type : step.name));
    if (step.delay_ms > 0) out_ += fmt::format(" <small>wait {}, then</small>", span_text(step.delay_ms));
    if (step.timeout_ms) out_ += fmt::format(" <small>within {}</small>", span_text(*step.timeout_ms));
    if (!step.description.empty()) out_ += how(prose(step.description));
    approval(step);
    const Party* const agent = playbook_.party(step.agent);
    for (const Command& command : step.commands) {
      const std::string who = escaped(agent != nullptr ? agent->name : command.type == "manual" ? "A person" : command.type);
      const bool ours = command.type == "firebreak" || command.type == "x-firebreak";
      if (command.type == "manual") out_ += how(fmt::format("<b>{}</b>: {}", who, in_lines(prose(command.text))));
      else if (ours) out_ += how(fmt::format("<b>{}</b> {}.", who, prose(without_stop(spoken(command.text)))));
      else out_ += how(fmt::format("{}: <code>{}</code>", who, escaped(command.text)));
    }
    options(step);
    answers(step);
    if (!step.playbook_id.empty()) calls(step);
    if (!step.condition.empty()) out_ += how(fmt::format("Is <code>{}</code>?", escaped(step.condition)));
    if (!step.switch_on.empty()) out_ += how(fmt::format("By the value of {}:", prose(step.switch_on)));
    ways(step);
    out_ += "</li>\n";
  }

  static std::string without_stop(std::string text) {
    while (text.ends_with('.')) text.pop_back();
    return text;
  }

  const Json* rules_of(const Step& step, std::string_view key) const {
    const Json* const rules = find_pointer(playbook_.document, child(child(step.pointer, "step_extensions"), kFirebreakExtension));
    return rules != nullptr ? find(*rules, key) : nullptr;
  }

  void approval(const Step& step) {
    const Json* const asked = rules_of(step, "approval");
    if (asked != nullptr) {
      const std::int64_t people = int_or(*asked, "approvers", 1);
      out_ += how(fmt::format("<b>First {} must approve it</b>, within {}; not who started the run.", people == 1 ? "one person" : fmt::format("{} people", people),
                              span_text(int_or(*asked, "within", 3'600'000))));
    }
    if (const Json* const retry = rules_of(step, "retry")) out_ += how(fmt::format("Tried at most {} times.", int_or(*retry, "attempts", 1)));
    if (const Json* const most = rules_of(step, "iterations"); most != nullptr && most->is_int64()) out_ += how(fmt::format("At most {} times.", most->get_int64()));
  }

  void options(const Step& step) {
    const auto all = containment_options(playbook_, step);
    if (all.empty()) return;
    out_ += "<table class=\"options\"><tr><th>measure</th><th>potential damage</th><th>evidence</th><th>service</th><th>time and resources</th><th>effect</th><th>duration</th></tr>\n";
    for (const ContainmentOption& one : all)
      out_ += fmt::format("<tr><td><b>{}</b> {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", escaped(one.name), escaped(one.does), escaped(one.potential_damage),
                          escaped(one.evidence_preservation), escaped(one.service_availability), escaped(one.time_and_resources), escaped(one.effectiveness), escaped(one.duration));
    out_ += "</table>\n";
  }

  // What people are asked to answer, or what comes back.
  void answers(const Step& step) {
    if (step.out_args.empty()) return;
    out_ += how(step.type == "action" && !step.commands.empty() && step.commands[0].type == "manual" ? "Answer:" : "It gives:") + "<ul>";
    for (const std::string& name : step.out_args) {
      const auto own = step.variables.find(name), global = playbook_.variables.find(name);
      const Variable variable = own != step.variables.end() ? own->second : global != playbook_.variables.end() ? global->second : Variable{};
      const std::string type = variable.type == "bool" ? "true or false" : variable.type == "float" || variable.type == "integer" ? "a number" : variable.type == "string" ? "in words" : variable.type;
      out_ += fmt::format("<li>{} <small>({}, {})</small></li>", escaped(variable.description.empty() ? name : variable.description), prose(name + ":value"), escaped(type));
    }
    out_ += "</ul>\n";
  }

  void calls(const Step& step) {
    std::string values;
    for (const std::string& name : step.in_args) values += (values.empty() ? "" : ", ") + prose(name + ":value");
    out_ += how(fmt::format("Runs the playbook <code>{}</code>, {}{}, and waits for its end.", escaped(step.playbook_id),
                            step.playbook_version.empty() ? "its newest version" : "version " + escaped(step.playbook_version), values.empty() ? "" : ", with " + values));
  }

  void ways(const Step& step) {
    std::string text;
    for (const Branch& branch : step.branches) {
      const std::string label = branch.label == "on_true" ? "If so" : branch.label == "on_false" ? "If not" : branch.label;
      text += fmt::format("{}: {}. ", escaped(label), reference(branch.step));
    }
    if (step.type == "parallel") text = "All at the same time. " + text;
    const std::string next = step.on_success.empty() ? step.on_completion : step.on_success;
    if (!next.empty()) text += fmt::format("{}: {}.", step.branches.empty() ? "Then" : "After that", reference(next));
    if (!step.on_failure.empty()) text += fmt::format(" If it fails: {}.", reference(step.on_failure));
    else if (step.type == "action" || step.type == "playbook-action") text += without_way(step);
    if (!text.empty()) out_ += fmt::format("<div class=\"next\">{}</div>", text);
  }

  // A failure with no way of its own: inside a branch it ends the branch, else the playbook's exception follows.
  std::string without_way(const Step& step) const {
    if (depths_.at(step.id) > 0) return " If it fails: this branch has failed.";
    const bool has = playbook_.step(playbook_.exception) != nullptr && playbook_.exception != step.id;
    return has ? fmt::format(" If it fails: {}.", reference(playbook_.exception)) : " If it fails: the run ends.";
  }

  // Those that people answer on the way are told where they are asked.
  void variables() {
    std::set<std::string> asked;
    for (const auto& [id, step] : playbook_.steps) asked.insert(step.out_args.begin(), step.out_args.end());
    const auto is_known = [&](const auto& item) { return item.second.external || !asked.contains(item.first); };
    if (std::ranges::none_of(playbook_.variables, is_known)) return;
    out_ += "<h2>Contacts and values</h2>\n<table class=\"values\">\n";
    for (const auto& item : playbook_.variables) {
      const auto& [name, variable] = item;
      if (!is_known(item)) continue;
      out_ += fmt::format("<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n", escaped(name),
                          variable.value ? escaped(*variable.value) + (variable.external ? " <small>unless configured</small>" : "") : variable.external ? "given when it starts" : "not known yet",
                          escaped(variable.description));
    }
    out_ += "</table>\n";
  }

  void who() {
    out_ += "<h2>Who and what acts</h2>\n<table>\n";
    for (const auto* parties : {&playbook_.agents, &playbook_.targets})
      for (const auto& [id, party] : *parties)
        out_ += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escaped(party.name), escaped(party.type), escaped(party.description));
    out_ += "</table>\n";
  }

  void sources() {
    const Json* const references = find(playbook_.document, "external_references");
    if (references == nullptr || !references->is_array()) return;
    out_ += "<h2>What it rests on</h2>\n<table>\n";
    for (const Json& one : references->get_array())
      if (one.is_object()) out_ += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", escaped(string_or(one, "name")), escaped(string_or(one, "external_id", string_or(one, "url"))));
    out_ += "</table>\n";
  }

  const Playbook& playbook_;
  std::vector<const Step*> ordered_;
  std::map<std::string, std::size_t> numbers_;
  std::map<std::string, int> depths_;  // branches that a step stands in
  std::string out_;
};

}  // namespace

std::string page(const Playbook& playbook) { return Page(playbook).draw(); }

}  // namespace firebreak::cacao
