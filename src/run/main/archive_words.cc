// query, impact, archive: questions to the records as a whole.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/files.h"
#include "run/main/archive_bundle.h"
#include "run/main/command_line.h"
#include "run/main/print.h"

namespace firebreak::cli {
namespace {

constexpr std::size_t kCellWidth = 60, kHours = 48;

// To a file or to standard output; what was written is said on standard error, so that a pipe gets the answer alone.
int deliver(const std::string& out, std::string_view content, bool json) {
  if (out.empty()) {
    std::fwrite(content.data(), 1, content.size(), stdout);
    return kDone;
  }
  PosixFiles files;
  if (auto ok = write_plain(files, out, content); !ok) return report_error(ok.error(), json);
  fmt::print(stderr, "{}: {} octets\n", out, content.size());
  return kDone;
}

// RFC 4180.
std::string csv_cell(const Json& value) {
  if (value.is_null()) return {};
  std::string text = value.is_string() ? std::string(value.get_string()) : canonical_json(value);
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  for (std::size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at + 2)) text.insert(at, 1, '"');
  return '"' + text + '"';
}

std::string csv_row(const JsonArray& row) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += (i == 0 ? "" : ",") + csv_cell(row[i]);
  return line + "\r\n";
}

std::string csv(const Json& answer) {
  std::string text = csv_row(answer.at("columns").as_array());
  for (const Json& row : answer.at("rows").as_array()) text += csv_row(row.as_array());
  return text;
}

std::string rows_as_table(const Json& answer) {
  std::vector<std::string> titles, pointers;
  for (const Json& name : answer.at("columns").as_array()) {
    titles.push_back(cell(&name));
    pointers.push_back(fmt::format("/{}", pointers.size()));
  }
  std::vector<Column> columns;
  for (std::size_t i = 0; i < titles.size(); ++i) columns.push_back({titles[i], pointers[i], kCellWidth});
  return table(answer.at("rows").as_array(), columns);
}

Result<Json> asked(Client& client, const std::string& what, const Json& body) {
  FIREBREAK_ASSIGN(const std::string text, client.ask_archive(what, body));
  return parse_json(text);
}

std::string format_of(const ArchiveWords& words, const Client& client) {
  return client.connection().json ? "json" : words.format;
}

int fetch_parquet(Client& client, const ArchiveWords& words, const std::string& what, JsonObject body) {
  const bool json = client.connection().json;
  if (words.out.empty())
    return report_error(Error{Code::kInvalid, "a Parquet answer goes into a file: name it with --out", {}, 0}, json);
  body["format"] = "parquet";
  const auto octets = client.ask_archive(what, body);
  return octets ? deliver(words.out, *octets, json) : report_error(octets.error(), json);
}

int query(Client& client, const ArchiveWords& words, int limit) {
  const std::string format = format_of(words, client);
  const bool json = client.connection().json;
  JsonObject body{{"sql", words.sql}, {"limit", limit}, {"fresh", !words.as_is}};
  if (!words.stream.empty()) body["stream"] = words.stream;
  if (format == "parquet") return fetch_parquet(client, words, "query", std::move(body));
  const auto answer = asked(client, "query", body);
  if (!answer) return report_error(answer.error(), json);
  const std::size_t shown = answer->at("rows").as_array().size();
  const int done = deliver(words.out, format == "json" ? pretty_json(*answer) : format == "csv" ? csv(*answer) : rows_as_table(*answer), json);
  if (const auto all = static_cast<std::size_t>(int_or(*answer, "count", 0)); all > shown)
    fmt::print(stderr, "{} of {} rows: --limit shows more, --format parquet --out FILE takes all\n", shown, all);
  return done;
}

std::string ranking(const Json& answer, const char* list, std::string_view name, std::string_view title) {
  constexpr std::size_t kShown = 10;
  JsonArray top = answer.at(list).as_array();
  const std::size_t all = top.size();
  if (all == 0) return {};
  if (all > kShown) top.erase(top.begin() + kShown, top.end());
  std::string text = "\n" + table(top, {{title, name, 40}, {"COUNT", "/count", 12}, {"FIRST", "/first", 28}, {"LAST", "/last", 28}});
  if (all > kShown) text += fmt::format("({} more: --json shows all)\n", all - kShown);
  return text;
}

// The question in words, the count, then who, what and when.
std::string impact_text(const Json& answer) {
  const Json& question = answer.at("question");
  const auto part = [&](const char* name, const char* word) {
    const std::string value = string_or(question, name);
    return value.empty() ? std::string() : fmt::format(" {} {}", word, value);
  };
  std::string text = fmt::format("{}{}{}{}{}: {} answers, of {} records looked at\n", string_or(question, "stream"), part("release", "release"),
                                 part("caller", "to"), part("from", "from"), part("to", "until"), int_or(answer, "count", 0),
                                 int_or(answer, "covered_end", 0));
  for (const char* edge : {"first", "last"})
    if (const Json* at = find(answer, edge))
      text += fmt::format("{:<5}  record {} at {}\n", edge, int_or(*at, "index", 0), string_or(*at, "admitted"));
  text += ranking(answer, "releases", "/release", "RELEASE") + ranking(answer, "callers", "/caller", "CALLER") +
          ranking(answer, "dispositions", "/disposition", "DISPOSITION") + ranking(answer, "answers", "/answer", "ANSWER");
  JsonArray hours = answer.at("by_hour").as_array();
  const std::size_t all = hours.size();
  if (all > kHours) hours.erase(hours.begin() + kHours, hours.end());
  if (all > 0) text += "\n" + table(hours, {{"HOUR", "/hour", 28}, {"COUNT", "/count", 12}});
  if (all > kHours) text += fmt::format("({} more: --json shows all)\n", all - kHours);
  if (const Json* lineage = find(answer, "lineage"); lineage != nullptr && !lineage->as_array().empty()) text += "\nmade of:\n" + details(*lineage);
  return text;
}

std::string impact_csv(const Json& answer) {
  std::string text = csv_row({"by", "value", "count", "first_index", "last_index", "first", "last"});
  for (const auto& [list, name] : {std::pair("releases", "release"), std::pair("callers", "caller"),
                                   std::pair("dispositions", "disposition"), std::pair("answers", "answer")})
    for (const Json& one : answer.at(list).as_array())
      text += csv_row({name, one.at(name), one.at("count"), one.at("first_index"), one.at("last_index"), one.at("first"), one.at("last")});
  for (const Json& one : answer.at("by_hour").as_array()) text += csv_row({"hour", one.at("hour"), one.at("count"), {}, {}, {}, {}});
  return text;
}

int impact(Client& client, const ArchiveWords& words) {
  const bool json = client.connection().json;
  JsonObject body{{"stream", words.stream}, {"fresh", !words.as_is}};
  for (const auto& [name, value] : {std::pair("release", &words.release), std::pair("caller", &words.caller),
                                    std::pair("from", &words.from), std::pair("to", &words.to)})
    if (!value->empty()) body[name] = *value;
  const std::string format = format_of(words, client);
  if (format == "parquet") {
    if (!words.prove.empty() || !words.bundle.empty())
      return report_error(Error{Code::kInvalid, "--prove writes a statement: ask for the Parquet file without it", {}, 0}, json);
    return fetch_parquet(client, words, "impact", std::move(body));
  }
  if (!words.prove.empty() && !words.bundle.empty())
    return report_error(Error{Code::kInvalid, "--bundle writes the statement too: give either --prove or --bundle", {}, 0}, json);
  if (!words.bundle.empty()) {
    auto proven = prove_into(client, words.bundle, std::move(body));
    if (!proven) return report_error(proven.error(), json);
    fmt::print(stderr, "{}: the statement and all that it is over; without the server: firebreak evidence verify {}\n", words.bundle, words.bundle);
    return deliver(words.out, format == "json" ? pretty_json(*proven) : format == "csv" ? impact_csv(*proven) : impact_text(*proven), json);
  }
  if (!words.prove.empty()) body["prove"] = true;
  auto answer = asked(client, "impact", body);
  if (!answer) return report_error(answer.error(), json);
  if (!words.prove.empty()) {
    if (const int written = deliver(words.prove, pretty_json(*answer), json); written != kDone) return written;
    fmt::print(stderr,
               "it is over the files of DIR/archive/{}, which questions and erasures replace: copy them now (or ask with --bundle DIR, which keeps both); then, "
               "without the server: firebreak evidence verify {} --archive COPY\n", words.stream, words.prove);
    answer = Json(answer->at("answer"));
  }
  return deliver(words.out, format == "json" ? pretty_json(*answer) : format == "csv" ? impact_csv(*answer) : impact_text(*answer), json);
}

int build(Client& client, const ArchiveWords& words) {
  JsonObject body{{"open", words.open}};
  if (!words.stream.empty()) body["stream"] = words.stream;
  const auto answer = asked(client, "build", body);
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
  } else if (answer->at("parts").as_array().empty()) {
    fmt::print("everything is archived{}\n", words.open ? "" : " but for the open segments: --open takes them in");
  } else {
    fmt::print("{}", table(answer->at("parts").as_array(), {{"STREAM", "/stream", 40}, {"SEGMENT", "/segment", 8}, {"GENERATION", "/generation", 10},
                                                            {"FROM", "/first", 14}, {"TO", "/end", 14}, {"ERASED", "/erased", 10}}));
  }
  return kDone;
}

int list_archive(Client& client) {
  const auto answer = client.get("/api/v1/archive");
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
    return kDone;
  }
  fmt::print("engine: {}\n{}", string_or(*answer, "engine"),
             table(answer->at("streams").as_array(), {{"STREAM", "/stream", 40}, {"RECORDS", "/records", 14}, {"ARCHIVED", "/archived", 14},
                                                      {"PARTS", "/parts", 8}, {"OCTETS", "/octets", 14}}));
  return kDone;
}

}  // namespace

void CommandLine::add_archive() {
  ArchiveWords& w = words_.archive;
  const auto formats = [&w](CLI::App* sub) {
    sub->add_option("--format", w.format, "how the answer is given")
        ->check(CLI::IsMember({"table", "csv", "json", "parquet"}))
        ->capture_default_str();
    sub->add_option("--out", w.out, "into this file");
    sub->add_flag("--as-is", w.as_is, "do not bring in the newest records first");
  };
  auto* asking = verb(app_.get(), "query", "any SELECT over the records: tables are the kinds, as \"STREAM\".inference",
                      [this, &w](Client& c) { return query(c, w, words_.limit); });
  asking->add_option("sql", w.sql, "one SELECT, in DuckDB's SQL")->required();
  asking->add_option("--stream", w.stream, "of this stream; its tables are then 'inference', 'label' and so on");
  asking->add_option("--limit", words_.limit, "rows to print")->check(CLI::Range(1, 10'000));
  formats(asking);
  auto* counting = verb(app_.get(), "impact", "what a release answered in a span of time: how many, to whom, which decisions",
                        [&w](Client& c) { return impact(c, w); });
  counting->add_option("--stream", w.stream, "the endpoint's stream")->required();
  counting->add_option("--release", w.release, "of this release; without it of all");
  counting->add_option("--caller", w.caller, "to this caller; without it to all");
  counting->add_option("--from", w.from, "admitted at or after, as 2026-11-25T00:00:00Z");
  counting->add_option("--to", w.to, "admitted before");
  counting->add_option("--prove", w.prove, "write a completeness statement into this file; 'evidence verify' checks it");
  counting->add_option("--bundle", w.bundle, "a new folder: the statement with all files that it is over, to be kept and handed on");
  formats(counting);
  auto* archive = noun("archive", "Parquet files made of the closed segments");
  auto* making = verb(archive, "build", "make what is missing now", [&w](Client& c) { return build(c, w); });
  making->add_option("--stream", w.stream, "of this stream; without it all");
  making->add_flag("--open", w.open, "the open segments too, as far as they go");
  verb(archive, "list", "what is archived of each stream", [](Client& c) { return list_archive(c); });
}

}  // namespace firebreak::cli
