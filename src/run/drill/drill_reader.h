// Reads one object of a drill's document: each getter names the place, done() refuses what nobody asked for.
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "run/drill/drill_document.h"

namespace firebreak::drill {

class Reader {
 public:
  Reader(const Json& value, std::string place) : value_(value), place_(std::move(place)) {}

  Result<void> keys(std::initializer_list<std::string_view> allowed) const {
    if (!value_.is_object()) return fail(Code::kInvalid, "must be a map", place_);
    return placed(only_keys(value_, allowed));
  }
  // Not empty, at most 4,000 octets.
  Result<std::string> text(std::string_view key) const {
    auto got = placed(get_string(value_, key));
    if (got && (got->empty() || got->size() > 4'000)) return fail(Code::kInvalid, fmt::format("'{}' has 1 to 4000 octets", key), at(key));
    return got;
  }
  Result<std::string> text_or(std::string_view key, const std::string& fallback) const { return find(value_, key) == nullptr ? Result<std::string>(fallback) : text(key); }
  Result<std::string> one_of(std::string_view key, std::initializer_list<std::string_view> words) const {
    FIREBREAK_ASSIGN(std::string got, text(key));
    std::string all;
    for (const std::string_view word : words) {
      if (word == got) return got;
      all += (all.empty() ? "" : ", ") + std::string(word);
    }
    return fail(Code::kInvalid, fmt::format("'{}' is none of {}", got, all), at(key));
  }
  Result<std::string> name(std::string_view key) const {
    FIREBREAK_ASSIGN(std::string got, text(key));
    if (!is_name(got)) return fail(Code::kInvalid, fmt::format("'{}' is no name: 1 to 64 of a-z 0-9 . _ -", got), at(key));
    return got;
  }
  Result<Time> time(std::string_view key) const { return placed(get_time(value_, key)); }
  Result<bool> flag(std::string_view key) const { return find(value_, key) == nullptr ? Result<bool>(false) : placed(get_bool(value_, key)); }
  Result<std::int64_t> span(std::string_view key) const {
    FIREBREAK_ASSIGN(const std::string got, text(key));
    auto us = parse_span(got);
    if (!us) return fail(std::move(us.error()).at(at(key)));
    return us;
  }
  Result<std::vector<std::string>> texts(std::string_view key, bool needed = false) const {
    if (find(value_, key) == nullptr && !needed) return std::vector<std::string>{};
    return placed(get_strings(value_, key));
  }
  const Json* member(std::string_view key) const { return find(value_, key); }
  std::string at(std::string_view key) const { return fmt::format("{}/{}", place_, key); }
  const Json& value() const { return value_; }
  const std::string& place() const { return place_; }

  // read(Reader of the item) for each item of the list at `key`, which may be missing.
  template <class Read>
  Result<void> each(std::string_view key, std::size_t most, Read read) const {
    const Json* const list = find(value_, key);
    if (list == nullptr) return {};
    if (!list->is_array()) return fail(Code::kInvalid, fmt::format("'{}' must be a list", key), at(key));
    if (list->get_array().size() > most) return fail(Code::kTooLarge, fmt::format("'{}' has more than {} items", key, most), at(key));
    std::size_t i = 0;
    for (const Json& item : list->get_array()) FIREBREAK_TRY(read(Reader(item, fmt::format("{}/{}", at(key), i++))));
    return {};
  }

 private:
  template <class T>
  Result<T> placed(Result<T> got) const {
    if (!got) return fail(std::move(got.error()).at(place_));
    return got;
  }

  const Json& value_;
  const std::string place_;
};

Result<Pattern> read_pattern(const Reader& in, std::string_view key, bool needed);

}  // namespace firebreak::drill
