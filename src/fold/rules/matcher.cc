#include "fold/rules/matcher.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace firebreak::rules {
namespace {

constexpr std::uint32_t kNoSlot = UINT32_MAX;
constexpr double kNever = std::numeric_limits<double>::infinity();

// How often a question is likely to be answered yes: what guards a rule should be rare. Only speed depends on it.
double frequency(const Atom& atom) {
  static const std::set<std::string, std::less<>> kFew{"disposition", "endpoint", "type", "kind", "status", "action", "stream",
                                                       "output.label", "label", "release", "severity", "phase", "model.known"};
  switch (atom.op) {
    case Op::kText: {
      if (atom.pattern.whole()) return kFew.contains(atom.field) ? 20 : 1;
      const std::size_t length = atom.pattern.longest_literal().size();
      return length == 0 ? 50 : length < 3 ? 10 : kFew.contains(atom.field) ? 20 : 2;
    }
    case Op::kNumber: return atom.part == TimePart::kNone ? 2 : 40;
    case Op::kRegex: return required_literal(atom.regex->pattern(), atom.flags.find('i') != std::string::npos).size() < 3 ? 45 : 3;
    case Op::kNull: return kNever;
    case Op::kExists:
    case Op::kCidr:
    case Op::kField: return 45;
    default: return atom.part == TimePart::kNone ? 10 : 40;
  }
}

struct Guards {
  double cost = kNever;
  std::vector<std::size_t> atoms;  // of the rule
};

// At least one of the guards holds whenever `expr` (negated: its opposite) does. Infinite cost: there are none.
Guards guards_of(const Expr& expr, const std::vector<Atom>& atoms, bool negated) {
  if (expr.kind == Expr::Kind::kNot) return guards_of(expr.parts.front(), atoms, !negated);
  if (expr.kind == Expr::Kind::kAtom) {
    if (negated) return {};
    return {frequency(atoms[expr.atom]), {expr.atom}};
  }
  const bool all = (expr.kind == Expr::Kind::kAnd) != negated;
  Guards out;
  if (!all) out.cost = 0;
  for (const Expr& part : expr.parts) {
    Guards one = guards_of(part, atoms, negated);
    if (all) {
      if (one.cost < out.cost) out = std::move(one);
    } else {
      out.cost += one.cost;
      out.atoms.insert(out.atoms.end(), one.atoms.begin(), one.atoms.end());
    }
  }
  return out;
}

bool applies(const Logsource& rule, const Logsource& event) {
  return (rule.product.empty() || rule.product == event.product) && (rule.category.empty() || rule.category == event.category) &&
         (rule.service.empty() || rule.service == event.service);
}

}  // namespace

struct Matcher::Slot {
  TextTable texts;   // in lower case
  Needles needles;   // in lower case
  TextTable numbers;  // by their octets
  Thresholds over, under;  // value >= limit, value <= limit; the question itself tells > from >=
  RuleList present;
  bool asks_text = false, asks_number = false;
};

Matcher::~Matcher() = default;

Matcher::Matcher(const std::vector<const Rule*>& rules, const std::vector<std::string>& extra) {
  std::set<std::string> names(extra.begin(), extra.end());
  for (const Rule* rule : rules)
    for (const Atom& atom : rule->atoms) {
      if (atom.field.empty()) words_ = true;
      if (!atom.field.empty()) names.insert(atom.field);
      if (!atom.other.empty()) names.insert(atom.other);
    }
  for (const std::string& name : names) fields_.emplace(name, static_cast<std::uint32_t>(fields_.size()));
  for (std::size_t i = 0; i <= fields_.size(); ++i) guards_.push_back(std::make_unique<Slot>());
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = *rules[i];
    std::vector<std::uint32_t> atoms;
    for (const Atom& atom : rule.atoms) atoms.push_back(intern(atom));
    roots_.push_back(flatten(rule.condition, atoms));
    const auto group = std::find(sources_.begin(), sources_.end(), rule.source);
    groups_.push_back(static_cast<std::uint32_t>(group - sources_.begin()));
    if (group == sources_.end()) {
      sources_.push_back(rule.source);
      always_.emplace_back();
    }
    const Guards guards = guards_of(rule.condition, rule.atoms, false);
    if (!std::isfinite(guards.cost)) always_[groups_.back()].push_back(i);
    if (std::isfinite(guards.cost))
      for (const std::size_t atom : guards.atoms) guard(rule.atoms[atom], i);
  }
  for (std::uint32_t i = 0; i < guards_.size(); ++i) {
    Slot& slot = *guards_[i];
    slot.texts.build();
    slot.needles.build();
    slot.numbers.build();
    slot.over.build();
    slot.under.build();
    std::sort(slot.present.begin(), slot.present.end());
    slot.asks_text = !slot.texts.empty() || !slot.needles.empty();
    slot.asks_number = !slot.numbers.empty() || !slot.over.empty() || !slot.under.empty();
    if ((slot.asks_text || slot.asks_number || !slot.present.empty()) && i < fields_.size()) busy_.push_back(i);
  }
}

std::uint32_t Matcher::intern(const Atom& atom) {
  const auto [at, fresh] = known_.try_emplace(atom.key(), static_cast<std::uint32_t>(atoms_.size()));
  if (!fresh) return at->second;
  atoms_.push_back(atom);
  const auto slot = [&](const std::string& name) { return name.empty() ? kNoSlot : fields_.at(name); };
  slots_of_.emplace_back(slot(atom.field), slot(atom.other));
  return at->second;
}

std::uint32_t Matcher::flatten(const Expr& expr, const std::vector<std::uint32_t>& atoms) {
  std::vector<std::uint32_t> parts;
  for (const Expr& part : expr.parts) parts.push_back(flatten(part, atoms));
  Node node{expr.kind, 0, static_cast<std::uint32_t>(children_.size()), static_cast<std::uint32_t>(parts.size())};
  if (expr.kind == Expr::Kind::kAtom) node.atom = atoms[expr.atom];
  children_.insert(children_.end(), parts.begin(), parts.end());
  nodes_.push_back(node);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void Matcher::guard(const Atom& atom, std::uint32_t rule) {
  Slot& slot = *guards_[atom.field.empty() ? fields_.size() : fields_.at(atom.field)];
  const bool insensitive = atom.flags.find('i') != std::string::npos;
  if (atom.op == Op::kText) {
    const auto whole = atom.pattern.whole();
    const std::string literal = atom.pattern.longest_literal();
    if (whole) return slot.texts.add(lower(*whole), rule);
    if (!literal.empty()) return slot.needles.add(literal, rule);
  } else if (atom.op == Op::kRegex) {
    const std::string literal = required_literal(atom.regex->pattern(), insensitive);
    if (!literal.empty()) return slot.needles.add(literal, rule);
  } else if (atom.part == TimePart::kNone && atom.op >= Op::kNumber && atom.op <= Op::kGreaterOrEqual) {
    return guard_numbers(slot, atom, rule);
  }
  slot.present.push_back(rule);
}

void Matcher::guard_numbers(Slot& slot, const Atom& atom, std::uint32_t rule) {
  const double number = atom.number == 0 ? 0 : atom.number;  // -0 is 0
  switch (atom.op) {
    case Op::kNumber: return slot.numbers.add(std::string(reinterpret_cast<const char*>(&number), sizeof number), rule);
    case Op::kGreater:
    case Op::kGreaterOrEqual: return slot.over.add(number, rule);
    default: return slot.under.add(number, rule);
  }
}

void Matcher::choose_groups(const Event& event, Scratch& scratch) const {
  scratch.source = event.source;
  scratch.known = true;
  scratch.active.assign(sources_.size(), 0);
  for (std::size_t i = 0; i < sources_.size(); ++i) scratch.active[i] = applies(sources_[i], event.source) ? 1 : 0;
}

void Matcher::mark(std::uint32_t rule, Scratch& scratch) const {
  if (scratch.marked[rule] == scratch.event) return;
  scratch.marked[rule] = scratch.event;
  if (scratch.active[groups_[rule]] != 0) scratch.candidates.push_back(rule);
}

void Matcher::mark_all(const RuleList& rules, Scratch& scratch) const {
  for (const std::uint32_t rule : rules) mark(rule, scratch);
}

void Matcher::look_text(const Slot& slot, std::string_view text, Scratch& scratch) const {
  scratch.lowered.resize(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) scratch.lowered[i] = lower(text[i]);
  if (const RuleList* found = slot.texts.find(scratch.lowered)) mark_all(*found, scratch);
  if (!slot.needles.empty()) slot.needles.search(scratch.lowered, [&](const RuleList& rules) { mark_all(rules, scratch); });
}

void Matcher::look(const Event& event, const Slot& slot, const Value& value, Scratch& scratch) const {
  if (value.kind == ValueKind::kAbsent) return;
  mark_all(slot.present, scratch);
  if (value.kind == ValueKind::kList) {
    for (std::uint32_t i = 0; i < value.count; ++i) look(event, slot, event.items[value.first + i], scratch);
    return;
  }
  if (slot.asks_text && value.kind != ValueKind::kNull && value.kind != ValueKind::kObject) {
    std::array<char, 40> buffer;
    look_text(slot, text_of(value, buffer), scratch);
  }
  double number = 0;
  if (!slot.asks_number || !number_of(value, number)) return;
  if (number == 0) number = 0;
  if (const RuleList* found = slot.numbers.find({reinterpret_cast<const char*>(&number), sizeof number})) mark_all(*found, scratch);
  slot.over.at_most(number, [&](std::uint32_t rule) { mark(rule, scratch); });
  slot.under.at_least(number, [&](std::uint32_t rule) { mark(rule, scratch); });
}

void Matcher::match(const Event& event, Scratch& scratch, std::vector<std::uint32_t>& matches) const {
  matches.clear();
  if (scratch.asked.size() != atoms_.size() || scratch.marked.size() != roots_.size() || ++scratch.event == 0) {
    scratch.asked.assign(atoms_.size(), 0);
    scratch.answers.assign(atoms_.size(), 0);
    scratch.marked.assign(roots_.size(), 0);
    scratch.event = 1;
  }
  if (!scratch.known || scratch.source != event.source) choose_groups(event, scratch);
  scratch.candidates.clear();
  for (const std::uint32_t slot : busy_) look(event, *guards_[slot], event.values[slot], scratch);
  if (words_)
    for (const Value& word : event.words) look(event, *guards_.back(), word, scratch);
  for (std::size_t group = 0; group < always_.size(); ++group)
    if (scratch.active[group] != 0) mark_all(always_[group], scratch);
  for (const std::uint32_t rule : scratch.candidates)
    if (evaluate(roots_[rule], event, scratch)) matches.push_back(rule);
  std::sort(matches.begin(), matches.end());
}

bool Matcher::evaluate(std::uint32_t at, const Event& event, Scratch& scratch) const {
  const Node& node = nodes_[at];
  const std::uint32_t* const child = children_.data() + node.first;
  switch (node.kind) {
    case Expr::Kind::kAtom: return ask(node.atom, event, scratch);
    case Expr::Kind::kNot: return !evaluate(*child, event, scratch);
    case Expr::Kind::kAnd:
      for (std::uint32_t i = 0; i < node.count; ++i)
        if (!evaluate(child[i], event, scratch)) return false;
      return true;
    case Expr::Kind::kOr: break;
  }
  for (std::uint32_t i = 0; i < node.count; ++i)
    if (evaluate(child[i], event, scratch)) return true;
  return false;
}

bool Matcher::ask(std::uint32_t atom, const Event& event, Scratch& scratch) const {
  if (scratch.asked[atom] == scratch.event) return scratch.answers[atom] != 0;
  static const Value kNothing;
  const auto [slot, other] = slots_of_[atom];
  const bool answer = holds(atoms_[atom], event, slot == kNoSlot ? kNothing : event.values[slot], other == kNoSlot ? &kNothing : &event.values[other]);
  scratch.asked[atom] = scratch.event;
  scratch.answers[atom] = answer ? 1 : 0;
  return answer;
}

std::size_t Matcher::unguarded() const {
  std::size_t count = 0;
  for (const RuleList& rules : always_) count += rules.size();
  return count;
}

std::size_t Matcher::bytes() const {
  std::size_t out = nodes_.capacity() * sizeof(Node) + (children_.capacity() + roots_.capacity() + groups_.capacity()) * 4;
  for (const Atom& atom : atoms_)
    out += sizeof(Atom) + atom.field.size() + atom.pattern.tokens().size() * 2 + (atom.regex ? atom.regex->bytes() : 0);
  for (const auto& slot : guards_)
    out += sizeof(Slot) + slot->texts.bytes() + slot->needles.bytes() + slot->numbers.bytes() + slot->over.bytes() + slot->under.bytes() +
           slot->present.capacity() * 4;
  return out;
}

}  // namespace firebreak::rules
