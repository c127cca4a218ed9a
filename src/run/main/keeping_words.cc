// erase, hold: what must go and what must be kept.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <set>

#include "run/main/command_line.h"
#include "run/main/print.h"
#include "types/free_text.h"

namespace firebreak::cli {
namespace {

int told(Client& client, const Result<Json>& answer, const std::string& sentence) {
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
  } else {
    fmt::print("{} {}\n", string_or(*answer, "id"), sentence);
  }
  return kDone;
}

int erase_text(Client& client, const KeepingWords& words) {
  return told(client, client.post("/api/v1/erasures", JsonObject{{"text", words.text}, {"reason", words.reason}}), "is erased");
}

int erase(Client& client, const KeepingWords& words) {
  if (!words.text.empty()) return erase_text(client, words);
  if (words.subject.empty()) {
    (void)report_error(Error{Code::kInvalid, "--subject or --text is needed: what is to be erased", {}, 0}, client.connection().json);
    return kUsage;
  }
  JsonObject body{{"subject", words.subject}, {"reason", words.reason}};
  if (!words.streams.empty()) body["streams"] = JsonArray(words.streams.begin(), words.streams.end());
  const auto answer = client.post("/api/v1/erasures", body);
  const bool waits = answer && string_or(*answer, "state") == "waiting";
  return told(client, answer, waits ? "waits: a legal hold covers this person; see 'firebreak hold list'"
                                    : "is ordered; 'firebreak erase status' says how far it is");
}

std::string detectors_in_words(const Json& erasure) {
  if (string_or(erasure, "detectors") == "forgotten") return "have forgotten";
  std::string streams;
  for (const Json& stream : erasure.at("detectors_waiting").as_array()) streams += (streams.empty() ? "" : ", ") + std::string(stream.as_string());
  return "of " + streams + " are being made anew";
}

void print_erasure(const Json& erasure) {
  std::string streams;
  for (const std::string& stream : strings_or_empty(erasure, "streams")) streams += (streams.empty() ? "" : ", ") + stream;
  fmt::print("{}  {}, of {}\n  asked      {} by {}: {}\n  subject    {}\n", string_or(erasure, "id"), string_or(erasure, "state"),
             streams.empty() ? "all streams" : streams, string_or(erasure, "requested"), string_or(erasure, "by"),
             string_or(erasure, "reason"), string_or(erasure, "subject_hash").substr(0, 16));
  if (string_or(erasure, "state") != "done") {
    std::string held;
    for (const std::string& hold : strings_or_empty(erasure, "held_by")) held += (held.empty() ? "" : ", ") + hold;
    fmt::print("  waits for  {}\n", held.empty() ? "its turn" : held);
    return;
  }
  fmt::print("  done       {}, journal {}: {} records\n  archive    {} parts made anew", string_or(erasure, "done"), int_or(erasure, "entry"),
             int_or(erasure, "records"), int_or(erasure, "archive_parts_made_anew"));
  if (const std::int64_t waiting = int_or(erasure, "archive_parts_waiting"); waiting > 0) fmt::print(", {} waiting", waiting);
  fmt::print("\n  detectors  {}\n", detectors_in_words(erasure));
}

int erase_status(Client& client, const std::string& id) {
  const auto answer = client.get(id.empty() ? "/api/v1/erasures" : "/api/v1/erasures/" + id);
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
    return kDone;
  }
  if (!id.empty()) {
    print_erasure(*answer);
    return kDone;
  }
  for (const char* list : {"erasures", "done"})
    for (const Json& erasure : answer->at(list).as_array()) print_erasure(erasure);
  if (answer->at("erasures").as_array().empty() && answer->at("done").as_array().empty()) fmt::print("nobody was erased\n");
  return kDone;
}

// Every text that somebody typed, once, where it came in; with `containing` those alone that hold it. The search is made here, so
// that a name that is looked for stands in no address and no log.
int list_texts(Client& client, const std::string& containing) {
  const bool json = client.connection().json;
  std::set<std::string> seen;
  JsonArray found;
  for (std::uint64_t from = 0;;) {
    const auto page = client.get(fmt::format("/api/v1/journal?limit=1000&from={}", from));
    if (!page) return report_error(page.error(), json);
    const JsonArray& items = page->at("items").as_array();
    if (items.empty()) break;
    for (const Json& entry : items) {
      for (const std::string& reference : text_references(entry)) {
        if (!seen.insert(reference).second) continue;
        const std::string text = string_or(page->at("texts"), reference);
        if (text.find(containing) == std::string::npos) continue;
        found.push_back(JsonObject{{"text", reference}, {"index", int_or(entry, "index")}, {"time", string_or(entry, "time")},
                                   {"actor", string_or(entry, "actor")}, {"says", text}});
      }
    }
    from += items.size();
  }
  if (json) {
    fmt::print("{}", pretty_json(JsonObject{{"items", std::move(found)}}));
  } else if (found.empty()) {
    fmt::print("no such text\n");
  } else {
    fmt::print("{}", table(found, {{"TEXT", "/text", 69}, {"ENTRY", "/index", 10}, {"TIME", "/time", 28}, {"BY", "/actor", 20}, {"SAYS", "/says", 80}}));
  }
  return kDone;
}

int add_hold(Client& client, const KeepingWords& words) {
  JsonObject body{{"reason", words.reason}};
  if (!words.subject.empty()) body["subject"] = words.subject;
  if (!words.streams.empty()) body["stream"] = words.streams.front();
  return told(client, client.post("/api/v1/holds", body), "is in force; two people lift it with 'firebreak hold lift'");
}

int list_holds(Client& client) {
  const auto answer = client.get("/api/v1/erasures");
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
    return kDone;
  }
  for (const Json& hold : answer->at("holds").as_array()) {
    const std::string stream = string_or(hold, "stream"), lifting = string_or(hold, "lift_proposed_by");
    fmt::print("{}  keeps {}{}: {} ({}){}\n", string_or(hold, "id"), string_or(hold, "covers"),
               stream.empty() ? "" : " in " + stream, string_or(hold, "reason"), string_or(hold, "by"),
               lifting.empty() ? "" : "; " + lifting + " wants it lifted, a second person is needed");
  }
  for (const Json& erasure : answer->at("erasures").as_array()) {
    std::string held;
    for (const Json& hold : erasure.at("held_by").as_array()) held += (held.empty() ? ", held by " : ", ") + std::string(hold.as_string());
    fmt::print("{}  {}{}: {} ({})\n", string_or(erasure, "id"), string_or(erasure, "state"), held,
               string_or(erasure, "reason"), string_or(erasure, "by"));
  }
  if (answer->at("holds").as_array().empty() && answer->at("erasures").as_array().empty())
    fmt::print("no hold is in force, no erasure is open\n");
  return kDone;
}

int list_retention(Client& client) {
  const auto answer = client.get("/api/v1/retention");
  if (!answer) return report_error(answer.error(), client.connection().json);
  if (client.connection().json) {
    fmt::print("{}", pretty_json(*answer));
    return kDone;
  }
  fmt::print("{}", table(answer->at("streams").as_array(), {{"STREAM", "/stream", 40}, {"DAYS", "/retention_days", 6}, {"GONE", "/records", 12},
                                                            {"ADMITTED UP TO", "/cutoff", 28}, {"ENTRY", "/entry", 10}, {"HELD", "/held", 12},
                                                            {"PURPOSE", "/purpose", 50}}));
  return kDone;
}

// The configuration as it is, with another retention: everything else stays.
int set_retention(Client& client, const KeepingWords& words, const std::string& stream) {
  const bool json = client.connection().json;
  const auto streams = client.get("/api/v1/streams");
  if (!streams) return report_error(streams.error(), json);
  for (const Json& one : streams->at("items").as_array()) {
    if (string_or(one, "name") != stream) continue;
    JsonObject body = one.as_object();
    body.erase("name");
    body.erase("size");
    body["retention_days"] = words.days;
    if (!words.purpose.empty()) body["purpose"] = words.purpose;
    const auto answer = client.put("/api/v1/streams/" + stream, body);
    if (!answer) return report_error(answer.error(), json);
    if (json) {
      fmt::print("{}", pretty_json(*answer));
    } else if (words.days == 0) {
      fmt::print("{} is kept for ever\n", stream);
    } else {
      fmt::print("{} is kept for {} days; what is older goes within the hour\n", stream, words.days);
    }
    return kDone;
  }
  return report_error(Error{Code::kNotFound, fmt::format("there is no stream '{}'", stream), {}, 0}, json);
}

}  // namespace

void CommandLine::add_keeping() {
  KeepingWords& w = words_.keeping;
  auto* erasing = verb(app_.get(), "erase", "erase a person's records, or a text that somebody typed; proofs stay (as admin)", {});
  auto* subject = erasing->add_option("--subject", w.subject, "the person, as the stream's subject field (else the caller) names them");
  erasing->add_option("--text", w.text, "the text: its reference, text:DIGEST, as 'firebreak texts' lists it")->excludes(subject);
  erasing->add_option("--reason", w.reason, "for the journal; no name in it");
  erasing->add_option("--stream", w.streams, "of this stream alone, several times; without it all")->needs(subject);
  auto* status = verb(erasing, "status", "who asked, why, when; holds, records, archive, whether detectors have forgotten",
                      [this](Client& c) { return erase_status(c, words_.id); });
  status->add_option("erasure", words_.id, "era-N; without it all");
  erasing->callback([this, status, &w] {  // after that of `status`
    if (status->parsed()) return;
    if (w.reason.empty()) throw CLI::RequiredError("--reason");
    chosen_ = [&w](Client& c) { return erase(c, w); };
  });
  auto* texts = verb(app_.get(), "texts", "what people typed (reasons, notes, summaries), with the references that 'erase --text' takes",
                     [&w](Client& c) { return list_texts(c, w.text); });
  texts->add_option("--containing", w.text, "those alone that hold these characters");
  auto* keeping = noun("retention", "how long records are kept");
  verb(keeping, "list", "of each stream: days, what went, what is held", [](Client& c) { return list_retention(c); });
  auto* setting = verb(keeping, "set", "keep a stream's records for so many days (as admin)",
                       [this](Client& c) { return set_retention(c, words_.keeping, words_.stream); });
  setting->add_option("stream", words_.stream)->required();
  setting->add_option("--days", w.days, "0: for ever")->required()->check(CLI::Range(0, 36'500));
  setting->add_option("--purpose", w.purpose, "what they are kept for");
  auto* hold = noun("hold", "legal holds: what must not be erased");
  auto* adding = verb(hold, "add", "keep records from being erased", [&w](Client& c) { return add_hold(c, w); });
  adding->add_option("--reason", w.reason)->required();
  adding->add_option("--subject", w.subject, "one person; without it everybody");
  adding->add_option("--stream", w.streams, "of one stream; without it all");
  auto* lifting = verb(hold, "lift", "end a hold; it takes two people", [this](Client& c) {
    return give_command(c, "hold.lift", JsonObject{{"hold", words_.id}, {"reason", words_.keeping.reason}});
  });
  lifting->add_option("hold", words_.id)->required();
  lifting->add_option("--reason", w.reason)->required();
  verb(hold, "list", "holds in force and erasures that are open", [](Client& c) { return list_holds(c); });
}

}  // namespace firebreak::cli
