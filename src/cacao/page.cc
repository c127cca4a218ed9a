#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/markup.h"
#include "cacao/text.h"

namespace firebreak::cacao {
namespace {

constexpr std::string_view kStyle =
    "body{font:12pt/1.45 Georgia,serif;max-width:44em;margin:2em auto;padding:0 1em}h1{margin-bottom:0}h2{margin-top:1.6em}"
    "ol{padding-left:2.2em}li{margin:.8em 0;break-inside:avoid}code{font-size:10pt;white-space:pre-wrap;overflow-wrap:anywhere}"
    ".how{margin:.2em 0}.next{font-style:italic;margin:.2em 0}small{color:#444}table{border-collapse:collapse}td{padding:.1em 1em .1em 0;vertical-align:top}";

std::string escaped(std::string text) {
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 && c != '\n'; }, '?');
  return escape_markup(text);
}

class Page {
 public:
  explicit Page(const Playbook& playbook) : playbook_(playbook) {
    number(playbook_.start, false);
    number(playbook_.exception, false);
    for (const auto& [id, step] : playbook_.steps) number(id, false);
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
    return out_ + "</body></html>\n";
  }

 private:
  // In the order in which they run: a step, its branches, what follows a success, what follows a failure. An end step is no
  // number of its own (0 and 1 say whether it ends all or a branch): the text says that it ends.
  void number(std::string id, bool inside) {
    std::vector<std::string> later;
    while (const Step* const step = playbook_.step(id)) {
      if (!numbers_.emplace(id, 0).second) break;
      if (step->type == "end") numbers_[id] = inside ? 1 : 0;
      if (step->type != "end" && step->type != "start") {
        ordered_.push_back(step);
        numbers_[id] = ordered_.size();
      }
      for (const Branch& branch : step->branches) number(branch.step, true);
      if (!step->on_failure.empty()) later.push_back(step->on_failure);
      id = step->on_success.empty() ? step->on_completion : step->on_success;
    }
    for (const std::string& failure : later) number(failure, inside);
  }

  std::string reference(const std::string& id) const {
    const Step* const step = playbook_.step(id);
    if (step == nullptr) return "a step that is not there";
    if (step->type == "end") return numbers_.at(id) == 0 ? "the end" : "the end of this branch";
    return fmt::format("step {} ({})", numbers_.at(id), escaped(step->title()));
  }

  void entry(const Step& step) {
    out_ += fmt::format("<li><b>{}</b>", escaped(step.name.empty() ? step.type : step.name));
    if (step.timeout_ms) out_ += fmt::format(" <small>within {}</small>", span_text(*step.timeout_ms));
    if (!step.description.empty()) out_ += fmt::format("<div class=\"how\">{}</div>", escaped(step.description));
    const Party* const agent = playbook_.party(step.agent);
    for (const Command& command : step.commands)
      out_ += command.type == "manual" ? fmt::format("<div class=\"how\">{}: {}</div>", escaped(agent == nullptr ? "A person" : agent->name), escaped(command.text))
                                       : fmt::format("<div class=\"how\">{}: <code>{}</code></div>", escaped(agent == nullptr ? command.type : agent->name), escaped(command.text));
    if (!step.playbook_id.empty()) out_ += fmt::format("<div class=\"how\">Runs the playbook {}.</div>", escaped(step.playbook_id));
    if (!step.condition.empty()) out_ += fmt::format("<div class=\"how\">Is <code>{}</code>?</div>", escaped(step.condition));
    if (!step.switch_on.empty()) out_ += fmt::format("<div class=\"how\">By the value of <code>{}</code>:</div>", escaped(step.switch_on));
    ways(step);
    out_ += "</li>\n";
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
    if (!text.empty()) out_ += fmt::format("<div class=\"next\">{}</div>", text);
  }

  void variables() {
    if (playbook_.variables.empty()) return;
    out_ += "<h2>Values</h2>\n<table>\n";
    for (const auto& [name, variable] : playbook_.variables)
      out_ += fmt::format("<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n", escaped(name),
                          variable.value ? escaped(*variable.value) : variable.external ? "given when it starts" : "not known yet", escaped(variable.description));
    out_ += "</table>\n";
  }

  void who() {
    out_ += "<h2>Who and what acts</h2>\n<table>\n";
    for (const auto* parties : {&playbook_.agents, &playbook_.targets})
      for (const auto& [id, party] : *parties)
        out_ += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", escaped(party.name), escaped(party.type), escaped(party.description));
    out_ += "</table>\n";
  }

  const Playbook& playbook_;
  std::vector<const Step*> ordered_;
  std::map<std::string, std::size_t> numbers_;
  std::string out_;
};

}  // namespace

std::string page(const Playbook& playbook) { return Page(playbook).draw(); }

}  // namespace firebreak::cacao
