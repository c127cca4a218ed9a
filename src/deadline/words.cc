// Whether a text says a number of a unit: the check that ties a period to the words it is drawn from.
#include <cctype>
#include <string>

#include "deadline/regime.h"

namespace firebreak::deadline {
namespace {

constexpr std::string_view kNumbers[] = {"",    "one",   "two",   "three", "four", "five",   "six",
                                         "seven", "eight", "nine", "ten",   "eleven", "twelve"};

// The words of a text in lower case; hyphens part words ("72-hour").
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool open = false;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      open = false;
      continue;
    }
    if (!open) words.emplace_back();
    open = true;
    words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return words;
}

bool is_one_or_many(std::string_view word, std::string_view one) {
  return word == one || (word.size() == one.size() + 1 && word.starts_with(one) && word.back() == 's');
}

// How many words from `at` on are the unit's; 0: they are not.
bool is_unit(const std::vector<std::string>& words, std::size_t at, Unit unit) {
  const auto is = [&](std::size_t i, std::string_view one) { return at + i < words.size() && is_one_or_many(words[at + i], one); };
  const bool business = is(0, "business") || is(0, "working");
  switch (unit) {
    case Unit::kHours: return is(0, "hour");
    case Unit::kDays: return is(0, "day") || (is(0, "calendar") && is(1, "day"));
    case Unit::kMonths: return is(0, "month");
    case Unit::kBusinessHours: return business && is(1, "hour");
    case Unit::kBusinessDays: return business && is(1, "day");
    case Unit::kImmediately: break;
  }
  return false;
}

}  // namespace

bool names_period(std::string_view text, Unit unit, int amount) {
  const std::vector<std::string> words = words_of(text);
  if (unit == Unit::kImmediately) {
    // No number: some word of haste.
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == "immediately" || words[i] == "promptly") return true;
      if (words[i] == "delay" && i > 0 && (words[i - 1] == "undue" || words[i - 1] == "unreasonable")) return true;
      if (words[i] == "soon" || words[i] == "request") return true;
    }
    return false;
  }
  const std::string digits = std::to_string(amount);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const bool number = words[i] == digits || (amount <= 12 && words[i] == kNumbers[amount]);
    if (number && is_unit(words, i + 1, unit)) return true;
  }
  return false;
}

}  // namespace firebreak::deadline
