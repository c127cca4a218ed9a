#include "run/app/remedy_build.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/utf8.h"
#include "fold/contain/contain.h"
#include "fold/provenance/provenance.h"
#include "fold/remedy/remedy.h"
#include "run/app/incident_range.h"
#include "run/replay/scorer.h"

namespace firebreak::app {
namespace {

constexpr std::size_t kScan = 5'000;        // records of one read
constexpr std::size_t kScanPiece = 50'000;  // … and between two entries, when few are affected
constexpr std::size_t kAsk = 500;           // rows of one piece
constexpr int kTries = 4;                   // of a release that does not answer
constexpr std::size_t kSilent = 3;          // rows in a row without an answer: it is the release and not the rows

struct Work {  // what the journal says of the build
  Json asked;
  std::string incident, release;
  std::uint64_t at = 0, end = 0;
  std::size_t rows = 0;
};

struct Place {
  Endpoint endpoint;
  provenance::Release release;
  std::set<Digest> chain;
};

struct Affected {
  remedy::Row row;
  FeatureRow features;
  std::string given, reason;  // given: the label that the caller got
  double score = std::nan("");
  std::string label;
};

std::optional<Work> work_of(const Context& context, std::uint64_t build) {
  std::optional<Work> work;
  context.journal.with_state([&](const journal::View& view) {
    for (const auto& [incident, list] : view.state<remedy::RemedyState>(remedy::kFoldName).lists)
      if (list.building && list.building->index == build)
        work = Work{list.building->asked, incident, list.building->release, list.building->at, list.building->end, list.building->rows.size()};
  });
  return work;
}

Result<Place> place_of(const Context& context, const Work& work) {
  Result<Place> place = Place{};
  const std::string endpoint = string_or(work.asked, "endpoint");
  context.journal.with_state([&](const journal::View& view) {
    const auto& known = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    const Endpoint* const at = provenance::find_endpoint(known, endpoint);
    if (at == nullptr) return void(place = fail(Code::kNotFound, fmt::format("there is no endpoint '{}'", endpoint)));
    std::string name = work.release.empty() ? string_or(work.asked, "release") : work.release;
    if (name == "last-known-good") name = provenance::last_known_good(known, endpoint);
    const auto* const release = provenance::find_release(known, endpoint, name);
    if (release == nullptr) return void(place = fail(Code::kNotFound, fmt::format("there is no release '{}' of {}", name, endpoint)));
    if (name == string_or(work.asked, "of"))
      return void(place = fail(Code::kConflict, fmt::format("{} cannot judge its own answers: name a clean release", name)));
    place->endpoint = *at;
    place->release = *release;
    for (const auto& [id, chain] : view.state<contain::ContainState>(contain::kFoldName).chains)
      if (chain.incident == work.incident)
        for (const auto& [digest, index] : chain.members.digests) place->chain.insert(digest);
  });
  return place;
}

Result<void> tell(const Context& context, const Work& work, std::uint64_t build, const char* kind, JsonObject body) {
  body["incident"] = work.incident;
  body["build"] = fmt::format("rem-{}", build);
  FIREBREAK_TRY(context.journal.submit_wait(Draft{kind, std::move(body), "remedy", fmt::format("rem-{}", build), {}}));
  return {};
}

// Which of the records that come are affected.
class Choice {
 public:
  Choice(const Work& work, const Place& place) : asked_(work.asked), place_(place), reader_(place.endpoint.features) {
    if (const auto from = get_time(asked_, "from")) from_ = *from;
    if (const auto to = get_time(asked_, "to")) to_ = *to;
    of_ = string_or(asked_, "of");
    label_ = string_or(asked_, "label");
    caller_ = string_or(asked_, "caller");
    chains_ = string_or(asked_, "scope") == "chains";
  }

  void take(const record::Record& record, std::vector<Affected>& into) {
    if (record.kind != record::Kind::kInference) return;
    if (!of_.empty() && (record.release == nullptr || record.release->release != of_)) return;
    Affected one;
    one.row.record = record.index;
    if (record.erased) {  // what it was is not known any more: it may have been one
      if (!in_time(record.admitted)) return;
      one.row.answer = remedy::Answer::kErased;
      return into.push_back(std::move(one));
    }
    auto seen = reader_.read(record);
    if (!seen) {
      one.row.answer = remedy::Answer::kUnanswered;
      one.reason = seen.error().message;
      return into.push_back(std::move(one));
    }
    if (!is_model_decision(seen->disposition) || seen->label.empty() || !in_time(seen->time)) return;
    if ((!label_.empty() && seen->label != label_) || (!caller_.empty() && seen->caller != caller_)) return;
    if (chains_ && !place_.chain.contains(seen->feature_digest)) return;
    one.features = std::move(seen->features);
    one.given = std::move(seen->label);
    into.push_back(std::move(one));
  }

 private:
  bool in_time(Time time) const { return (!from_ || *from_ <= time) && (!to_ || time < *to_); }

  const Json& asked_;
  const Place& place_;
  record::ObservationReader reader_;
  std::optional<Time> from_, to_;
  std::string of_, label_, caller_;
  bool chains_ = false;
};

bool is_silence(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

void take_answer(Affected& one, const replay::Answer& answer) {
  one.label = answer.label;
  one.score = answer.score;
  one.row.answer = answer.label == one.given ? remedy::Answer::kUnchanged : remedy::Answer::kChanged;
}

// One after the other, where the whole batch was refused: who of them cannot be answered. An error: the release is silent.
Result<void> ask_singly(replay::Scorer& scorer, const std::vector<Affected*>& open) {
  std::size_t silent = 0;
  bool answered = false;
  for (Affected* const one : open) {
    const auto answer = scorer.score(std::span(&one->features, 1));
    if (answer) {
      take_answer(*one, answer->front());
      answered = true;
      silent = 0;
      continue;
    }
    one->row.answer = remedy::Answer::kUnanswered;
    one->reason = shortened(answer.error().message, 200);
    silent = is_silence(answer.error()) ? silent + 1 : 0;
    if (!answered && silent == std::min(kSilent, open.size())) return fail(Error(answer.error()));
  }
  return {};
}

// nullopt: the server stops.
Result<std::optional<bool>> ask(replay::Scorer& scorer, std::vector<Affected>& piece, const std::function<bool(std::int64_t)>& pause) {
  std::vector<Affected*> open;
  std::vector<FeatureRow> rows;
  for (Affected& one : piece) {
    if (one.given.empty()) continue;
    open.push_back(&one);
    rows.push_back(one.features);
  }
  if (open.empty()) return true;
  for (int attempt = 1;; ++attempt) {
    const auto answers = scorer.score(rows);
    if (answers) {
      for (std::size_t i = 0; i < open.size(); ++i) take_answer(*open[i], (*answers)[i]);
      return true;
    }
    const Result<void> singly = ask_singly(scorer, open);
    if (singly) return true;
    if (attempt == kTries) return fail(Error(singly.error()));
    if (!pause(attempt * kSecond)) return std::nullopt;
  }
}

std::string line_of(const Affected& one, const std::string& release) {
  JsonObject line{{"record", one.row.record}, {"answer", remedy::kAnswers[static_cast<std::size_t>(one.row.answer)]}, {"release", release}};
  if (!one.label.empty()) line["label"] = one.label;
  if (!std::isnan(one.score)) line["score"] = one.score;
  if (!one.reason.empty()) line["reason"] = one.reason;
  return canonical_json(line) + "\n";
}

Result<void> add_lines(const Context& context, const std::string& blob, std::map<std::uint64_t, std::string>& lines) {
  if (blob.empty()) return {};
  FIREBREAK_ASSIGN(const Digest digest, Digest::from_hex(blob));
  FIREBREAK_ASSIGN(const Bytes text, context.blobs.get(digest));
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    FIREBREAK_ASSIGN(const Json row, parse_json(line));
    lines[static_cast<std::uint64_t>(int_or(row, "record"))] = line;
  }
  return {};
}

// The answers of the whole list in one blob: those of this build over those of the list before it.
Result<std::string> whole_blob(const Context& context, const Work& work) {
  std::string before;
  std::vector<std::string> pieces;
  std::size_t rows = 0;
  context.journal.with_state([&](const journal::View& view) {
    const remedy::List& list = view.state<remedy::RemedyState>(remedy::kFoldName).lists.at(work.incident);
    before = list.blob;
    pieces = list.building->pieces;
    rows = remedy::merged(list.rows, list.building->rows, find(work.asked, "replace") != nullptr).size();
  });
  if (rows > remedy::kRows)
    return fail(Code::kTooLarge, fmt::format("with the rows of the list before it would hold {}, {} are the most: narrow it, and say with --replace that open rows outside go", rows, remedy::kRows));
  std::map<std::uint64_t, std::string> lines;
  FIREBREAK_TRY(add_lines(context, before, lines));
  for (const std::string& piece : pieces) FIREBREAK_TRY(add_lines(context, piece, lines));
  Bytes text;
  for (const auto& [record, line] : lines) text += line + "\n";
  FIREBREAK_ASSIGN(const Digest digest, context.blobs.put(text));
  return digest.hex();
}

Result<void> start(const Context& context, const Work& work, std::uint64_t build, const Place& place) {
  record::Stream* const stream = context.streams.get(string_or(work.asked, "stream"));
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", string_or(work.asked, "stream")));
  const std::uint64_t size = stream->size();
  const bool all = string_or(work.asked, "scope") == "release" || find(work.asked, "from") != nullptr || find(work.asked, "to") != nullptr;
  const RecordRange range = all ? RecordRange{0, size, false} : range_of(work.asked, size);
  return tell(context, work, build, "remedy_started", {{"release", place.release.release}, {"first", range.first}, {"end", range.end}});
}

// One piece: read, asked, told. False: the server stops.
Result<bool> go_on(const Context& context, const Work& work, std::uint64_t build, const Place& place, const std::function<bool(std::int64_t)>& pause) {
  record::Stream* const stream = context.streams.get(string_or(work.asked, "stream"));
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", string_or(work.asked, "stream")));
  Choice choice(work, place);
  std::vector<Affected> piece;
  std::uint64_t at = work.at;
  while (at < work.end && at - work.at < kScanPiece && piece.size() < kAsk) {
    std::vector<Affected> found;
    const std::uint64_t most = std::min<std::uint64_t>(kScan, work.end - at);
    FIREBREAK_ASSIGN(at, stream->read_from(at, most, [&](const record::Record& record) { choice.take(record, found); }, record::Erased::kDeliver));
    for (Affected& one : found) {
      if (piece.size() == kAsk) {
        at = one.row.record;  // the next piece begins with it
        break;
      }
      piece.push_back(std::move(one));
    }
  }
  if (work.rows + piece.size() > remedy::kRows)
    return fail(Code::kTooLarge, fmt::format("more than {} decisions are affected (up to record {}): narrow it with --of, --label, --caller, --from or --to", remedy::kRows, at));
  const std::int64_t began = context.clock.steady_us();
  replay::Scorer scorer(place.endpoint, place.release.upstream);
  auto asked = ask(scorer, piece, pause);
  if (!asked) return fail(std::move(asked.error()).with(fmt::format("release {} at {} does not answer", place.release.release, place.release.upstream)));
  if (!*asked) return false;
  JsonObject body{{"from", work.at}, {"to", at}};
  std::vector<remedy::Row> rows;
  Bytes text;
  for (const Affected& one : piece) {
    rows.push_back(one.row);
    text += line_of(one, place.release.release);
  }
  body["rows"] = remedy::pack(rows);
  body["count"] = rows.size();
  if (!rows.empty()) {
    FIREBREAK_ASSIGN(const Digest blob, context.blobs.put(text));
    body["blob"] = blob.hex();
  }
  FIREBREAK_TRY(tell(context, work, build, "remedy_rows", std::move(body)));
  const std::int64_t due = static_cast<std::int64_t>(piece.size()) * kSecond / std::max<std::int64_t>(int_or(work.asked, "per_second", 500), 1);
  const std::int64_t spent = context.clock.steady_us() - began;
  return at >= work.end || due <= spent || pause(due - spent);
}

Result<bool> one_step(const Context& context, const Work& work, std::uint64_t build, const std::function<bool(std::int64_t)>& pause) {
  FIREBREAK_ASSIGN(const Place place, place_of(context, work));
  if (work.release.empty()) {
    FIREBREAK_TRY(start(context, work, build, place));
    return true;
  }
  if (work.at < work.end) return go_on(context, work, build, place, pause);
  FIREBREAK_ASSIGN(std::string blob, whole_blob(context, work));
  FIREBREAK_TRY(tell(context, work, build, "remedy_ended", {{"outcome", "built"}, {"release", work.release}, {"rows", work.rows}, {"blob", std::move(blob)}}));
  return true;
}

}  // namespace

void build_remedy(const Context& context, std::uint64_t build, const std::function<bool(std::int64_t us)>& pause) {
  while (const auto work = work_of(context, build)) {
    const auto stepped = one_step(context, *work, build, pause);
    if (stepped && !*stepped) return;
    if (stepped) {
      if (!pause(0)) return;
      continue;
    }
    context.logger.error("a remedy list could not be built", stepped.error());
    // When the journal itself has stopped, there is nobody to tell; the next start goes on.
    if (auto told = tell(context, *work, build, "remedy_ended", {{"outcome", "failed"}, {"error", shortened(stepped.error().message, 500)}}); !told) return;
  }
}

}  // namespace firebreak::app
