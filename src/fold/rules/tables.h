// What finds the rules that an event may concern, one structure for each kind of question a field is asked.
//
// Built once, read by any thread. None of them shows an order that depends on a hash: they give lists that were added in order.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak::rules {

using RuleList = std::vector<std::uint32_t>;

// Exact texts -> rules; open addressing, at most half full.
class TextTable {
 public:
  void add(const std::string& text, std::uint32_t rule);
  void build();
  const RuleList* find(std::string_view text) const;
  bool empty() const { return items_.empty(); }
  std::size_t bytes() const;

 private:
  struct Item {
    std::string text;
    RuleList rules;
  };
  std::vector<Item> items_;
  std::vector<std::uint32_t> slots_;  // 0: empty, else item + 1
};

// Many texts searched for in one pass: Aho & Corasick 1975, as an automaton over classes of octets.
class Needles {
 public:
  void add(const std::string& needle, std::uint32_t rule);
  void build();
  bool empty() const { return needles_.empty(); }
  std::size_t bytes() const;

  template <class Found>
  void search(std::string_view text, const Found& found) const {
    std::uint32_t state = 0;
    for (const char c : text) {
      state = next_[state * classes_ + class_[static_cast<unsigned char>(c)]];
      if (const std::uint32_t out = out_[state]; out != 0) found(lists_[out]);
    }
  }

 private:
  std::vector<std::pair<std::string, std::uint32_t>> needles_;
  std::array<std::uint16_t, 256> class_{};
  std::uint32_t classes_ = 1;
  std::vector<std::uint32_t> next_, out_;  // by state
  std::vector<RuleList> lists_;            // 0: none
};

// Sorted thresholds: the rules whose question a number answers are the first, or the last ones.
class Thresholds {
 public:
  void add(double limit, std::uint32_t rule) { items_.emplace_back(limit, rule); }
  void build();
  bool empty() const { return items_.empty(); }
  std::size_t bytes() const { return items_.capacity() * sizeof(items_[0]); }

  template <class Found>
  void at_most(double value, const Found& found) const {  // limits <= value
    for (const auto& [limit, rule] : items_) {
      if (!(limit <= value)) break;
      found(rule);
    }
  }
  template <class Found>
  void at_least(double value, const Found& found) const {  // limits >= value
    for (auto it = items_.rbegin(); it != items_.rend() && it->first >= value; ++it) found(it->second);
  }

 private:
  std::vector<std::pair<double, std::uint32_t>> items_;
};

}  // namespace firebreak::rules
