// All detection rules of a set as one program: an event is looked at once, whatever the number of rules.
//
// Each rule has guards: a set of questions of which at least one must be answered yes before the rule can match. The guards of all
// rules are shared tables by field (exact texts: a hash table; numbers: sorted limits; parts of texts: one automaton), so an
// event leads to the few rules that it may concern, and only their conditions are worked out, each question at most once.
// A rule that may match by what is absent has no guard and is worked out every time.
//
// Immutable once built; any number of threads, each with its own Scratch. Deterministic: matches come in the order of rules.
#pragma once

#include <memory>
#include <vector>

#include "fold/rules/event.h"
#include "fold/rules/rule.h"
#include "fold/rules/tables.h"

namespace firebreak::rules {

class Matcher {
 public:
  struct Scratch {
    std::vector<std::uint32_t> asked, marked;  // by question, by rule: the event that it was seen at
    std::vector<char> answers;
    std::vector<std::uint32_t> candidates;
    std::uint32_t event = 0;
    std::string lowered;
    Logsource source;
    std::vector<char> active;  // by group of rules with one logsource
    bool known = false;
  };

  // `rules`: detections, by address; `extra`: fields that something else (a correlation) reads of events.
  Matcher(const std::vector<const Rule*>& rules, const std::vector<std::string>& extra);
  ~Matcher();

  const FieldTable& fields() const { return fields_; }
  bool words() const { return words_; }  // some rule searches keywords: events must hold every value

  // The rules that match, as positions in `rules`, ascending.
  void match(const Event& event, Scratch& scratch, std::vector<std::uint32_t>& matches) const;

  std::size_t questions() const { return atoms_.size(); }
  std::size_t unguarded() const;
  std::size_t bytes() const;

 private:
  struct Node {
    Expr::Kind kind;
    std::uint32_t atom = 0, first = 0, count = 0;  // children: of children_
  };
  struct Slot;

  std::uint32_t intern(const Atom& atom);
  std::uint32_t flatten(const Expr& expr, const std::vector<std::uint32_t>& atoms);
  void guard(const Atom& atom, std::uint32_t rule);
  void guard_numbers(Slot& slot, const Atom& atom, std::uint32_t rule);
  void look(const Event& event, const Slot& slot, const Value& value, Scratch& scratch) const;
  void look_text(const Slot& slot, std::string_view text, Scratch& scratch) const;
  void mark(std::uint32_t rule, Scratch& scratch) const;
  void mark_all(const RuleList& rules, Scratch& scratch) const;
  void choose_groups(const Event& event, Scratch& scratch) const;
  bool evaluate(std::uint32_t node, const Event& event, Scratch& scratch) const;
  bool ask(std::uint32_t atom, const Event& event, Scratch& scratch) const;

  FieldTable fields_;
  bool words_ = false;
  std::vector<Atom> atoms_;
  std::map<std::string, std::uint32_t> known_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> slots_of_;  // by question: its field's slot, the other field's
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> children_, roots_, groups_;  // roots_, groups_: by rule
  std::vector<Logsource> sources_;                        // by group
  std::vector<std::unique_ptr<Slot>> guards_;             // by slot; the last one: keywords
  std::vector<std::uint32_t> busy_;                       // slots that have guards
  std::vector<RuleList> always_;                          // by group
};

}  // namespace firebreak::rules
