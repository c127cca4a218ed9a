#include "run/app/remedy_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>


namespace firebreak::app {
namespace {

constexpr std::uint64_t kNear = 500;        // records apart that are read in one go
constexpr std::uint64_t kRead = 5'000;      // … at most

struct Column {
  const char* title;
  const char* pointer;
};
constexpr Column kColumns[] = {
    {"record", "/record"},       {"id", "/id"},                 {"time", "/time"},               {"caller", "/caller"},
    {"release", "/given/release"}, {"label", "/given/label"},   {"score", "/given/score"},       {"answer", "/answer"},
    {"clean_release", "/clean/release"}, {"clean_label", "/clean/label"}, {"clean_score", "/clean/score"}, {"reason", "/reason"},
    {"state", "/state"},         {"settled_by", "/settled/by"}, {"settled_at", "/settled/time"}, {"note", "/settled/note"},
    {"told_by", "/told/by"},     {"told_at", "/told/time"},     {"reference", "/told/reference"}, {"told_note", "/told/note"}};

std::string csv_cell(const Json* value) {
  if (value == nullptr || value->is_null()) return {};
  if (!value->is_string()) return canonical_json(*value);
  std::string text(value->get_string());
  if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) text.insert(text.begin(), '\'');
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

// Whether a row is of the kind that is asked for; nullopt: there is no such kind.
std::optional<bool> is_of(const remedy::Row& row, const std::string& state) {
  if (state.empty()) return true;
  for (std::size_t i = 0; i < std::size(remedy::kStates); ++i)
    if (state == remedy::kStates[i]) return static_cast<std::size_t>(row.state) == i;
  for (std::size_t i = 0; i < std::size(remedy::kAnswers); ++i)
    if (state == remedy::kAnswers[i]) return static_cast<std::size_t>(row.answer) == i;
  if (state == "told" || state == "untold") return (row.told != 0) == (state == "told");
  return std::nullopt;
}

Json building_json(const remedy::List& list) {
  if (!list.building) return nullptr;
  const remedy::Build& build = *list.building;
  return JsonObject{{"build", fmt::format("rem-{}", build.index)}, {"release", build.release}, {"at", build.at}, {"end", build.end}, {"rows", build.rows.size()}};
}

Result<remedy::List> list_of(const Context& context, const std::string& incident) {
  Result<remedy::List> list = fail(Code::kNotFound, fmt::format("{} has no remedy list: 'firebreak remedy build {}' makes it", incident, incident), "/incident");
  context.journal.with_state([&](const journal::View& view) {
    const auto& lists = view.state<remedy::RemedyState>(remedy::kFoldName).lists;
    if (const auto at = lists.find(incident); at != lists.end()) list = at->second;
  });
  return list;
}

JsonObject head(const std::string& incident, const remedy::List& list) {
  return {{"incident", incident},         {"endpoint", list.endpoint}, {"stream", list.stream},
          {"build", list.build == 0 ? Json(nullptr) : Json(fmt::format("rem-{}", list.build))},
          {"release", list.release},      {"counts", remedy::to_json(remedy::counts_of(list.rows))},
          {"done", list.done},            {"building", building_json(list)}};
}

// What the stream says of the rows now; one that is erased says nothing.
Result<std::map<std::uint64_t, Json>> recorded(const Context& context, const std::string& name, const std::vector<remedy::Row>& rows) {
  std::map<std::uint64_t, Json> found;
  record::Stream* const stream = context.streams.get(name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name));
  for (std::size_t i = 0; i < rows.size();) {
    const std::uint64_t first = rows[i].record;
    std::uint64_t last = first;
    for (++i; i < rows.size() && rows[i].record - last <= kNear && rows[i].record - first < kRead; ++i) last = rows[i].record;
    for (std::uint64_t at = first; at <= last;) {
      FIREBREAK_ASSIGN(at, stream->read_from(at, last + 1 - at, [&](const record::Record& record) {
        if (!record.erased && remedy::find_row(rows, record.index) != nullptr) found.emplace(record.index, record.fields());
      }));
    }
  }
  return found;
}

class Acts {  // who settled and told, by the entries that say so
 public:
  explicit Acts(const Context& context) : context_(context) {}
  Result<Json> of(std::uint64_t index) {
    if (index == 0) return Json(nullptr);
    const auto known = known_.find(index);
    if (known != known_.end()) return known->second;
    FIREBREAK_ASSIGN(const auto entries, context_.journal.entries(index, 1));
    if (entries.empty()) return fail(Code::kCorrupt, fmt::format("the journal has no entry {}", index));
    JsonObject act{{"index", index}, {"time", format_time(entries.front().time)}, {"by", string_or(entries.front().body, "by")}};
    for (const char* key : {"note", "reference"})
      if (const std::string text = string_or(entries.front().body, key); !text.empty()) act[key] = context_.texts.shown_in(Json(text));
    return known_.emplace(index, std::move(act)).first->second;
  }

 private:
  const Context& context_;
  std::map<std::uint64_t, Json> known_;
};

}  // namespace

Result<std::shared_ptr<const RemedyRows::Answers>> RemedyRows::answers_of(const std::string& blob) const {
  const std::lock_guard lock(mutex_);
  if (answers_ != nullptr && cached_ == blob) return answers_;
  auto answers = std::make_shared<Answers>();
  FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(blob));
  FIREBREAK_ASSIGN(const Bytes text, context_.blobs.get(digest));
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    FIREBREAK_ASSIGN(Json row, parse_json(line));
    const auto record = static_cast<std::uint64_t>(int_or(row, "record"));
    answers->emplace(record, std::move(row));
  }
  cached_ = blob;
  answers_ = std::move(answers);
  return answers_;
}

Result<JsonArray> RemedyRows::told(const std::string& incident, const remedy::List& list, const std::vector<remedy::Row>& rows) const {
  JsonArray items;
  if (rows.empty()) return items;
  FIREBREAK_ASSIGN(const auto answers, answers_of(list.blob));
  FIREBREAK_ASSIGN(const auto records, recorded(context_, list.stream, rows));
  Acts acts(context_);
  for (const remedy::Row& row : rows) {
    JsonObject item{{"incident", incident}, {"record", row.record}, {"answer", remedy::kAnswers[static_cast<std::size_t>(row.answer)]},
                    {"state", remedy::kStates[static_cast<std::size_t>(row.state)]}, {"again", row.state != remedy::State::kOpen && row.settled_on != row.answer}};
    const auto seen = records.find(row.record);
    if (seen == records.end()) {
      item["answer"] = remedy::kAnswers[static_cast<std::size_t>(remedy::Answer::kErased)];
    } else {
      const Json& fields = seen->second;
      for (const char* key : {"id", "time", "caller"}) item[key] = string_or(fields, key);
      JsonObject given{{"release", string_or(fields, "release")}};
      for (const char* key : {"label", "score"})
        if (const Json* const value = find_pointer(fields, fmt::format("/output/{}", key))) given[key] = *value;
      item["given"] = std::move(given);
    }
    if (const auto answer = answers->find(row.record); answer != answers->end() && seen != records.end()) {
      JsonObject clean;
      for (const char* key : {"release", "label", "score"})
        if (const Json* const value = find(answer->second, key)) clean[key] = *value;
      item["clean"] = std::move(clean);
      if (const std::string reason = string_or(answer->second, "reason"); !reason.empty()) item["reason"] = reason;
    }
    FIREBREAK_ASSIGN(item["settled"], acts.of(row.settled));
    FIREBREAK_ASSIGN(item["told"], acts.of(row.told));
    items.push_back(std::move(item));
  }
  return items;
}

Result<Json> RemedyRows::page(const std::string& incident, const std::string& state, const std::string& cursor, std::size_t limit) const {
  FIREBREAK_ASSIGN(const remedy::List list, list_of(context_, incident));
  if (!is_of({}, state))
    return fail(Code::kInvalid, "'state' is open, reversed, confirmed, changed, unchanged, unanswered, erased, told or untold", "/state");
  std::uint64_t after = 0;
  if (!cursor.empty()) {
    const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), after);
    if (error != std::errc() || end != cursor.data() + cursor.size()) return fail(Code::kInvalid, "'cursor' is the \"next\" of the page before", "/cursor");
  }
  std::vector<remedy::Row> rows;
  bool more = false;
  for (const remedy::Row& row : list.rows) {
    if ((!cursor.empty() && row.record <= after) || !*is_of(row, state)) continue;
    more = rows.size() == limit;
    if (more) break;
    rows.push_back(row);
  }
  JsonObject out = head(incident, list);
  FIREBREAK_ASSIGN(out["items"], told(incident, list, rows));
  out["next"] = more ? Json(std::to_string(rows.back().record)) : Json(nullptr);
  return Json(std::move(out));
}

Result<Bytes> RemedyRows::exported(const std::string& incident, const std::string& format, const std::string& actor) const {
  if (format != "csv" && format != "json") return fail(Code::kInvalid, "'format' is csv or json", "/format");
  FIREBREAK_ASSIGN(const remedy::List list, list_of(context_, incident));
  if (list.build == 0) return fail(Code::kConflict, "the list is being built", "/incident");
  FIREBREAK_ASSIGN(JsonArray items, told(incident, list, list.rows));
  Bytes text;
  if (format == "csv") {
    text = remedy_csv(items);
  } else {
    JsonObject out = head(incident, list);
    out["items"] = std::move(items);
    text = pretty_json(out);
  }
  const Json args = JsonObject{{"incident", incident}, {"format", format}, {"digest", sha256(text).hex()}, {"rows", list.rows.size()}};
  FIREBREAK_TRY(journal::give_command(context_.journal, "remedy.export", args, actor));
  return text;
}

std::string remedy_csv(const JsonArray& items) {
  std::string text;
  for (const Column& column : kColumns) text += fmt::format("{}{}", text.empty() ? "" : ",", column.title);
  text += "\r\n";
  for (const Json& item : items) {
    std::string line;
    for (const Column& column : kColumns) line += (&column == kColumns ? "" : ",") + csv_cell(find_pointer(item, column.pointer));
    text += line + "\r\n";
  }
  return text;
}

}  // namespace firebreak::app
