#include "run/app/archivist.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/limits.h"
#include "fold/provenance/provenance.h"
#include "log/ledger/log.h"
#include "log/ledger/verify.h"
#include "read/archive/builder.h"
#include "read/archive/outdated.h"
#include "read/archive/statement.h"

namespace firebreak::app {
namespace {

constexpr auto kNap = std::chrono::seconds(20);  // between two looks for segments that were closed
constexpr int kQuestions = 2;
constexpr std::int64_t kQuestionMs = 60'000, kBuildMs = 600'000;
constexpr std::int64_t kRows = 10'000;
// What is gone when the work is done, unless a crash leaves it: a Parquet answer until it is sent, what did not fit into memory.
// No stream's name begins with a dot.
constexpr const char* kPassing = ".";
constexpr const char* kAnswer = ".answer-";
constexpr const char* kSpill = ".spill";

Result<std::optional<Time>> time_in(const Json& body, const char* name) {
  const std::string text = string_or(body, name);
  if (text.empty()) return std::optional<Time>();
  FIREBREAK_ASSIGN(const Time time, get_time(body, name));
  return std::optional<Time>(time);
}

std::uint64_t octets_of(const archive::Manifest& manifest) {
  std::uint64_t sum = manifest.cube.octets;
  for (const archive::ArchivedTable& table : manifest.tables) sum += table.file.octets;
  return sum;
}

}  // namespace

class Archivist::Asking {
 public:
  explicit Asking(Archivist& all) : all_(all) {
    const std::lock_guard lock(all_.mutex_);
    admitted_ = all_.asking_ < kQuestions;
    if (admitted_) ++all_.asking_;
  }
  ~Asking() {
    const std::lock_guard lock(all_.mutex_);
    if (admitted_) --all_.asking_;
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;
  Result<void> admitted() const {
    if (admitted_) return {};
    return fail(Code::kBusy, fmt::format("{} questions to the archive are being answered: ask again in a moment", kQuestions));
  }

 private:
  Archivist& all_;
  bool admitted_ = false;
};

void Archivist::apply(const Entry& entry) {
  if (entry.kind != "segment_archived") return;
  const std::lock_guard lock(mutex_);
  told_[string_or(entry.body, "manifest_sha256")] = entry.index;
}

void Archivist::start() {
  if (const auto library = archive::find_library(); !library)
    context_.logger.info("closed segments are not made into Parquet", {{"why", Json(library.error().message)}});
  context_.metrics.gauge_function("firebreak_archive_octets", "Octets of Parquet files and count cubes", [this] {
    std::error_code none;
    double sum = 0;
    for (std::filesystem::recursive_directory_iterator at(data_dir_ + "/archive", none), end; at != end; at.increment(none))
      if (at->is_regular_file(none)) sum += static_cast<double>(at->file_size(none));
    return sum;
  });
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(data_dir_ + "/archive", none))
    if (file.path().filename().string().starts_with(kPassing)) std::filesystem::remove_all(file.path(), none);  // a crash left it
  thread_ = std::thread([this] { run(); });
}

void Archivist::stop() {
  {
    const std::lock_guard lock(sleep_mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Archivist::run() {
  std::string said;  // the same trouble is told once
  for (;;) {
    std::string trouble;
    if (archive::find_library()) {
      for (const std::string& name : context_.streams.list()) {
        if (const auto made = bring_up(name, false); !made) trouble = made.error().message;
      }
    }
    if (!trouble.empty() && trouble != said) context_.logger.warn("the archive is behind", {{"why", Json(trouble)}});
    said = trouble;
    std::unique_lock lock(sleep_mutex_);
    if (wake_.wait_for(lock, kNap, [this] { return stopping_.load(); })) return;
  }
}

archive::Engine Archivist::engine(std::int64_t timeout_ms) const {
  archive::Engine engine;
  engine.timeout_ms = timeout_ms;
  engine.cancelled = [this] { return stopping_.load(); };
  return engine;
}

Result<std::vector<archive::Manifest>> Archivist::bring_up(const std::string& name, bool open) {
  record::Stream* const stream = context_.streams.get(name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name), "/stream");
  const std::lock_guard one(building_);
  archive::Engine maker = engine(kBuildMs);
  maker.spill = data_dir_ + "/archive/" + kSpill;
  auto made = archive::build_stream(context_.files, *stream, data_dir_, open, maker);
  std::error_code none;
  std::filesystem::remove_all(maker.spill, none);
  const std::string folder = archive::folder_of(data_dir_, name);
  // Also of what was made before an error came, or, once after a start, before a crash.
  if (!made || !made->empty() || !looked_.contains(name)) FIREBREAK_TRY(tell(folder));
  looked_.insert(name);
  if (!made || made->empty()) return made;
  const record::Gate::Closed alone(files_);
  FIREBREAK_TRY(archive::remove_superseded(context_.files, folder));
  return made;
}

// The journal hears of every part once.
Result<void> Archivist::tell(const std::string& folder) {
  FIREBREAK_ASSIGN(const auto parts, archive::load_manifests(context_.files, folder));
  for (const archive::Manifest& manifest : parts) {
    const std::string digest = archive::manifest_digest(manifest);
    {
      const std::lock_guard lock(mutex_);
      if (told_.contains(digest)) continue;
    }
    JsonObject body{{"stream", manifest.stream},   {"segment", manifest.segment}, {"generation", manifest.generation},
                    {"first", manifest.first},     {"end", manifest.end},         {"erased", manifest.erased},
                    {"manifest_sha256", digest}};
    FIREBREAK_ASSIGN(const auto group, context_.journal.submit_wait(Draft{"segment_archived", std::move(body), "archive", {}, {}}));
    for (const Entry& entry : group.entries) apply(entry);
  }
  return {};
}

Result<Json> Archivist::build(const Json& body) {
  const Asking asking(*this);
  FIREBREAK_TRY(asking.admitted());
  FIREBREAK_TRY(only_keys(body, {"stream", "open"}));
  const std::string one = string_or(body, "stream");
  JsonArray parts;
  for (const std::string& name : one.empty() ? context_.streams.list() : std::vector<std::string>{one}) {
    FIREBREAK_ASSIGN(const auto made, bring_up(name, bool_or(body, "open", false)));
    for (const archive::Manifest& manifest : made) parts.push_back(archive::to_json(manifest));
  }
  return Json(JsonObject{{"parts", std::move(parts)}});
}

Result<Json> Archivist::status() {
  const record::Gate::Pass reading(files_);
  const auto library = archive::find_library();
  JsonArray streams;
  for (const std::string& name : context_.streams.list()) {
    FIREBREAK_ASSIGN(const auto manifests, archive::load_manifests(context_.files, archive::folder_of(data_dir_, name)));
    std::uint64_t octets = 0;
    for (const archive::Manifest& manifest : manifests) octets += octets_of(manifest);
    const record::Stream* const stream = context_.streams.get(name);
    streams.push_back(JsonObject{{"stream", name},
                                 {"records", stream == nullptr ? 0 : stream->size()},
                                 {"archived", manifests.empty() ? 0 : manifests.back().end},
                                 {"parts", manifests.size()},
                                 {"octets", octets}});
  }
  return Json(JsonObject{{"engine", library ? "ready" : library.error().message}, {"streams", std::move(streams)}});
}

// With "fresh" (the default) up to the newest record.
Result<std::vector<archive::Source>> Archivist::sources(const Json& body) {
  const std::string one = string_or(body, "stream");
  std::vector<archive::Source> out;
  for (const std::string& name : one.empty() ? context_.streams.list() : std::vector<std::string>{one}) {
    if (context_.streams.get(name) == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", name), "/stream");
    if (bool_or(body, "fresh", true)) FIREBREAK_TRY(bring_up(name, true));
    out.push_back({name, archive::folder_of(data_dir_, name), {}});
  }
  return out;
}

Result<archive::Query> Archivist::asked(const Json& body) const {
  FIREBREAK_TRY(only_keys(body, {"sql", "stream", "limit", "fresh", "format"}));
  archive::Query query;
  FIREBREAK_ASSIGN(query.sql, get_string(body, "sql"));
  const std::int64_t limit = int_or(body, "limit", 1'000);
  if (limit < 1 || limit > kRows) return fail(Code::kInvalid, fmt::format("'limit' must be 1 to {}", kRows), "/limit");
  query.max_rows = static_cast<std::uint64_t>(limit);
  return query;
}

Result<Json> Archivist::query(const Json& body, const std::string& actor) {
  const Asking asking(*this);
  FIREBREAK_TRY(asking.admitted());
  FIREBREAK_ASSIGN(const archive::Query question, asked(body));
  FIREBREAK_ASSIGN(auto all, sources(body));
  const record::Gate::Pass reading(files_);
  for (archive::Source& source : all) {
    FIREBREAK_ASSIGN(source.manifests, archive::load_manifests(context_.files, source.folder));
  }
  JsonArray columns, rows;
  bool names = true;
  FIREBREAK_ASSIGN(const std::uint64_t count, archive::query(all, question, engine(kQuestionMs), [&](JsonArray row) {
                     if (std::exchange(names, false)) {
                       columns = std::move(row);
                     } else {
                       rows.emplace_back(std::move(row));
                     }
                   }));
  record("query", all, question.sql, count, actor);
  return Json(JsonObject{{"columns", std::move(columns)}, {"rows", std::move(rows)}, {"count", count}});
}

Result<Bytes> Archivist::query_parquet(const Json& body, const std::string& actor) {
  const Asking asking(*this);
  FIREBREAK_TRY(asking.admitted());
  FIREBREAK_ASSIGN(archive::Query question, asked(body));
  FIREBREAK_ASSIGN(auto all, sources(body));
  const record::Gate::Pass reading(files_);
  for (archive::Source& source : all) {
    FIREBREAK_ASSIGN(source.manifests, archive::load_manifests(context_.files, source.folder));
  }
  auto octets = answer_file([&](const std::string& file) -> Result<void> {
    question.parquet_file = file;
    FIREBREAK_TRY(archive::query(all, question, engine(kQuestionMs), [](JsonArray) {}));
    return {};
  });
  if (octets) record("query", all, question.sql, 0, actor);
  return octets;
}

// What `make` writes into the file that it is given; the file is gone afterwards.
template <typename Make>
Result<Bytes> Archivist::answer_file(Make make) {
  FIREBREAK_TRY(context_.files.make_dir(data_dir_ + "/archive"));
  const std::string file = fmt::format("{}/archive/{}{}.parquet", data_dir_, kAnswer, ++answers_);
  const Result<void> made = make(file);
  auto octets = made ? read_all(context_.files, file) : Result<Bytes>(fail(Error(made.error())));
  (void)context_.files.remove(file);
  return octets;
}

struct Archivist::Counted {
  std::unique_ptr<record::Gate::Pass> reading;  // of files_
  archive::Question question;
  archive::Source source;
  archive::Impact impact;
  Json answer;
};

Result<Archivist::Counted> Archivist::count(const Json& body, const std::string& actor) {
  FIREBREAK_TRY(only_keys(body, {"stream", "release", "caller", "from", "to", "prove", "fresh", "format"}));
  Counted out{{}, {string_or(body, "stream"), string_or(body, "release"), string_or(body, "caller"), {}, {}}, {}, {}, {}};
  if (out.question.stream.empty()) return fail(Code::kInvalid, "'stream' says which endpoint's records are meant", "/stream");
  FIREBREAK_ASSIGN(out.question.from, time_in(body, "from"));
  FIREBREAK_ASSIGN(out.question.to, time_in(body, "to"));
  FIREBREAK_ASSIGN(auto all, sources(body));
  out.reading = std::make_unique<record::Gate::Pass>(files_);
  FIREBREAK_ASSIGN(all.front().manifests, archive::load_manifests(context_.files, all.front().folder));
  out.source = std::move(all.front());
  FIREBREAK_ASSIGN(out.impact, archive::impact(context_.files, out.source.folder, out.source.manifests, out.question, engine(kQuestionMs)));
  out.answer = archive::to_json(out.question, out.impact);
  record("impact", {out.source}, canonical_json(body), static_cast<std::uint64_t>(int_or(out.answer, "count", 0)), actor);
  return out;
}

Result<Json> Archivist::impact(const Json& body, const std::string& actor) {
  const Asking asking(*this);
  FIREBREAK_TRY(asking.admitted());
  FIREBREAK_ASSIGN(const Counted counted, count(body, actor));
  if (bool_or(body, "prove", false)) return prove(counted.question, counted.source, counted.impact);
  JsonObject out = counted.answer.as_object();
  out["counted"] = JsonObject{{"from_cubes", counted.impact.from_cubes},
                              {"scanned", counted.impact.scanned},
                              {"outside", counted.impact.outside}};
  if (!counted.question.release.empty()) out["lineage"] = lineage(counted.question.release);
  return Json(std::move(out));
}

Result<Bytes> Archivist::impact_parquet(const Json& body, const std::string& actor) {
  const Asking asking(*this);
  FIREBREAK_TRY(asking.admitted());
  FIREBREAK_ASSIGN(const Counted counted, count(body, actor));
  return answer_file([&](const std::string& file) { return archive::write_parquet(file, counted.impact, engine(kQuestionMs)); });
}

Result<Bytes> Archivist::file(const std::string& stream, const std::string& name, const std::string& actor) {
  if (context_.streams.get(stream) == nullptr) return fail(Code::kNotFound, fmt::format("there is no stream '{}'", stream));
  const record::Gate::Pass reading(files_);
  archive::Source source{stream, archive::folder_of(data_dir_, stream), {}};
  FIREBREAK_ASSIGN(source.manifests, archive::load_manifests(context_.files, source.folder));
  for (const archive::Manifest& manifest : source.manifests) {
    if (name != manifest.file_name() && name != manifest.cube.name &&
        std::none_of(manifest.tables.begin(), manifest.tables.end(), [&](const archive::ArchivedTable& table) { return table.file.name == name; }))
      continue;
    if (name.ends_with(".parquet")) record("file", {source}, name, manifest.end - manifest.first, actor);
    return read_all(context_.files, source.folder + "/" + name);
  }
  return fail(Code::kNotFound, fmt::format("the archive of '{}' has no {}: a newer part replaced it, or it was never there", stream, name));
}

Result<Json> Archivist::prove(const archive::Question& question, const archive::Source& source, const archive::Impact& impact) {
  const auto vkey = [&](const std::string& name) { return read_all(context_.files, ledger::log_dir_of(data_dir_, name) + "/vkey"); };
  FIREBREAK_ASSIGN(std::string stream_key, vkey(question.stream));
  FIREBREAK_ASSIGN(std::string journal_key, vkey("journal"));
  for (std::string* key : {&stream_key, &journal_key})
    while (key->ends_with('\n')) key->pop_back();
  const auto journaled = [&](const std::string& digest) -> Result<archive::Journaled> {
    std::uint64_t index = 0;
    {
      const std::lock_guard lock(mutex_);
      const auto found = told_.find(digest);
      if (found == told_.end())
        return fail(Code::kCorrupt, "the journal does not know a part of the archive: remove the stream's folder under archive/ and build it anew");
      index = found->second;
    }
    FIREBREAK_ASSIGN(const auto entries, context_.journal.entries(index, 1));
    FIREBREAK_ASSIGN(const std::string proof, context_.journal.log().proof_text(index));
    return archive::Journaled{entry_bytes(entries.front()), proof};
  };
  return archive::prove_impact(context_.files, source.folder, context_.streams.get(question.stream)->log(),
                               JsonObject{{"stream", stream_key}, {"journal", journal_key}}, source.manifests, question, impact,
                               journaled);
}

// What the release was made of, and what else was made of the same.
Json Archivist::lineage(const std::string& release) const {
  JsonArray of;
  context_.journal.with_state([&](const journal::View& view) {
    const auto& state = view.state<provenance::ProvenanceState>(provenance::kFoldName);
    for (const auto& [key, one] : state.releases) {
      if (one.release != release) continue;
      JsonArray sources, shared;
      for (const provenance::TrainingSource& source : one.sources) sources.emplace_back(source.name);
      for (const auto& [other_key, other] : state.releases) {
        const bool same = std::any_of(other.sources.begin(), other.sources.end(), [&](const provenance::TrainingSource& source) {
          return std::find(one.sources.begin(), one.sources.end(), source) != one.sources.end();
        });
        if (other_key != key && (same || other.model_digest == one.model_digest))
          shared.push_back(JsonObject{{"endpoint", other.endpoint}, {"release", other.release}});
      }
      of.push_back(JsonObject{{"endpoint", one.endpoint},
                              {"model_digest", one.model_digest},
                              {"dataset", one.dataset},
                              {"sources", std::move(sources)},
                              {"shares_source_or_model_with", std::move(shared)}});
    }
  });
  return of;
}

std::uint64_t Archivist::behind(const std::string& name) const {
  const record::Stream* const stream = context_.streams.get(name);
  const auto parts = archive::load_manifests(context_.files, archive::folder_of(data_dir_, name));
  if (stream == nullptr || !parts) return 0;
  const auto gone = stream->gone();
  return static_cast<std::uint64_t>(
      std::count_if(parts->begin(), parts->end(), [&](const archive::Manifest& part) { return archive::holds_what_is_gone(part, gone); }));
}

Result<std::uint64_t> Archivist::forget(const std::string& name) {
  const std::string folder = archive::folder_of(data_dir_, name);
  const auto names = context_.files.list(folder);
  if (!names) return names.error().code == Code::kNotFound ? Result<std::uint64_t>(0) : fail(Error(names.error()));
  const std::uint64_t before = behind(name);
  const auto made = bring_up(name, false);
  const std::lock_guard one(building_);
  const record::Gate::Closed alone(files_);
  if (!made && behind(name) > 0) {
    context_.logger.warn("parts of the archive are removed, since they cannot be made anew without what was erased",
                         {{"stream", Json(name)}, {"why", Json(made.error().message)}});
    FIREBREAK_TRY(archive::remove_parts(context_.files, folder, context_.streams.get(name)->gone()));
  }
  FIREBREAK_TRY(archive::remove_superseded(context_.files, folder));
  return before;
}

void Archivist::record(const char* what, const std::vector<archive::Source>& sources, std::string_view question,
                       std::uint64_t rows, const std::string& actor) {
  JsonArray streams;
  for (const archive::Source& source : sources) streams.emplace_back(source.stream);
  JsonObject body{{"what", what}, {"streams", std::move(streams)}, {"question_hash", context_.streams.keyed_hash("question", question).hex()}, {"rows", rows}};
  (void)context_.journal.submit_wait(Draft{"archive_read", std::move(body), actor, {}, {}});
}

}  // namespace firebreak::app
