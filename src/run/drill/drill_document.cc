#include "run/drill/drill_document.h"

#include <charconv>

#include "run/drill/drill_reader.h"
#include "types/command.h"

namespace firebreak::drill {
namespace {

constexpr std::string_view kItems[] = {"detection", "triage", "containment", "evidence", "decisions", "communication", "recovery"};

Result<Role> read_role(const Reader& in) {
  Role out;
  FIREBREAK_TRY(in.keys({"role", "team", "may", "lead", "played"}));
  FIREBREAK_ASSIGN(out.role, in.name("role"));
  FIREBREAK_ASSIGN(out.team, in.text("team"));
  FIREBREAK_ASSIGN(out.may, in.one_of("may", {"analyst", "approver"}));
  FIREBREAK_ASSIGN(out.lead, in.flag("lead"));
  FIREBREAK_ASSIGN(out.played, in.flag("played"));
  for (const char* taken : {"admin", "gateway", "loader"})
    if (out.role == taken) return fail(Code::kInvalid, fmt::format("the role '{}' is the installation's own", taken), in.at("role"));
  return out;
}

Result<Release> read_release(const Reader& in) {
  Release out;
  FIREBREAK_TRY(in.keys({"endpoint", "release", "model", "dataset", "holdout", "training_cut", "source", "at"}));
  FIREBREAK_ASSIGN(out.endpoint, in.name("endpoint"));
  FIREBREAK_ASSIGN(out.release, in.text("release"));
  if (in.member("model") == nullptr) return fail(Code::kInvalid, "'model' is missing: {name, version, file}", in.at("model"));
  const Reader model(*in.member("model"), in.at("model"));
  FIREBREAK_TRY(model.keys({"name", "version", "file"}));
  FIREBREAK_ASSIGN(out.model_name, model.text("name"));
  FIREBREAK_ASSIGN(out.model_version, model.text("version"));
  FIREBREAK_ASSIGN(out.model, model.text("file"));
  FIREBREAK_ASSIGN(out.dataset, in.text("dataset"));
  FIREBREAK_ASSIGN(out.holdout, in.text("holdout"));
  FIREBREAK_ASSIGN(const Time cut, in.time("training_cut"));
  out.training_cut = format_time(cut);
  FIREBREAK_ASSIGN(out.source, in.text("source"));
  if (in.member("at") != nullptr) {
    FIREBREAK_ASSIGN(out.after_us, in.span("at"));
  }
  return out;
}

Result<RecordedStream> read_stream(const Reader& in) {
  RecordedStream out;
  FIREBREAK_TRY(in.keys({"endpoint", "file", "synthetic", "history_from", "from", "to", "at"}));
  FIREBREAK_ASSIGN(out.endpoint, in.name("endpoint"));
  const Json* const synthetic = in.member("synthetic");
  if ((synthetic != nullptr) == (in.member("file") != nullptr)) return fail(Code::kInvalid, "a stream has a 'file', or is 'synthetic'", in.at("file"));
  if (synthetic != nullptr) {
    FIREBREAK_ASSIGN(out.made, read_synthetic(Reader(*synthetic, in.at("synthetic"))));
  } else {
    FIREBREAK_ASSIGN(out.file, in.text("file"));
  }
  FIREBREAK_ASSIGN(out.from, in.time("from"));
  FIREBREAK_ASSIGN(out.to, in.time("to"));
  FIREBREAK_ASSIGN(out.at, in.time("at"));
  out.history_from = out.from;
  if (in.member("history_from") != nullptr) {
    FIREBREAK_ASSIGN(out.history_from, in.time("history_from"));
  }
  if (!(out.from < out.to)) return fail(Code::kInvalid, "'to' must lie behind 'from'", in.at("to"));
  if (out.from < out.history_from) return fail(Code::kInvalid, "'history_from' must not lie behind 'from'", in.at("history_from"));
  return out;
}

Result<Card> read_card(const Reader& in) {
  Card out;
  FIREBREAK_TRY(in.keys({"by", "endpoint", "measure", "lease"}));
  FIREBREAK_ASSIGN(out.by, in.name("by"));
  FIREBREAK_ASSIGN(out.endpoint, in.name("endpoint"));
  const Json* const measure = in.member("measure");
  if (measure == nullptr || !measure->is_object()) return fail(Code::kInvalid, "'measure' must be a map (docs/formats/policy.md)", in.at("measure"));
  out.measure = *measure;
  FIREBREAK_ASSIGN(const std::int64_t lease, in.span("lease"));
  out.lease_s = lease / kSecond;
  return out;
}

Result<Inject> read_inject(const Reader& in) {
  Inject out;
  FIREBREAK_TRY(in.keys({"number", "at", "type", "from", "to", "channel", "text", "expected", "objective", "if", "card"}));
  FIREBREAK_ASSIGN(out.number, in.name("number"));
  FIREBREAK_ASSIGN(out.after_us, in.span("at"));
  FIREBREAK_ASSIGN(out.type, in.one_of("type", {"contextual", "expected-action", "contingency"}));
  FIREBREAK_ASSIGN(out.from, in.text("from"));
  FIREBREAK_ASSIGN(out.to, in.texts("to", true));
  FIREBREAK_ASSIGN(out.channel, in.text("channel"));
  FIREBREAK_ASSIGN(out.text, in.text("text"));
  FIREBREAK_ASSIGN(out.expected, in.text_or("expected", ""));
  FIREBREAK_ASSIGN(out.objective, in.text_or("objective", ""));
  if (out.type == "expected-action" && out.expected.empty()) return fail(Code::kInvalid, "an expected-action says what is expected", in.at("expected"));
  if (const Json* condition = in.member("if")) {
    const Reader reader(*condition, in.at("if"));
    FIREBREAK_TRY(reader.keys({"seen", "not_seen"}));
    FIREBREAK_ASSIGN(out.seen, read_pattern(reader, "seen", false));
    FIREBREAK_ASSIGN(out.not_seen, read_pattern(reader, "not_seen", false));
  }
  if (out.type == "contingency" && out.seen.entry.empty() && out.not_seen.entry.empty())
    return fail(Code::kInvalid, "a contingency needs 'if': what must have happened, or not", in.at("if"));
  if (const Json* card = in.member("card")) {
    out.has_card = true;
    FIREBREAK_ASSIGN(out.card, read_card(Reader(*card, in.at("card"))));
  }
  return out;
}

Result<Move> read_move(const Reader& in) {
  Move out;
  FIREBREAK_TRY(in.keys({"role", "after", "delay", "command", "args"}));
  FIREBREAK_ASSIGN(out.role, in.name("role"));
  FIREBREAK_ASSIGN(out.after, read_pattern(in, "after", false));
  FIREBREAK_ASSIGN(out.delay_us, in.span("delay"));
  FIREBREAK_ASSIGN(out.command, in.text("command"));
  const Json* const args = in.member("args");
  if (args == nullptr || !args->is_object()) return fail(Code::kInvalid, "'args' must be a map", in.at("args"));
  out.args = *args;
  if (auto known = check_command(out.command, out.args); !known)
    return fail(std::move(known.error()).at(known.error().code == Code::kNotFound ? in.at("command") : in.at("args")));
  return out;
}

bool has_role(const Drill& drill, const std::string& role) {
  return std::any_of(drill.roles.begin(), drill.roles.end(), [&](const Role& known) { return known.role == role; });
}

// Names of one part that another part must know.
Result<void> check_names(const Drill& drill) {
  const auto unknown_role = [](const std::string& role, std::string place) { return fail(Code::kInvalid, fmt::format("there is no role '{}' in 'roles'", role), std::move(place)); };
  const auto has_objective = [&](const std::string& id) {
    return id.empty() || std::any_of(drill.objectives.begin(), drill.objectives.end(), [&](const Objective& known) { return known.id == id; });
  };
  for (std::size_t i = 0; i < drill.injects.size(); ++i) {
    const Inject& one = drill.injects[i];
    for (std::size_t k = 0; k < i; ++k)
      if (drill.injects[k].number == one.number) return fail(Code::kInvalid, fmt::format("inject {} stands twice", one.number), fmt::format("/injects/{}/number", i));
    for (std::size_t k = 0; k < one.to.size(); ++k)
      if (!has_role(drill, one.to[k])) return unknown_role(one.to[k], fmt::format("/injects/{}/to/{}", i, k));
    if (!has_objective(one.objective)) return fail(Code::kInvalid, fmt::format("there is no objective '{}'", one.objective), fmt::format("/injects/{}/objective", i));
    if (one.has_card && !has_role(drill, one.card.by)) return unknown_role(one.card.by, fmt::format("/injects/{}/card/by", i));
    if (drill.end - drill.start < one.after_us) return fail(Code::kInvalid, "lies behind the drill's end", fmt::format("/injects/{}/at", i));
  }
  for (std::size_t i = 0; i < drill.truth.decisions.size(); ++i)
    if (!has_role(drill, drill.truth.decisions[i].role)) return unknown_role(drill.truth.decisions[i].role, fmt::format("/truth/decisions/{}/role", i));
  for (std::size_t i = 0; i < drill.moves.size(); ++i)
    if (!has_role(drill, drill.moves[i].role)) return unknown_role(drill.moves[i].role, fmt::format("/script/{}/role", i));
  for (std::size_t i = 0; i < drill.releases.size(); ++i) {
    const Release& one = drill.releases[i];
    const auto made = std::any_of(drill.streams.begin(), drill.streams.end(), [&](const RecordedStream& stream) { return stream.endpoint == one.endpoint && stream.file.empty(); });
    for (const auto& [key, file] : {std::pair("dataset", &one.dataset), std::pair("holdout", &one.holdout), std::pair("model/file", &one.model)})
      if (*file == kSynthetic && !made) return fail(Code::kInvalid, fmt::format("'{}' has no synthetic stream to be made from", one.endpoint), fmt::format("/system/releases/{}/{}", i, key));
    if (drill.end - drill.start < one.after_us) return fail(Code::kInvalid, "lies behind the drill's end", fmt::format("/system/releases/{}/at", i));
  }
  if (drill.truth.card.empty()) return {};
  for (const Inject& one : drill.injects)
    if (one.number == drill.truth.card && one.has_card) return {};
  return fail(Code::kInvalid, fmt::format("inject '{}' pushes no card", drill.truth.card), "/truth/card");
}

Result<void> check_objectives(const Drill& drill) {
  for (std::size_t i = 0; i < drill.objectives.size(); ++i) {
    const Objective& one = drill.objectives[i];
    for (std::size_t k = 0; k < one.rated_by.size(); ++k) {
      const std::string& by = one.rated_by[k];
      const bool item = std::find(std::begin(kItems), std::end(kItems), by) != std::end(kItems);
      const bool decision = std::any_of(drill.truth.decisions.begin(), drill.truth.decisions.end(), [&](const Expected& e) { return e.id == by; });
      if (!item && !decision && by != "card")
        return fail(Code::kInvalid, fmt::format("'{}' is no item of the score and no decision", by), fmt::format("/objectives/{}/rated_by/{}", i, k));
    }
  }
  return {};
}

Result<void> read_system(const Reader& top, Drill& out) {
  const Json* const system = top.member("system");
  if (system == nullptr) return {};
  const Reader in(*system, "/system");
  FIREBREAK_TRY(in.keys({"gateway", "endpoints", "playbooks", "detectors", "rules", "releases"}));
  FIREBREAK_ASSIGN(out.gateway, in.text_or("gateway", ""));
  for (const char* key : {"endpoints", "playbooks"}) {
    FIREBREAK_ASSIGN(const auto names, in.texts(key));
    if (!names.empty()) out.configuration.as_object()[key] = JsonArray(names.begin(), names.end());
  }
  for (const char* key : {"detectors", "rules"}) {
    const Json* const map = in.member(key);
    if (map == nullptr) continue;
    if (!map->is_object()) return fail(Code::kInvalid, fmt::format("'{}' must be a map of name to file", key), in.at(key));
    for (const auto& member : map->get_object())
      if (!member.value().is_string()) return fail(Code::kInvalid, "must be the name of a file", in.at(key) + "/" + std::string(member.key()));
    out.configuration.as_object()[key] = *map;
  }
  return in.each("releases", 16, [&](const Reader& item) -> Result<void> {
    FIREBREAK_ASSIGN(Release one, read_release(item));
    out.releases.push_back(std::move(one));
    return {};
  });
}

template <class T>
Result<void> read_list(const Reader& top, std::string_view key, std::size_t most, std::vector<T>& out, Result<T> (*read)(const Reader&)) {
  return top.each(key, most, [&](const Reader& item) -> Result<void> {
    FIREBREAK_ASSIGN(T one, read(item));
    out.push_back(std::move(one));
    return {};
  });
}

Result<void> read_clock(const Reader& top, Drill& out) {
  if (top.member("clock") == nullptr) return fail(Code::kInvalid, "'clock' is missing: {start, end}", "/clock");
  const Reader clock(*top.member("clock"), "/clock");
  FIREBREAK_TRY(clock.keys({"start", "end"}));
  FIREBREAK_ASSIGN(out.start, clock.time("start"));
  FIREBREAK_ASSIGN(out.end, clock.time("end"));
  if (out.end - out.start < kMinute || out.end - out.start > 31 * kDay) return fail(Code::kInvalid, "a drill lasts a minute to 31 days", "/clock/end");
  return {};
}

}  // namespace

bool Pattern::fits(const Entry& other) const {
  if (entry.empty() || other.kind != entry) return false;
  return std::all_of(where.begin(), where.end(), [&](const auto& place) {
    const Json* const found = find_pointer(other.body, place.first);
    return found != nullptr && *found == place.second;
  });
}

Result<Pattern> read_pattern(const Reader& in, std::string_view key, bool needed) {
  Pattern out;
  const Json* const given = in.member(key);
  if (given == nullptr && needed) return fail(Code::kInvalid, fmt::format("'{}' is missing: {{entry, where}}", key), in.at(key));
  if (given == nullptr) return out;
  const Reader reader(*given, in.at(key));
  FIREBREAK_TRY(reader.keys({"entry", "where"}));
  FIREBREAK_ASSIGN(out.entry, reader.text("entry"));
  const Json* const where = reader.member("where");
  if (where == nullptr) return out;
  if (!where->is_object()) return fail(Code::kInvalid, "'where' maps JSON Pointers to values", reader.at("where"));
  for (const auto& member : where->get_object()) {
    if (!member.key().starts_with("/")) return fail(Code::kInvalid, fmt::format("'{}' is no JSON Pointer", std::string(member.key())), reader.at("where"));
    out.where.emplace_back(std::string(member.key()), member.value());
  }
  return out;
}

Result<std::int64_t> parse_span(const std::string& text) {
  std::int64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, count);
  const std::int64_t unit = text.empty() ? 0 : text.back() == 's' ? kSecond : text.back() == 'm' ? kMinute : text.back() == 'h' ? kHour : text.back() == 'd' ? kDay : 0;
  if (problem != std::errc() || stopped + 1 != end || unit == 0 || count < 0 || count > 1'000'000)
    return fail(Code::kInvalid, fmt::format("'{}' is no span: 90s, 15m, 4h or 2d", text));
  return count * unit;
}

Result<std::vector<Objective>> parse_objectives(const Json& document) {
  std::vector<Objective> out;
  const auto read = [&](const Reader& item) -> Result<void> {
    Objective one;
    FIREBREAK_TRY(item.keys({"id", "text", "rated_by"}));
    FIREBREAK_ASSIGN(one.id, item.name("id"));
    FIREBREAK_ASSIGN(one.text, item.text("text"));
    FIREBREAK_ASSIGN(one.rated_by, item.texts("rated_by", true));
    out.push_back(std::move(one));
    return {};
  };
  FIREBREAK_TRY(Reader(document, "").each("objectives", 32, read));
  if (out.empty()) return fail(Code::kInvalid, "'objectives' is missing: what the drill is for", "/objectives");
  return out;
}

Result<Drill> parse_drill(const Json& document) {
  const Reader top(document, "");
  Drill out;
  FIREBREAK_TRY(top.keys({"format", "name", "title", "kind", "objectives", "roles", "clock", "system", "streams", "injects", "truth", "script"}));
  FIREBREAK_TRY(top.one_of("format", {kFormat}));
  FIREBREAK_ASSIGN(out.name, top.name("name"));
  FIREBREAK_ASSIGN(out.title, top.text("title"));
  FIREBREAK_ASSIGN(const std::string kind, top.one_of("kind", {"live", "tabletop"}));
  out.tabletop = kind == "tabletop";
  FIREBREAK_TRY(read_clock(top, out));
  FIREBREAK_ASSIGN(out.objectives, parse_objectives(document));
  FIREBREAK_TRY(read_list(top, "roles", 32, out.roles, read_role));
  for (std::size_t i = 0; i < out.roles.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (out.roles[k].role == out.roles[i].role) return fail(Code::kInvalid, fmt::format("role '{}' stands twice", out.roles[i].role), fmt::format("/roles/{}/role", i));
  if (std::count_if(out.roles.begin(), out.roles.end(), [](const Role& role) { return role.lead; }) != 1) return fail(Code::kInvalid, "one role has the lead", "/roles");
  FIREBREAK_TRY(read_system(top, out));
  FIREBREAK_TRY(read_list(top, "streams", 8, out.streams, read_stream));
  if (out.tabletop != out.streams.empty()) return fail(Code::kInvalid, out.tabletop ? "a table-top plays no streams" : "'streams' is missing: what is replayed", "/streams");
  if (!out.streams.empty() && out.gateway.empty()) return fail(Code::kInvalid, "'gateway' is missing: the simulated gateway that the endpoints name", "/system/gateway");
  FIREBREAK_TRY(read_list(top, "injects", 256, out.injects, read_inject));
  if (top.member("truth") == nullptr) return fail(Code::kInvalid, "'truth' is missing: what really happens", "/truth");
  FIREBREAK_ASSIGN(out.truth, parse_truth(*top.member("truth")));
  if (!out.tabletop && out.truth.endpoint.empty()) return fail(Code::kInvalid, "'endpoint' is missing: what is attacked", "/truth/endpoint");
  FIREBREAK_TRY(read_list(top, "script", 128, out.moves, read_move));
  out.document = document;
  FIREBREAK_TRY(check_names(out));
  FIREBREAK_TRY(check_objectives(out));
  if (canonical_json(sealed_part(out, std::string(64, '0'))).size() > 28 * limits::kKiB)
    return fail(Code::kTooLarge, "objectives, injects and truth together have more than 28 KiB: the seal would not fit into a journal entry", "/truth");
  return out;
}

}  // namespace firebreak::drill
