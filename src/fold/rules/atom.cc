#include "fold/rules/atom.h"

#include <fmt/core.h>

#include <chrono>
#include <cmath>

namespace firebreak::rules {
namespace {

double part_of(Time time, TimePart part) {
  using namespace std::chrono;
  const auto seconds_of = floor<seconds>(microseconds(time.us));
  const auto day = floor<days>(seconds_of);
  const sys_days date{day};
  const year_month_day calendar{date};
  const auto second = static_cast<double>((seconds_of - day).count());
  switch (part) {
    case TimePart::kMinute: return std::fmod(std::floor(second / 60), 60);
    case TimePart::kHour: return std::floor(second / 3600);
    case TimePart::kDay: return static_cast<double>(static_cast<unsigned>(calendar.day()));
    case TimePart::kMonth: return static_cast<double>(static_cast<unsigned>(calendar.month()));
    case TimePart::kYear: return static_cast<double>(static_cast<int>(calendar.year()));
    default: break;
  }
  // ISO 8601: the week that a date's Thursday lies in.
  const sys_days thursday = date + days(4 - static_cast<int>(weekday{date}.iso_encoding()));
  const sys_days first{year_month_day{thursday}.year() / January / 1};
  return static_cast<double>((thursday - first).count() / 7 + 1);
}

bool time_of(const Value& value, Time& out) {
  if (value.kind == ValueKind::kTime) {
    out.us = static_cast<std::int64_t>(value.number);
    return true;
  }
  if (value.kind != ValueKind::kText) return false;
  const auto time = parse_time(value.text);
  if (time) out = *time;
  return time.has_value();
}

bool compared(Op op, double value, double limit) {
  switch (op) {
    case Op::kNumber: return value == limit;
    case Op::kLess: return value < limit;
    case Op::kLessOrEqual: return value <= limit;
    case Op::kGreater: return value > limit;
    case Op::kGreaterOrEqual: return value >= limit;
    default: return false;
  }
}

bool inside(const Cidr& cidr, std::string_view text) {
  const auto address = parse_address(text);
  if (!address || address->size() != cidr.network.size()) return false;
  for (unsigned bit = 0; bit < cidr.bits; bit += 8) {
    const unsigned left = cidr.bits - bit;
    const auto mask = static_cast<unsigned char>(left >= 8 ? 0xff : 0xff << (8 - left));
    const auto differs = static_cast<unsigned char>((*address)[bit / 8]) ^ static_cast<unsigned char>(cidr.network[bit / 8]);
    if ((differs & mask) != 0) return false;
  }
  return true;
}

bool refers(const Atom& atom, const Value& value, const Value& other) {
  double a = 0, b = 0;
  if (value.kind == ValueKind::kNumber && other.kind == ValueKind::kNumber && !atom.starts && !atom.ends)
    return number_of(value, a) && number_of(other, b) && a == b;
  std::array<char, 40> mine{}, theirs{};
  const auto readable = [](const Value& v) {
    return v.kind == ValueKind::kText || v.kind == ValueKind::kNumber || v.kind == ValueKind::kFlag || v.kind == ValueKind::kTime;
  };
  if (!readable(value) || !readable(other)) return false;
  Pattern pattern = Pattern::literal(text_of(other, theirs));
  pattern.set_cased(atom.cased);
  if (atom.starts) pattern.any_after();
  if (atom.ends) pattern.any_before();
  return pattern.matches(text_of(value, mine));
}

bool holds_one(const Atom& atom, const Value& value) {
  std::array<char, 40> buffer{};
  const bool readable = value.kind == ValueKind::kText || value.kind == ValueKind::kNumber || value.kind == ValueKind::kFlag ||
                        value.kind == ValueKind::kTime;
  if (!readable) return false;
  switch (atom.op) {
    case Op::kText: return atom.pattern.matches(text_of(value, buffer));
    case Op::kRegex: return atom.regex->found_in(text_of(value, buffer));
    case Op::kCidr: return inside(atom.cidr, text_of(value, buffer));
    default: break;
  }
  double number = 0;
  if (atom.part != TimePart::kNone) {
    Time time;
    return time_of(value, time) && compared(atom.op, part_of(time, atom.part), atom.number);
  }
  return number_of(value, number) && compared(atom.op, number, atom.number);
}

constexpr std::string_view kSaid[] = {"is", "is", "is less than", "is at most", "is greater than", "is at least",
                                      "matches the regular expression", "is an address in", "is null or not there", "is there", "is"};
constexpr std::string_view kParts[] = {"", "minute", "hour", "day", "week", "month", "year"};

}  // namespace

bool holds(const Atom& atom, const Event& event, const Value& value, const Value* other) {
  if (atom.field.empty()) {
    for (const Value& word : event.words)
      if (holds_one(atom, word)) return true;
    return false;
  }
  if (atom.op == Op::kNull) return value.kind == ValueKind::kAbsent || value.kind == ValueKind::kNull;
  if (atom.op == Op::kExists) return value.kind != ValueKind::kAbsent;
  if (atom.op == Op::kField) {
    const auto any_other = [&](const Value& mine) {
      if (other->kind != ValueKind::kList) return refers(atom, mine, *other);
      for (std::uint32_t i = 0; i < other->count; ++i)
        if (refers(atom, mine, event.items[other->first + i])) return true;
      return false;
    };
    if (value.kind != ValueKind::kList) return any_other(value);
    for (std::uint32_t i = 0; i < value.count; ++i)
      if (any_other(event.items[value.first + i])) return true;
    return false;
  }
  if (value.kind != ValueKind::kList) return holds_one(atom, value);
  for (std::uint32_t i = 0; i < value.count; ++i)
    if (holds_one(atom, event.items[value.first + i])) return true;
  return false;
}

std::string Atom::key() const {
  std::string out = fmt::format("{}\x1f{}\x1f{}\x1f", field, static_cast<int>(op), static_cast<int>(part));
  switch (op) {
    case Op::kText: return out + (pattern.cased() ? "c" : "i") + (pattern.cased() ? pattern.text() : lower(pattern.text()));
    case Op::kRegex: return out + flags + "\x1f" + regex->pattern();
    case Op::kCidr: return out + fmt::format("{}/{}", std::string_view(cidr.network), cidr.bits);
    case Op::kField: return out + fmt::format("{}{}{}{}", other, starts, ends, cased);
    case Op::kNull:
    case Op::kExists: return out;
    default: return out + fmt::format("{:a}", number);
  }
}

std::string Atom::said() const {
  std::string what = field.empty() ? "any value" : field;
  if (part != TimePart::kNone) what = fmt::format("the {} of {}", kParts[static_cast<int>(part)], field);
  const std::string_view verb = kSaid[static_cast<int>(op)];
  switch (op) {
    case Op::kText: {
      const auto whole = pattern.whole();
      const std::string_view how = pattern.cased() ? " (case matters)" : "";
      return whole ? fmt::format("{} is '{}'{}", what, *whole, how) : fmt::format("{} is like '{}'{}", what, pattern.text(), how);
    }
    case Op::kRegex: return fmt::format("{} {} /{}/{}", what, verb, regex->pattern(), flags);
    case Op::kCidr: return fmt::format("{} {} {}", what, verb, text);
    case Op::kNull:
    case Op::kExists: return fmt::format("{} {}", what, verb);
    case Op::kField:
      return fmt::format("{} {} the value of {}", what,
                         starts && ends ? "contains" : starts ? "starts with" : ends ? "ends with" : "is", other);
    default: {
      std::string figure;
      append_json_number(figure, number);
      return fmt::format("{} {} {}", what, verb, figure);
    }
  }
}

std::size_t nodes(const Expr& expr) {
  std::size_t count = 1;
  for (const Expr& part : expr.parts) count += nodes(part);
  return count;
}

}  // namespace firebreak::rules
