#include "fold/rules/tables.h"

#include <algorithm>
#include <bit>
#include <map>

namespace firebreak::rules {
namespace {

std::uint64_t hash(std::string_view text) {  // FNV-1a
  std::uint64_t out = 1469598103934665603ULL;
  for (const char c : text) out = (out ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return out ^ (out >> 32);
}

void sort_unique(RuleList& rules) {
  std::sort(rules.begin(), rules.end());
  rules.erase(std::unique(rules.begin(), rules.end()), rules.end());
}

}  // namespace

void TextTable::add(const std::string& text, std::uint32_t rule) { items_.push_back({text, {rule}}); }

void TextTable::build() {
  std::map<std::string, RuleList> joined;
  for (Item& item : items_) joined[item.text].push_back(item.rules.front());
  items_.clear();
  for (auto& [text, rules] : joined) {
    sort_unique(rules);
    items_.push_back({text, std::move(rules)});
  }
  slots_.assign(items_.empty() ? 0 : std::bit_ceil(items_.size() * 2), 0);
  for (std::uint32_t i = 0; i < items_.size(); ++i) {
    std::size_t at = hash(items_[i].text) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = i + 1;
  }
}

const RuleList* TextTable::find(std::string_view text) const {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = hash(text) & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
    if (const Item& item = items_[slots_[at] - 1]; item.text == text) return &item.rules;
  return nullptr;
}

std::size_t TextTable::bytes() const {
  std::size_t out = slots_.capacity() * sizeof(std::uint32_t) + items_.capacity() * sizeof(Item);
  for (const Item& item : items_) out += item.text.capacity() + item.rules.capacity() * sizeof(std::uint32_t);
  return out;
}

void Needles::add(const std::string& needle, std::uint32_t rule) { needles_.emplace_back(needle, rule); }

void Needles::build() {
  class_.fill(0);
  classes_ = 1;  // 0: in no needle
  for (const auto& [needle, rule] : needles_)
    for (const char c : needle)
      if (std::uint16_t& of = class_[static_cast<unsigned char>(c)]; of == 0) of = static_cast<std::uint16_t>(classes_++);
  std::vector<RuleList> ends(1);
  next_.assign(classes_, 0);
  for (const auto& [needle, rule] : needles_) {
    std::uint32_t state = 0;
    for (const char c : needle) {
      const std::size_t edge = state * classes_ + class_[static_cast<unsigned char>(c)];
      if (next_[edge] == 0) {
        next_[edge] = static_cast<std::uint32_t>(ends.size());
        ends.emplace_back();
        next_.resize(next_.size() + classes_, 0);
      }
      state = next_[edge];
    }
    ends[state].push_back(rule);
  }
  // Breadth first: a state's failure link is shorter than the state, so what it leads to is known.
  std::vector<std::uint32_t> link(ends.size(), 0), queue;
  for (std::uint32_t c = 0; c < classes_; ++c)
    if (next_[c] != 0) queue.push_back(next_[c]);
  for (std::size_t i = 0; i < queue.size(); ++i) {
    const std::uint32_t state = queue[i];
    const RuleList& inherited = ends[link[state]];
    ends[state].insert(ends[state].end(), inherited.begin(), inherited.end());
    for (std::uint32_t c = 0; c < classes_; ++c) {
      std::uint32_t& edge = next_[state * classes_ + c];
      const std::uint32_t behind = next_[link[state] * classes_ + c];
      if (edge != 0) {
        link[edge] = behind;
        queue.push_back(edge);
      } else {
        edge = behind;
      }
    }
  }
  out_.assign(ends.size(), 0);
  lists_.assign(1, {});
  for (std::uint32_t state = 0; state < ends.size(); ++state) {
    if (ends[state].empty()) continue;
    sort_unique(ends[state]);
    out_[state] = static_cast<std::uint32_t>(lists_.size());
    lists_.push_back(std::move(ends[state]));
  }
}

std::size_t Needles::bytes() const {
  std::size_t out = (next_.capacity() + out_.capacity()) * sizeof(std::uint32_t);
  for (const auto& list : lists_) out += sizeof(list) + list.capacity() * sizeof(std::uint32_t);
  for (const auto& [needle, rule] : needles_) out += sizeof(needle) + sizeof(rule) + needle.capacity();
  return out;
}

void Thresholds::build() { std::sort(items_.begin(), items_.end()); }

}  // namespace firebreak::rules
