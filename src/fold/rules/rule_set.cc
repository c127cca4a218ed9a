#include "fold/rules/rule_set.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

namespace firebreak::rules {
namespace {

struct Loaded {
  Rule rule;
  const RuleSource* source = nullptr;
  bool usable = true;
};

using Names = std::map<std::string, std::size_t, std::less<>>;  // id or name -> place

Refused refusal(const RuleSource& source, const std::string& title, std::string reason, const std::string& pointer) {
  return {source.file, title, std::move(reason), pointer, line_of(source, pointer)};
}

// Rules that name something that is not there, or themselves in a circle. Refusing one may refuse what is made of it.
// `unread`: ids and names of documents that were refused before.
void refuse_unlinked(std::vector<Loaded>& loaded, const Names& names, const std::set<std::string>& unread, std::vector<Refused>& refused) {
  const auto refuse = [&](Loaded& one, std::string reason, const std::string& pointer) {
    one.usable = false;
    refused.push_back(refusal(*one.source, one.rule.title, std::move(reason), pointer));
  };
  // Resolved once everything that they are made of is: what is never reached stands in a circle.
  std::vector<char> resolved(loaded.size(), 0);
  for (std::size_t i = 0; i < loaded.size(); ++i) resolved[i] = loaded[i].rule.correlation ? 0 : 1;
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      Loaded& one = loaded[i];
      if (resolved[i] != 0 || !one.usable) continue;
      bool ready = true;
      const auto& needs = one.rule.correlation->rules;
      for (std::size_t j = 0; j < needs.size() && one.usable; ++j) {
        const auto found = names.find(needs[j]);
        if (found == names.end() || !loaded[found->second].usable) {
          const bool stands = found != names.end() || unread.contains(needs[j]);
          refuse(one, !stands ? fmt::format("there is no rule '{}' in this set: a correlation stands in one set (file or folder) with the rules that it names", needs[j])
                              : fmt::format("it is made of a rule that was refused: '{}'", needs[j]), "/correlation/rules/" + std::to_string(j));
          moved = true;
        } else {
          ready = ready && resolved[found->second] != 0;
        }
      }
      if (!one.usable || !ready) continue;
      resolved[i] = 1;
      moved = true;
    }
  }
  for (std::size_t i = 0; i < loaded.size(); ++i)
    if (loaded[i].usable && resolved[i] == 0) refuse(loaded[i], "it is made of itself, by way of others", "/correlation/rules");
}

// The field that stands for a group-by name in events of the rule at `position`; empty: an alias without it.
std::string field_of(const Correlation& correlation, const std::string& name, std::size_t position) {
  for (const auto& [alias, fields] : correlation.aliases) {
    if (alias != name) continue;
    for (const auto& [rule, field] : fields)
      if (rule == correlation.rules[position]) return field;
    return {};
  }
  return name;
}

void refuse_bad_aliases(std::vector<Loaded>& loaded, std::vector<Refused>& refused) {
  for (Loaded& one : loaded) {
    if (!one.usable || !one.rule.correlation) continue;
    const Correlation& correlation = *one.rule.correlation;
    for (std::size_t i = 0; i < correlation.rules.size() && one.usable; ++i)
      for (const std::string& name : correlation.group_by) {
        if (!field_of(correlation, name, i).empty()) continue;
        one.usable = false;
        refused.push_back(refusal(*one.source, one.rule.title,
                                  fmt::format("the alias '{}' names no field of '{}'", name, correlation.rules[i]), "/correlation/aliases/" + name));
        break;
      }
  }
}

}  // namespace

std::uint32_t line_of(const RuleSource& source, const std::string& pointer) {
  for (std::string at = pointer;;) {
    if (const auto found = source.lines.find(at); found != source.lines.end()) return found->second;
    const std::size_t slash = at.rfind('/');
    if (slash == std::string::npos) return 0;
    at.resize(slash);
  }
}

std::string to_text(const Refused& refused) {
  const std::string where = refused.line == 0 ? refused.file : fmt::format("{}:{}", refused.file, refused.line);
  return fmt::format("{}: {}", where, refused.reason);
}

std::shared_ptr<const RuleSet> RuleSet::load(const std::vector<RuleSource>& sources, std::vector<Refused>& refused) {
  std::vector<Loaded> loaded;
  Names names;
  std::set<std::string> unread;
  for (const RuleSource& source : sources) {
    auto rule = parse_rule(source.document);
    const std::string title = string_or(source.document, "title");
    if (!rule) {
      refused.push_back(refusal(source, title, rule.error().message, rule.error().pointer));
      for (const char* key : {"id", "name"}) unread.insert(string_or(source.document, key));
      continue;
    }
    if (loaded.size() >= kMostRules) {
      refused.push_back(refusal(source, title, fmt::format("a set holds at most {} rules", kMostRules), ""));
      continue;
    }
    const bool twice = (!rule->id.empty() && names.contains(rule->id)) || (!rule->name.empty() && names.contains(rule->name));
    if (twice) {
      refused.push_back(refusal(source, title, "another rule of the set has its id or name", rule->id.empty() ? "/name" : "/id"));
      continue;
    }
    if (!rule->id.empty()) names[rule->id] = loaded.size();
    if (!rule->name.empty()) names[rule->name] = loaded.size();
    loaded.push_back({std::move(*rule), &source, true});
  }
  refuse_bad_aliases(loaded, refused);
  refuse_unlinked(loaded, names, unread, refused);

  std::shared_ptr<RuleSet> out(new RuleSet());
  std::vector<std::uint32_t> place(loaded.size(), 0);
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    if (!loaded[i].usable) continue;
    place[i] = static_cast<std::uint32_t>(out->rules_.size());
    out->rules_.push_back(std::move(loaded[i].rule));
    out->files_.push_back(loaded[i].source->file);
  }
  std::vector<std::string> extra{"caller"};
  std::vector<const Rule*> detections;
  std::vector<char> part(out->rules_.size(), 0), wanted(out->rules_.size(), 0);
  for (std::uint32_t i = 0; i < out->rules_.size(); ++i) {
    const Rule& rule = out->rules_[i];
    if (!rule.correlation) {
      detections.push_back(&rule);
      out->detections_.push_back(i);
      continue;
    }
    Linked linked;
    linked.rule = i;
    for (std::size_t j = 0; j < rule.correlation->rules.size(); ++j) {
      linked.from.push_back(place[names.at(rule.correlation->rules[j])]);
      (rule.correlation->generate ? wanted : part)[linked.from.back()] = 1;
      for (const std::string& name : rule.correlation->group_by) extra.push_back(field_of(*rule.correlation, name, j));
    }
    if (!rule.correlation->field.empty()) extra.push_back(rule.correlation->field);
    out->correlations_.push_back(std::move(linked));
  }
  for (std::size_t i = 0; i < out->rules_.size(); ++i) out->speaks_.push_back(part[i] == 0 || wanted[i] != 0 ? 1 : 0);
  out->matcher_ = std::make_unique<Matcher>(detections, extra);
  const FieldTable& fields = out->matcher_->fields();
  for (Linked& linked : out->correlations_) {
    const Correlation& correlation = *out->rules_[linked.rule].correlation;
    for (std::size_t j = 0; j < correlation.rules.size(); ++j) {
      std::vector<std::uint32_t> slots;
      for (const std::string& name : correlation.group_by) slots.push_back(fields.find(field_of(correlation, name, j))->second);
      linked.group_slots.push_back(std::move(slots));
    }
    if (!correlation.field.empty()) linked.value_slot = fields.find(correlation.field)->second;
  }
  // Each after those it is made of.
  std::vector<Linked> ordered;
  std::set<std::uint32_t> done(out->detections_.begin(), out->detections_.end());
  while (ordered.size() < out->correlations_.size())
    for (const Linked& linked : out->correlations_) {
      const bool ready = std::all_of(linked.from.begin(), linked.from.end(), [&](std::uint32_t rule) { return done.contains(rule); });
      if (ready && done.insert(linked.rule).second) ordered.push_back(linked);
    }
  out->correlations_ = std::move(ordered);
  return out;
}

const Rule* RuleSet::find(std::string_view id_or_name) const {
  for (const Rule& rule : rules_)
    if ((!rule.id.empty() && rule.id == id_or_name) || (!rule.name.empty() && rule.name == id_or_name)) return &rule;
  return nullptr;
}

std::set<std::string> RuleSet::needs(std::string_view category) const {
  std::set<std::string> out;
  std::vector<char> concerned(rules_.size(), 0);
  for (const std::uint32_t at : detections_) {
    const Rule& rule = rules_[at];
    if ((!rule.source.product.empty() && rule.source.product != "firebreak") || (!rule.source.category.empty() && rule.source.category != category)) continue;
    concerned[at] = 1;
    for (const Atom& atom : rule.atoms) {
      out.insert(atom.field);
      out.insert(atom.other);
    }
  }
  for (const Linked& linked : correlations_) {
    const Correlation& correlation = *rules_[linked.rule].correlation;
    for (std::size_t i = 0; i < linked.from.size(); ++i) {
      if (concerned[linked.from[i]] == 0) continue;
      concerned[linked.rule] = 1;
      out.insert(correlation.field);
      for (const std::string& name : correlation.group_by) out.insert(field_of(correlation, name, i));
    }
  }
  out.erase("");
  return out;
}

std::size_t RuleSet::bytes() const {
  std::size_t out = matcher_->bytes();
  for (const Rule& rule : rules_) {
    out += sizeof(Rule) + rule.description.size() + rule.title.size();
    for (const Atom& atom : rule.atoms) out += sizeof(Atom) + atom.pattern.tokens().size() * 2;
  }
  return out;
}

}  // namespace firebreak::rules
