// Search identifiers: fields, modifiers and values become atoms.
#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "fold/rules/rule.h"

namespace firebreak::rules {
namespace {

constexpr std::size_t kValues = 2'000;      // of one item
constexpr std::size_t kAtoms = 4'000;       // of one rule
constexpr std::size_t kValueBytes = 1'024;  // of one text value
constexpr std::size_t kDashes = 3;          // that windash multiplies: 125 variants
constexpr std::size_t kFieldBytes = 256;

tl::unexpected<Error> wrong(std::string what) { return fail(Code::kInvalid, std::move(what)); }

// One value while modifiers are applied to it.
struct Term {
  enum class Kind : std::uint8_t { kText, kNumber, kFlag, kNull, kRegex, kCidr, kField } kind = Kind::kText;
  Pattern pattern;
  std::string raw;  // as written
  double number = 0;
  bool starts = false, ends = false;
};

struct Item {
  std::string field;
  std::vector<std::string> modifiers;
  std::vector<std::vector<Term>> values;  // each value with what it was expanded to
  Op op = Op::kText;                      // of numbers
  TimePart part = TimePart::kNone;
  std::string flags;
  bool all = false, negated = false, cased = false, exists = false, bom = false;
};

Result<Term> term_of(const Json& value) {
  Term term;
  if (value.is_string()) {
    term.raw = std::string(value.get_string());
    if (term.raw.size() > kValueBytes) return fail(Code::kTooLarge, fmt::format("a value longer than {} octets", kValueBytes));
    term.pattern = Pattern::parse(term.raw);
  } else if (value.is_bool()) {
    term.kind = Term::Kind::kFlag;
    term.raw = value.get_bool() ? "true" : "false";
    term.pattern = Pattern::literal(term.raw);
  } else if (value.is_null()) {
    term.kind = Term::Kind::kNull;
  } else if (value.is_number()) {
    term.kind = Term::Kind::kNumber;
    term.number = value.to_number<double>();
  } else {
    return wrong("a value must be a text, a number, true, false or null; a list in a list or a map is none");
  }
  return term;
}

// ---- encodings

Result<std::string> literal_of(const Term& term, std::string_view modifier) {
  const auto whole = term.pattern.whole();
  if (term.kind != Term::Kind::kText || !whole) return wrong(fmt::format("'{}' takes texts without wildcards", modifier));
  return *whole;
}

// UTF-8 -> UTF-16; wildcards stay.
Result<void> widen(Term& term, bool little) {
  std::vector<std::uint16_t> out;
  const auto& tokens = term.pattern.tokens();
  const auto unit = [&](std::uint32_t code) {
    const auto high = static_cast<std::uint16_t>((code >> 8) & 0xff), low = static_cast<std::uint16_t>(code & 0xff);
    out.push_back(little ? low : high);
    out.push_back(little ? high : low);
  };
  for (std::size_t i = 0; i < tokens.size();) {
    if (tokens[i] >= Pattern::kAny) {
      out.push_back(tokens[i++]);
      continue;
    }
    const std::uint32_t head = tokens[i++];
    const int more = head < 0x80 ? 0 : head < 0xe0 ? 1 : head < 0xf0 ? 2 : 3;
    std::uint32_t code = more == 0 ? head : head & (0x3fU >> more);
    for (int j = 0; j < more && i < tokens.size(); ++j) code = (code << 6) | (tokens[i++] & 0x3fU);
    if (code < 0x10000) {
      unit(code);
    } else {
      unit(0xd800 + ((code - 0x10000) >> 10));
      unit(0xdc00 + (code & 0x3ff));
    }
  }
  term.pattern.set_tokens(std::move(out));
  return {};
}

Term literal_term(const std::string& text) {
  Term term;
  term.pattern = Pattern::literal(text);
  term.raw = text;
  return term;
}

// The three ways that octets look inside base64, by what stands before them; only what does not depend on it.
std::vector<Term> base64_offsets(const std::string& text) {
  constexpr std::array<std::size_t, 3> kSkip{0, 2, 3};
  constexpr std::array<std::size_t, 3> kCut{0, 3, 2};
  std::vector<Term> out;
  for (std::size_t shift = 0; shift < 3; ++shift) {
    const std::string encoded = to_base64(std::string(shift, ' ') + text);
    const std::size_t cut = kCut[(text.size() + shift) % 3];
    if (encoded.size() > kSkip[shift] + cut) out.push_back(literal_term(encoded.substr(kSkip[shift], encoded.size() - kSkip[shift] - cut)));
  }
  return out;
}

bool is_word(std::uint16_t token) {
  return token < Pattern::kAny && ((token >= '0' && token <= '9') || (token >= 'A' && token <= 'Z') || (token >= 'a' && token <= 'z') ||
                                   token == '_' || token >= 0x80);
}

// A dash or slash that begins a word is any of the five dashes (pySigma: \B[-/]\b).
Result<std::vector<Term>> windash(const Term& term) {
  static const std::array<std::string, 5> kForms{"-", "/", "\u2013", "\u2014", "\u2015"};
  std::vector<std::vector<std::uint16_t>> variants(1);
  const auto& tokens = term.pattern.tokens();
  std::size_t dashes = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool dash = (tokens[i] == '-' || tokens[i] == '/') && (i == 0 || !is_word(tokens[i - 1])) && i + 1 < tokens.size() && is_word(tokens[i + 1]);
    if (!dash) {
      for (auto& variant : variants) variant.push_back(tokens[i]);
      continue;
    }
    if (++dashes > kDashes) return wrong(fmt::format("'windash' takes values with at most {} dashes that begin a word", kDashes));
    std::vector<std::vector<std::uint16_t>> more;
    for (const auto& variant : variants)
      for (const std::string& form : kForms) {
        auto& one = more.emplace_back(variant);
        for (const char c : form) one.push_back(static_cast<unsigned char>(c));
      }
    variants = std::move(more);
  }
  std::vector<Term> out;
  for (auto& variant : variants) out.emplace_back(term).pattern.set_tokens(std::move(variant));
  return out;
}

// ---- modifiers

Result<void> place(Item& item, std::string_view modifier) {
  for (auto& value : item.values)
    for (Term& term : value) {
      if (term.kind != Term::Kind::kText && term.kind != Term::Kind::kField)
        return wrong(term.kind == Term::Kind::kRegex ? fmt::format("'{}' cannot follow 're': an expression is searched for anywhere", modifier)
                                                     : fmt::format("'{}' takes texts: put the value into quotes", modifier));
      if (modifier != "endswith") {
        term.starts = true;
        term.pattern.any_after();
      }
      if (modifier != "startswith") {
        term.ends = true;
        term.pattern.any_before();
      }
    }
  return {};
}

Result<void> encode(Item& item, std::string_view modifier) {
  for (auto& value : item.values) {
    std::vector<Term> out;
    for (Term& term : value) {
      if (term.kind != Term::Kind::kText) return wrong(fmt::format("'{}' takes texts", modifier));
      if (modifier == "base64" || modifier == "base64offset") {
        FIREBREAK_ASSIGN(const std::string text, literal_of(term, modifier));
        const std::string octets = item.bom ? "\xff\xfe" + text : text;
        if (modifier == "base64") out.push_back(literal_term(to_base64(octets)));
        if (modifier == "base64offset")
          for (Term& one : base64_offsets(octets)) out.push_back(std::move(one));
        if (out.empty()) return wrong("'base64offset' of so short a text says nothing");
      } else if (modifier == "windash") {
        FIREBREAK_ASSIGN(std::vector<Term> variants, windash(term));
        for (Term& one : variants) out.push_back(std::move(one));
      } else {
        FIREBREAK_TRY(widen(term, modifier != "utf16be"));
        out.push_back(std::move(term));
      }
    }
    value = std::move(out);
  }
  if (modifier == "utf16") item.bom = true;
  if (modifier.starts_with("base64")) item.bom = false;
  return {};
}

Result<void> convert(Item& item, std::string_view modifier, Term::Kind kind) {
  for (auto& value : item.values)
    for (Term& term : value) {
      if (term.kind != Term::Kind::kText || term.starts || term.ends) return wrong(fmt::format("'{}' takes plain texts", modifier));
      if (kind == Term::Kind::kField && term.pattern.special()) return wrong("'fieldref' takes the name of a field");
      term.kind = kind;
    }
  return {};
}

Result<void> compare(Item& item, std::string_view modifier) {
  static constexpr std::pair<std::string_view, Op> kOps[] = {
      {"lt", Op::kLess}, {"lte", Op::kLessOrEqual}, {"gt", Op::kGreater}, {"gte", Op::kGreaterOrEqual}};
  for (const auto& value : item.values)
    if (value.front().kind != Term::Kind::kNumber) return wrong(fmt::format("'{}' takes numbers", modifier));
  for (const auto& [name, op] : kOps)
    if (name == modifier) item.op = op;
  return {};
}

Result<void> take_part(Item& item, std::string_view modifier) {
  static constexpr std::string_view kParts[] = {"minute", "hour", "day", "week", "month", "year"};
  for (const auto& value : item.values)
    if (value.front().kind != Term::Kind::kNumber) return wrong(fmt::format("'{}' takes numbers", modifier));
  if (item.part != TimePart::kNone) return wrong("one part of a time at a time");
  for (std::size_t i = 0; i < std::size(kParts); ++i)
    if (kParts[i] == modifier) item.part = static_cast<TimePart>(i + 1);
  return {};
}

Result<void> apply(Item& item, std::size_t at) {
  const std::string& m = item.modifiers[at];
  const auto one_of = [&](std::initializer_list<std::string_view> names) { return std::find(names.begin(), names.end(), m) != names.end(); };
  if (one_of({"contains", "startswith", "endswith"})) return place(item, m);
  if (one_of({"wide", "utf16le", "utf16be", "utf16", "base64", "base64offset", "windash"})) return encode(item, m);
  if (one_of({"lt", "lte", "gt", "gte"})) return compare(item, m);
  if (one_of({"minute", "hour", "day", "week", "month", "year"})) return take_part(item, m);
  if (one_of({"re", "cidr"})) {
    if (at != 0) return wrong(fmt::format("'{}' must be the first modifier", m));
    return convert(item, m, m == "re" ? Term::Kind::kRegex : Term::Kind::kCidr);
  }
  if (m == "fieldref") return convert(item, m, Term::Kind::kField);
  if (one_of({"i", "m", "s"})) {
    if (item.modifiers.front() != "re") return wrong(fmt::format("'{}' follows 're' only", m));
    if (item.flags.find(m) != std::string::npos) return wrong(fmt::format("'{}' stands twice", m));
    item.flags += m;
    return {};
  }
  if (m == "all") {
    if (item.values.size() < 2) return wrong("'all' needs a list of at least two values");
    item.all = true;
    return {};
  }
  if (m == "neq") {
    item.negated = true;
    return {};
  }
  if (m == "cased") {
    for (const auto& value : item.values)
      for (const Term& term : value)
        if (term.kind != Term::Kind::kText && term.kind != Term::Kind::kField) return wrong("'cased' takes texts; 're' minds case by itself");
    item.cased = true;
    return {};
  }
  if (m == "exists") {
    if (item.modifiers.size() != 1 || item.values.size() != 1 || item.values[0][0].kind != Term::Kind::kFlag)
      return wrong("'exists' stands alone and takes true or false");
    item.exists = true;
    return {};
  }
  if (m == "expand") return wrong("'expand' is not supported: nothing here could fill it in, write the values themselves");
  return wrong(fmt::format("the modifier '{}' is not known", m));
}

Result<Atom> atom_of(const Item& item, const Term& term) {
  Atom atom;
  atom.field = item.field;
  atom.part = item.part;
  if (item.field.empty() && term.kind != Term::Kind::kText && term.kind != Term::Kind::kNumber && term.kind != Term::Kind::kRegex)
    return wrong("keywords are texts, numbers or regular expressions");
  switch (term.kind) {
    case Term::Kind::kText:
    case Term::Kind::kFlag:
      atom.pattern = term.pattern;
      atom.pattern.set_cased(item.cased);
      if (item.field.empty()) {
        atom.pattern.any_before();
        atom.pattern.any_after();
      }
      break;
    case Term::Kind::kNumber:
      atom.op = item.op == Op::kText ? Op::kNumber : item.op;
      atom.number = term.number;
      break;
    case Term::Kind::kNull: atom.op = Op::kNull; break;
    case Term::Kind::kRegex: {
      atom.op = Op::kRegex;
      atom.flags = item.flags;
      FIREBREAK_ASSIGN(atom.regex, Regex::compile(term.raw, item.flags));
      break;
    }
    case Term::Kind::kCidr: {
      atom.op = Op::kCidr;
      atom.text = term.raw;
      FIREBREAK_ASSIGN(atom.cidr, parse_cidr(term.raw));
      break;
    }
    case Term::Kind::kField:
      atom.op = Op::kField;
      atom.other = term.raw;
      atom.starts = term.starts;
      atom.ends = term.ends;
      atom.cased = item.cased;
      if (atom.other.empty()) return wrong("'fieldref' takes the name of a field");
      break;
  }
  if (item.part != TimePart::kNone && term.kind != Term::Kind::kNumber) return wrong("a part of a time is compared with numbers");
  return atom;
}

Result<Expr> add_atom(std::vector<Atom>& atoms, Atom atom) {
  if (atoms.size() >= kAtoms) return wrong(fmt::format("a rule asks at most {} questions", kAtoms));
  atoms.push_back(std::move(atom));
  return Expr{Expr::Kind::kAtom, atoms.size() - 1, {}};
}

Expr joined(Expr::Kind kind, std::vector<Expr> parts) {
  if (parts.size() == 1) {
    Expr only = std::move(parts.front());
    return only;
  }
  return Expr{kind, 0, std::move(parts)};
}

Expr negated(Expr expr) {
  Expr out{Expr::Kind::kNot, 0, {}};
  out.parts.push_back(std::move(expr));
  return out;
}

Result<Expr> exists_expr(const Item& item, std::vector<Atom>& atoms) {
  Atom atom;
  atom.field = item.field;
  atom.op = Op::kExists;
  FIREBREAK_ASSIGN(Expr there, add_atom(atoms, std::move(atom)));
  return item.values[0][0].raw == "true" ? there : negated(std::move(there));
}

}  // namespace

Result<Expr> parse_item(std::string_view key, const Json& value, std::vector<Atom>& atoms) {
  Item item;
  std::size_t bar = std::min(key.find('|'), key.size());
  item.field = std::string(key.substr(0, bar));
  if (item.field.size() > kFieldBytes) return fail(Code::kTooLarge, fmt::format("a field name longer than {} octets", kFieldBytes));
  while (bar < key.size()) {
    const std::size_t end = std::min(key.find('|', bar + 1), key.size());
    item.modifiers.emplace_back(key.substr(bar + 1, end - bar - 1));
    bar = end;
  }
  const bool list = value.is_array();
  if (list && (value.get_array().empty() || value.get_array().size() > kValues))
    return wrong(fmt::format("a list holds 1 to {} values", kValues));
  for (std::size_t i = 0; i < (list ? value.get_array().size() : 1); ++i) {
    auto term = term_of(list ? value.get_array()[i] : value);
    if (!term) return fail(list ? std::move(term.error()).at("/" + std::to_string(i)) : std::move(term.error()));
    item.values.push_back({std::move(*term)});
  }
  for (std::size_t i = 0; i < item.modifiers.size(); ++i) FIREBREAK_TRY(apply(item, i));
  if (item.bom) {  // not inside base64: the mark itself
    for (auto& one : item.values)
      for (Term& term : one) {
        auto tokens = term.pattern.tokens();
        tokens.insert(tokens.begin() + (!tokens.empty() && tokens[0] == Pattern::kAny ? 1 : 0), {0xff, 0xfe});
        term.pattern.set_tokens(std::move(tokens));
      }
  }
  if (item.exists) return exists_expr(item, atoms);
  std::vector<Expr> parts;
  for (std::size_t i = 0; i < item.values.size(); ++i) {
    std::vector<Expr> forms;
    for (const Term& term : item.values[i]) {
      auto atom = atom_of(item, term);
      if (!atom) return fail(list ? std::move(atom.error()).at("/" + std::to_string(i)) : std::move(atom.error()));
      FIREBREAK_ASSIGN(Expr one, add_atom(atoms, std::move(*atom)));
      forms.push_back(std::move(one));
    }
    parts.push_back(joined(Expr::Kind::kOr, std::move(forms)));
  }
  Expr out = joined(item.all ? Expr::Kind::kAnd : Expr::Kind::kOr, std::move(parts));
  return item.negated ? negated(std::move(out)) : std::move(out);
}

namespace {

Result<Expr> parse_map(const JsonObject& map, std::vector<Atom>& atoms) {
  if (map.empty()) return wrong("an empty map says nothing");
  std::vector<Expr> parts;
  for (const auto& member : map) {
    auto part = parse_item({member.key().data(), member.key().size()}, member.value(), atoms);
    if (!part) return fail(std::move(part.error()).at("/" + std::string(member.key())));
    parts.push_back(std::move(*part));
  }
  return joined(Expr::Kind::kAnd, std::move(parts));
}

}  // namespace

Result<Expr> parse_search(const Json& search, std::vector<Atom>& atoms) {
  if (search.is_object()) return parse_map(search.get_object(), atoms);
  if (!search.is_array()) return parse_item("", search, atoms);
  const JsonArray& list = search.get_array();
  const bool maps = std::any_of(list.begin(), list.end(), [](const Json& one) { return one.is_object(); });
  if (!maps) return parse_item("", search, atoms);
  std::vector<Expr> parts;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string at = "/" + std::to_string(i);
    if (!list[i].is_object()) return fail(Code::kInvalid, "a list is of maps or of keywords, not of both", at);
    auto part = parse_map(list[i].get_object(), atoms);
    if (!part) return fail(std::move(part.error()).at(at));
    parts.push_back(std::move(*part));
  }
  return joined(Expr::Kind::kOr, std::move(parts));
}

}  // namespace firebreak::rules
