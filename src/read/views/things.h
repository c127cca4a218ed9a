// What is written in one transaction, held as documents until its end: an incident that fifty entries change is read, parsed and
// written once and not fifty times. Inside a transaction questions by id are answered from here; everything else flushes first.
//
// Threads: one at a time, as Database.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "read/views/sqlite.h"

namespace firebreak::views {

class Things {
 public:
  static Result<Things> prepare(const Database& database);  // after the tables are there

  // The document, to be changed in place and written at the next flush; null: there is none.
  Result<JsonObject*> change(std::string_view kind, std::string_view id);
  Result<const JsonObject*> look(std::string_view kind, std::string_view id);
  // `whole`: what it is a part of; none: its "incident".
  void put(std::string_view kind, JsonObject document, std::optional<std::string> whole);

  // What a name stands for; a name that is given again stands for the newer.
  void name(std::string_view name, std::string_view id);
  Result<std::string> named(std::string_view name);

  Result<void> flush();
  void forget();  // after a flush: to keep the memory small; without: what was not written is given up

 private:
  struct Columns {  // what lists ask by; equal ones are not written again, and their indexes stay as they are
    std::int64_t created = 0;
    std::string incident, endpoint, state;
    bool operator==(const Columns&) const = default;
  };
  struct Held {
    Json document;                     // an object
    std::optional<Columns> written;    // none: it may be new
    std::optional<std::string> whole;
    bool dirty = false, absent = false;
  };
  using Key = std::pair<std::string, std::string>;
  // A pair of views finds a pair of strings.
  struct Hash {
    using is_transparent = void;
    template <class Of>
    std::size_t operator()(const Of& key) const {
      const std::hash<std::string_view> hash;
      return hash(key.first) * 31 + hash(key.second);
    }
  };
  struct Equal {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::string_view(a.first) == std::string_view(b.first) && std::string_view(a.second) == std::string_view(b.second);
    }
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
  };
  using Map = std::unordered_map<Key, Held, Hash, Equal>;  // no order of it reaches a row: dirty_ has its own

  explicit Things(std::vector<Statement> statements) : statements_(std::move(statements)) {}
  Result<Held*> load(std::string_view kind, std::string_view id);
  void soil(Map::value_type& held);
  Result<void> write(const Key& key, Held& held);

  std::vector<Statement> statements_;
  Map held_;
  std::deque<Map::value_type*> dirty_;  // in the order of their first change
  std::unordered_map<std::string, std::string, NameHash, std::equal_to<>> names_;
  std::vector<std::string> new_names_;
};

}  // namespace firebreak::views
