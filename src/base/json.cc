#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <set>

#include "base/json_arena.h"

namespace firebreak {
namespace {

// Builds the document while it is parsed. Boost.JSON's own parser keeps the last of two equal keys silently, so two
// readers could see two different documents; and it reads some doubles one unit in the last place off, so that what
// the writer wrote would not come back. This one refuses the first and reads numbers with std::from_chars.
struct Builder {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  // The keys of an object so far. Ours are sorted, and a key above the last one cannot be there already; only for others a set is made.
  struct Keys {
    std::string names;              // one behind the other, while they come sorted
    std::vector<std::size_t> ends;
    std::set<std::string, std::less<>> seen;  // from the first that is not

    std::string_view at(std::size_t i) const {
      const std::size_t from = i == 0 ? 0 : ends[i - 1];
      return std::string_view(names).substr(from, ends[i] - from);
    }
    bool add(std::string_view key) {  // false: it was there
      if (seen.empty() && (ends.empty() || key > at(ends.size() - 1))) {
        names += key;
        ends.push_back(names.size());
        return true;
      }
      if (seen.empty())
        for (std::size_t i = 0; i < ends.size(); ++i) seen.emplace(at(i));
      return seen.emplace(key).second;
    }
  };

  alignas(16) unsigned char room[4'096];  // most documents need no more
  boost::json::value_stack stack{{}, room, sizeof room};
  std::vector<Keys> open;  // up to `depth`; those behind are kept for their memory
  std::size_t depth = 0;
  std::string part;    // of a key, a string or a number that comes in pieces
  std::string number;
  std::string complaint;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    if (open.size() == depth) open.emplace_back();
    Keys& keys = open[depth++];
    keys.names.clear();
    keys.ends.clear();
    keys.seen.clear();
    return true;
  }
  bool on_object_end(std::size_t count, error_code&) {
    --depth;
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t count, error_code&) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(string_view s, std::size_t, error_code&) {
    part.append(s.data(), s.size());
    return true;
  }
  bool on_key(string_view s, std::size_t, error_code& ec) {
    const std::string_view key = whole(s);
    if (!open[depth - 1].add(key)) {
      complaint = fmt::format("key '{}' appears twice in one object", key);
      ec = boost::json::error::syntax;
      return false;
    }
    stack.push_key({key.data(), key.size()});
    part.clear();
    return true;
  }
  bool on_string_part(string_view s, std::size_t, error_code&) {
    part.append(s.data(), s.size());
    return true;
  }
  bool on_string(string_view s, std::size_t, error_code&) {
    const std::string_view text = whole(s);
    stack.push_string({text.data(), text.size()});
    part.clear();
    return true;
  }
  // What came in pieces and its last piece: most come in one.
  std::string_view whole(string_view last) {
    if (part.empty()) return {last.data(), last.size()};
    return part.append(last.data(), last.size());
  }
  bool on_number_part(string_view s, error_code&) {
    number.append(s.data(), s.size());
    return true;
  }
  bool on_int64(std::int64_t value, string_view, error_code&) {
    number.clear();
    stack.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, string_view, error_code&) {
    number.clear();
    stack.push_uint64(value);
    return true;
  }
  bool on_double(double value, string_view s, error_code& ec) {
    number.append(s.data(), s.size());
    const char* const end = number.data() + number.size();
    double exact = value;
    const auto [at, failure] = std::from_chars(number.data(), end, exact);
    if (failure != std::errc() && std::fabs(value) < 1) exact = value;  // underflow: nearest to zero
    if ((failure != std::errc() && std::fabs(value) >= 1) || !std::isfinite(exact)) {
      complaint = fmt::format("number {} is out of range", number.substr(0, 40));
      ec = boost::json::error::syntax;
      return false;
    }
    number.clear();
    stack.push_double(exact);
    return true;
  }
  bool on_bool(bool value, error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }
};

std::vector<const JsonObject::value_type*> sorted_members(const JsonObject& object) {
  std::vector<const JsonObject::value_type*> members;
  members.reserve(object.size());
  for (const auto& member : object) members.push_back(&member);
  const auto key = [](const JsonObject::value_type* member) { return std::string_view(member->key().data(), member->key().size()); };
  std::sort(members.begin(), members.end(), [&](const auto* a, const auto* b) { return key(a) < key(b); });
  return members;
}

// indent < 0: one line.
void write(std::string& out, const Json& value, int indent) {
  const int deeper = indent < 0 ? indent : indent + 2;
  const auto newline = [&](int columns) {
    if (indent >= 0) out.append("\n").append(static_cast<std::size_t>(columns), ' ');
  };
  switch (value.kind()) {
    case boost::json::kind::null: out += "null"; return;
    case boost::json::kind::bool_: out += value.get_bool() ? "true" : "false"; return;
    case boost::json::kind::int64: out += fmt::format_int(value.get_int64()).c_str(); return;
    case boost::json::kind::uint64: out += fmt::format_int(value.get_uint64()).c_str(); return;
    case boost::json::kind::double_: append_json_number(out, value.get_double()); return;
    case boost::json::kind::string: append_json_string(out, value.get_string()); return;
    case boost::json::kind::array: {
      out += '[';
      bool first = true;
      for (const Json& item : value.get_array()) {
        if (!first) out += ',';
        first = false;
        newline(deeper);
        write(out, item, deeper);
      }
      if (!first) newline(indent);
      out += ']';
      return;
    }
    case boost::json::kind::object: {
      const JsonObject& object = value.get_object();
      out += '{';
      bool first = true;
      for (const JsonObject::value_type* const member : sorted_members(object)) {
        if (!first) out += ',';
        first = false;
        newline(deeper);
        append_json_string(out, {member->key().data(), member->key().size()});
        out += indent >= 0 ? ": " : ":";
        write(out, member->value(), deeper);
      }
      if (!first) newline(indent);
      out += '}';
      return;
    }
  }
}

tl::unexpected<Error> wrong(std::string_view key, std::string_view expected, const Json* found) {
  return fail(Code::kInvalid,
              found == nullptr ? fmt::format("'{}' is missing ({} expected)", key, expected)
                               : fmt::format("'{}' must be {}", key, expected),
              fmt::format("/{}", key));
}

}  // namespace

namespace {

Result<Json> parse_into(boost::json::storage_ptr memory, std::string_view text, std::size_t max_depth) {
  boost::json::parse_options options;
  options.max_depth = max_depth;
  boost::json::basic_parser<Builder> parser(options);
  Builder& builder = parser.handler();
  builder.stack.reset(std::move(memory));
  boost::json::error_code ec;
  try {
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (ec && !builder.complaint.empty()) return fail(Code::kInvalid, builder.complaint);
    if (!ec && read < text.size()) ec = boost::json::error::extra_data;
    if (ec) return fail(Code::kInvalid, fmt::format("not valid JSON at octet {}: {}", read, ec.message()));
    return builder.stack.release();
  } catch (const std::exception& e) {
    return fail(Code::kInvalid, fmt::format("not valid JSON: {}", e.what()));
  }
}

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t max_depth) { return parse_into({}, text, max_depth); }

Result<Json> parse_json_in_arena(std::string_view text, std::size_t max_depth) {
  return parse_into(boost::json::make_shared_resource<boost::json::monotonic_resource>(4 * text.size() + 512), text, max_depth);
}

std::string canonical_json(const Json& value) {
  std::string out;
  write(out, value, -1);
  return out;
}

std::string pretty_json(const Json& value) {
  std::string out;
  write(out, value, 0);
  return out + "\n";
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // where what needs no other form begins
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default: fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out.append(text, plain);
  out += '"';
}

void append_json_number(std::string& out, double value) {
  FIREBREAK_ASSERT(std::isfinite(value));
  if (value == std::floor(value) && std::fabs(value) < 9007199254740992.0) {
    out += fmt::format_int(static_cast<std::int64_t>(value)).c_str();
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

const Json* find(const Json& object, std::string_view key) {
  return object.is_object() ? object.get_object().if_contains({key.data(), key.size()}) : nullptr;
}

const Json* find(const JsonObject& object, std::string_view key) { return object.if_contains({key.data(), key.size()}); }

const Json* find_pointer(const Json& document, std::string_view pointer) {
  const Json* at = &document;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    std::string token;
    for (std::size_t i = 1; i < end; ++i) {
      if (pointer[i] == '~' && i + 1 < end) {
        token += pointer[++i] == '0' ? '~' : '/';
      } else {
        token += pointer[i];
      }
    }
    if (at->is_array()) {
      std::size_t index = 0;
      if (token.empty() || token.size() > 9 || (token.size() > 1 && token[0] == '0')) return nullptr;
      for (const char c : token) {
        if (c < '0' || c > '9') return nullptr;
        index = index * 10 + static_cast<std::size_t>(c - '0');
      }
      if (index >= at->get_array().size()) return nullptr;
      at = &at->get_array()[index];
    } else {
      at = find(*at, token);
      if (at == nullptr) return nullptr;
    }
    pointer.remove_prefix(end);
  }
  return at;
}

Result<std::string> get_string(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_string()) return wrong(key, "a string", value);
  return std::string(value->get_string());
}

Result<std::int64_t> get_int(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value != nullptr && value->is_int64()) return value->get_int64();
  // Values made in memory from unsigned integers; text never parses to this kind below 2^63.
  if (value != nullptr && value->is_uint64() && value->get_uint64() <= INT64_MAX)
    return static_cast<std::int64_t>(value->get_uint64());
  if (value != nullptr && value->is_double() && value->get_double() == std::floor(value->get_double()) &&
      std::fabs(value->get_double()) < 9007199254740992.0)
    return static_cast<std::int64_t>(value->get_double());
  return wrong(key, "a whole number", value);
}

Result<double> get_number(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_number()) return wrong(key, "a number", value);
  return value->to_number<double>();
}

Result<bool> get_bool(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_bool()) return wrong(key, "true or false", value);
  return value->get_bool();
}

Result<Time> get_time(const Json& object, std::string_view key) {
  FIREBREAK_ASSIGN(const std::string text, get_string(object, key));
  auto time = parse_time(text);
  if (!time) return fail(std::move(time.error()).at(fmt::format("/{}", key)));
  return *time;
}

Result<std::vector<std::string>> get_strings(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_array()) return wrong(key, "an array of strings", value);
  std::vector<std::string> out;
  for (const Json& item : value->get_array()) {
    if (!item.is_string()) return wrong(key, "an array of strings", value);
    out.emplace_back(item.get_string());
  }
  return out;
}

std::string string_or(const Json& object, std::string_view key, std::string_view fallback) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string(fallback);
}

std::int64_t int_or(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* const found = find(object, key);
  if (found == nullptr || !found->is_number()) return fallback;  // an error in words is not wanted
  const auto value = get_int(object, key);
  return value ? *value : fallback;
}

std::string string_or(const JsonObject& object, std::string_view key, std::string_view fallback) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string(fallback);
}

std::int64_t int_or(const JsonObject& object, std::string_view key, std::int64_t fallback) {
  const Json* value = find(object, key);
  if (value == nullptr || !value->is_number()) return fallback;
  boost::json::error_code problem;
  const auto number = value->to_number<std::int64_t>(problem);
  return problem ? fallback : number;
}

double number_or(const Json& object, std::string_view key, double fallback) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_number() ? value->to_number<double>() : fallback;
}

bool bool_or(const Json& object, std::string_view key, bool fallback) {
  const Json* value = find(object, key);
  return value != nullptr && value->is_bool() ? value->get_bool() : fallback;
}

std::vector<std::string> strings_or_empty(const Json& object, std::string_view key) {
  auto value = get_strings(object, key);
  return value ? std::move(*value) : std::vector<std::string>{};
}

Result<void> only_keys(const Json& object, std::initializer_list<std::string_view> allowed) {
  if (!object.is_object()) return fail(Code::kInvalid, "a JSON object is expected");
  for (const auto& member : object.get_object()) {
    const std::string_view key(member.key().data(), member.key().size());
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      return fail(Code::kInvalid, fmt::format("unknown key '{}' (allowed: {})", key, fmt::join(allowed, ", ")),
                  fmt::format("/{}", key));
  }
  return {};
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kNameBytes) return false;
  const auto letter_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return letter_or_digit(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
           return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

}  // namespace firebreak
